package io.github.scalingtoolkit.todo.demo;

import io.github.scalingtoolkit.todo.Main;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The test class path as a {@link ChildJvm} has it: with an archive of what a service loads from it (JEP 350), without
 * which a start takes nearly twice the CPU. It is made once for this JVM, by a service that a user logs in at. Only
 * classes from jars can be in it, so the directories of the class path become jars.
 */
final class ChildClasses {
  private static final List<String> OPTIONS = make();

  private ChildClasses() {}

  /** Returns the options of a JVM that runs on them. */
  static List<String> options() {
    return OPTIONS;
  }

  private static List<String> make() {
    try {
      Path directory = Files.createTempDirectory("todo-child-classes-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
      List<String> classPath = List.of("-cp", classPath(directory));
      Path archive = directory.resolve("classes.jsa");
      List<String> records = new ArrayList<>(List.of("-XX:ArchiveClassesAtExit=" + archive));
      records.addAll(classPath);
      try (ChildJvm service = ChildJvm.launch(
          List.of(
              "env", "APP_ENV=demo", "PORT=0", "ADMIN_PORT=0", "DATA_DIR=" + directory + "/data"),
          records,
          Main.class)) {
        try {
          logIn(service.awaitLine("Todo service:  "));
        } finally {
          // Killed, it would leave its Redis to a next start, which never comes.
          service.terminate();
          service.awaitEnd();
        }
      }
      List<String> options = new ArrayList<>(classPath);
      // A JDK without an archive of its own makes none.
      if (Files.exists(archive)) {
        options.add("-XX:SharedArchiveFile=" + archive);
      }
      return List.copyOf(options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
