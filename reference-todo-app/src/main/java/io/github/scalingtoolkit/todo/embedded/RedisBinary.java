package io.github.scalingtoolkit.todo.embedded;

import io.github.scalingtoolkit.todo.stores.PrivateFiles;
import io.github.scalingtoolkit.todo.stores.StoresException;
import io.github.scalingtoolkit.todo.stores.StoresException.Reason;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;
import redis.embedded.model.OS;
import redis.embedded.model.OsArchitecture;

/** A {@code redis-server} that has been checked to run on this machine. */
record RedisBinary(Path file, int major, int minor) {
  private static final Pattern VERSION = Pattern.compile("v=(\\d+)\\.(\\d+)");
  private static final int SECONDS_TO_ANSWER = 10;

  /**
   * Returns the bundled server, unpacked into {@code directory}, or else the first on {@code searchPath}.
   *
   * @param searchPath directories, in the format of {@code PATH}
   * @param multiPartFiles whether a Redis 7 or newer has left data that an older one would ignore
   * @throws StoresException if neither runs; the message says what was tried
   */
  static RedisBinary find(Path directory, String searchPath, boolean multiPartFiles) {
    List<String> refused = new ArrayList<>();
    return unpacked(directory, refused)
        .flatMap(file -> usable(file, multiPartFiles, refused))
        .or(() ->
            onPath(searchPath, refused).flatMap(file -> usable(file, multiPartFiles, refused)))
        .orElseThrow(() -> new StoresException(
            Reason.NO_REDIS,
            "no redis-server runs on this machine: " + String.join("; ", refused)
                + "; install Redis " + (multiPartFiles ? "7.0" : "6.2")
                + " or newer so that redis-server is on the PATH, or set REDIS_URL"));
  }

  private static Optional<Path> unpacked(Path directory, List<String> refused) {
    String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    @Nullable String resource = resource();
    if (resource == null) {
      refused.add("none is bundled for " + platform);
      return Optional.empty();
    }
    try {
      return Optional.of(unpack(resource, directory));
    } catch (IOException e) {
      refused.add(
          "the bundled one cannot be unpacked into " + directory + " (" + e.getMessage() + ")");
      return Optional.empty();
    }
  }

  private static @Nullable String resource() {
    try {
      OsArchitecture platform = OsArchitecture.detectOSandArchitecture();
      return platform.os == OS.WINDOWS
          ? null
          : ExecutableProvider.newProvidedVersionsMap().get(platform);
    } catch (RuntimeException unknownPlatform) {
      return null;
    }
  }

  private static Path unpack(String resource, Path directory) throws IOException {
    PrivateFiles.directory(directory);
    Path file = directory.resolve(resource.substring(1));
    Path draft = directory.resolve(resource.substring(1) + ".new");
    try (InputStream in = ExecutableProvider.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("it is not in the jar");
      }
      Files.copy(in, draft, StandardCopyOption.REPLACE_EXISTING);
    }
    if (Files.exists(file) && Files.mismatch(file, draft) < 0 && Files.isExecutable(file)) {
      Files.delete(draft);
      return file;
    }
    if (!draft.toFile().setExecutable(true)) {
      throw new IOException("it cannot be made executable");
    }
    // A new file, never new bytes in one that may be running.
    return Files.move(
        draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Optional<Path> onPath(String searchPath, List<String> refused) {
    for (String directory : searchPath.split(File.pathSeparator, -1)) {
      if (directory.isEmpty()) {
        continue;
      }
      for (String name : List.of("redis-server", "redis-server.exe")) {
        Path file = Path.of(directory, name);
        if (Files.isRegularFile(file) && Files.isExecutable(file)) {
          return Optional.of(file);
        }
      }
    }
    refused.add("none is on the PATH");
    return Optional.empty();
  }

  private static Optional<RedisBinary> usable(
      Path file, boolean multiPartFiles, List<String> refused) {
    try {
      Process process = new ProcessBuilder(file.toString(), "--version")
          .redirectErrorStream(true)
          .start();
      process.getOutputStream().close();
      String answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(SECONDS_TO_ANSWER, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        refused.add(file + " does not answer");
        return Optional.empty();
      }
      return accepted(file, answer, process.exitValue(), multiPartFiles, refused);
    } catch (IOException e) {
      refused.add(file + " does not run (" + e.getMessage() + ")");
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoresException(Reason.FAILED, "interrupted while Redis starts", e);
    }
  }

  private static Optional<RedisBinary> accepted(
      Path file, String answer, int exitCode, boolean multiPartFiles, List<String> refused) {
    Matcher version = VERSION.matcher(answer);
    if (exitCode != 0 || !version.find()) {
      refused.add(file + " does not run (exit code " + exitCode + ": "
          + answer.lines().findFirst().orElse("no output") + ")");
      return Optional.empty();
    }
    int major = Integer.parseInt(version.group(1));
    int minor = Integer.parseInt(version.group(2));
    if (major < 6 || (major == 6 && minor < 2)) {
      refused.add(file + " is Redis " + major + "." + minor + ", too old");
      return Optional.empty();
    }
    if (multiPartFiles && major < 7) {
      refused.add(file + " is Redis " + major + "." + minor
          + ", which cannot read the data of a newer one");
      return Optional.empty();
    }
    return Optional.of(new RedisBinary(file, major, minor));
  }
}
