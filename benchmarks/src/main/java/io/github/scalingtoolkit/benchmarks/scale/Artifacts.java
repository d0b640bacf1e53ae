package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a session starts.
 *
 * @param top the checkout
 */
public record Artifacts(Path top) {

  /**
   * Finds the checkout from the working directory upwards.
   *
   * @throws NotRunException if a jar is missing, with the command that makes it
   */
  public static Artifacts find() throws NotRunException {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Artifacts artifacts = new Artifacts(at);
      if (Files.isDirectory(at.resolve("reference-todo-app"))
          && Files.isDirectory(at.resolve("benchmarks"))) {
        for (Path jar : new Path[] {artifacts.slimJar(), artifacts.demoJar()}) {
          if (!Files.isRegularFile(jar)) {
            throw new NotRunException("there is no " + jar + ": mvn -B -q package -DskipTests");
          }
        }
        return artifacts;
      }
    }
    throw new NotRunException("the working directory is not in a checkout of this project");
  }

  /** Returns the service as images have it. */
  public Path slimJar() {
    return top.resolve("reference-todo-app/target/todo-api.jar");
  }

  /** Returns the service with its embedded stores. */
  public Path demoJar() {
    return top.resolve("reference-todo-app/target/todo-api-demo.jar");
  }

  /** Returns where the peers are, each in a folder with a {@code peer.json}. */
  public Path peers() {
    return top.resolve("benchmarks/peers");
  }

  /** Returns where it is kept which peers were built. */
  public Path built() {
    return top.resolve("benchmarks/target/peers");
  }

  /** Returns this program's class path. */
  public String ownClassPath() {
    return System.getProperty("java.class.path");
  }

  /** Returns the {@code java} that runs this. */
  public String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Returns where {@code command} is on the PATH. */
  public static Optional<Path> onPath(String command) {
    String path = System.getenv("PATH");
    return path == null
        ? Optional.empty()
        : Arrays.stream(path.split(java.io.File.pathSeparator))
            .map(directory -> Path.of(directory, command))
            .filter(Files::isExecutable)
            .findFirst();
  }

  /** Runs a command and returns the first line it prints; empty if it fails. */
  public Optional<String> firstLine(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command)
          .directory(top.toFile())
          .redirectErrorStream(true)
          .start();
      String printed = new String(process.getInputStream().readAllBytes());
      return process.waitFor() == 0 ? printed.lines().findFirst() : Optional.empty();
    } catch (IOException missing) {
      return Optional.empty();
    }
  }
}
