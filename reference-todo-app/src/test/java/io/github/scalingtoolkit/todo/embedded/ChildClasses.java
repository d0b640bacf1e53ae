package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.run.Main;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The test class path as a {@link ChildJvm} has it: with an archive of what a service loads from it (JEP 350), without
 * which a start takes nearly twice the CPU. It is made once for all JVMs that one build runs tests in, by a service that a
 * user logs in at. Only classes from jars can be in it, so the directories of the class path become jars.
 */
final class ChildClasses {
  private static final List<String> OPTIONS = make();

  private ChildClasses() {}

  /** Returns the options of a JVM that runs on them. */
  static List<String> options() {
    return OPTIONS;
  }

  private static List<String> make() {
    // Said by pom.xml.
    String build = System.getProperty(
        "toolkit.test.build", "pid-" + ProcessHandle.current().pid());
    Path home = Path.of("target", "child-classes").toAbsolutePath();
    Path directory = home.resolve(build);
    try {
      Files.createDirectories(directory);
      try (FileChannel file = FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock others = file.lock()) {
        Path options = directory.resolve("options");
        if (!Files.exists(options)) {
          deleteOld(home);
          Files.write(options, make(directory));
        }
        return Files.readAllLines(options);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> make(Path directory) throws IOException {
    List<String> classPath = List.of("-cp", classPath(directory));
    Path archive = directory.resolve("classes.jsa");
    List<String> records = new ArrayList<>(List.of("-XX:ArchiveClassesAtExit=" + archive));
    records.addAll(classPath);
    Path data = Files.createTempDirectory("todo-child-classes-");
    try (ChildJvm service = ChildJvm.launch(
        List.of("env", "APP_ENV=demo", "PORT=0", "ADMIN_PORT=0", "DATA_DIR=" + data),
        records,
        Main.class)) {
      service.owning(data);
      logIn(service.awaitLine("Todo service:  "));
      service.terminate();
      service.awaitEnd();
    } finally {
      delete(data);
    }
    List<String> options = new ArrayList<>(classPath);
    // A JDK without an archive of its own makes none.
    if (Files.exists(archive)) {
      options.add("-XX:SharedArchiveFile=" + archive);
    }
    return options;
  }

  /** A build takes minutes, and each leaves as much as a large jar. */
  private static void deleteOld(Path home) throws IOException {
    FileTime anHourAgo = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
    try (Stream<Path> builds = Files.list(home)) {
      for (Path build : builds.toList()) {
        if (Files.getLastModifiedTime(build).compareTo(anHourAgo) < 0) {
          delete(build);
        }
      }
    }
  }

  private static String classPath(Path directory) {
    ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow();
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (Files.isDirectory(Path.of(entry))) {
        String made = directory.resolve(entries.size() + ".jar").toString();
        int code = jar.run(System.out, System.err, "-c", "-0", "-f", made, "-C", entry, ".");
        if (code != 0) {
          throw new AssertionError("jar ended with " + code + " for " + entry);
        }
        entries.add(made);
      } else {
        entries.add(entry);
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  private static void logIn(String url) throws IOException {
    HttpRequest login = HttpRequest.newBuilder(URI.create(url + "/login"))
        .timeout(Duration.ofMinutes(2))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString("{\"username\":\"user\",\"password\":\"pass\"}"))
        .build();
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient().send(login, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new AssertionError("login answered " + answer);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException | UncheckedIOException leftToTheSystem) {
      // A temporary directory: nothing of it is asked for again.
    }
  }
}
