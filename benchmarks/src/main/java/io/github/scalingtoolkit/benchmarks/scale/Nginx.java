package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The project's own configuration of nginx in front of services that run, without TLS. */
final class Nginx {
  /** Where deployments have it from as well. */
  private static final Path OWN = Path.of("reference-todo-app/deploy/nginx");

  private static final String SERVER = "server 127.0.0.1:";
  private static final Duration LONGEST_START = Duration.ofSeconds(10);

  private final Children children;
  private final Artifacts artifacts;
  private final Path work;
  private int starts;

  Nginx(Children children, Artifacts artifacts, Path work) {
    this.children = children;
    this.artifacts = artifacts;
    this.work = work;
  }

  /**
   * Starts it on {@code port} of loopback before {@code backends}, and waits until it listens.
   *
   * @throws NotRunException if there is no nginx
   */
  Child start(int port, List<Integer> backends)
      throws IOException, InterruptedException, NotRunException {
    Path binary = Artifacts.onPath("nginx")
        .or(() -> java.util.Optional.of(Path.of("/usr/sbin/nginx")).filter(Files::isExecutable))
        .orElseThrow(() -> new NotRunException("there is no nginx on the PATH"));
    Path directory = Files.createDirectories(work.resolve("nginx-" + ++starts));
    configure(directory, artifacts.top().resolve(OWN), port, backends);
    Child nginx = children.start(
        "nginx",
        List.of(
            binary.toString(), "-p", directory.toString(), "-c", "nginx.conf", "-g", "daemon off;"),
        Map.of());
    awaitPort(nginx, port);
    return nginx;
  }

  /** Copies the configuration in {@code own} with these addresses, without the server that needs a certificate. */
  static void configure(Path directory, Path own, int port, List<Integer> backends)
      throws IOException {
    Files.copy(own.resolve("todo-locations.conf"), directory.resolve("todo-locations.conf"));
    copy("nginx.conf", own, directory, "include todo-tls.conf;", "");
    copy("todo.conf", own, directory, "listen 8080", "listen 127.0.0.1:" + port);
    Path processes = own.resolve("todo-processes.conf");
    Files.writeString(directory.resolve("todo-processes.conf"), before(backends, processes));
  }

  private static void copy(String file, Path own, Path directory, String what, String by)
      throws IOException {
    String text = Files.readString(own.resolve(file));
    if (!text.contains(what)) {
      throw new IOException(own.resolve(file) + " has changed: it has no line with " + what);
    }
    Files.writeString(directory.resolve(file), text.replace(what, by));
  }

  /** Returns the upstreams in {@code processes} with {@code backends} in each, with what it says of its first server. */
  private static String before(List<Integer> backends, Path processes) throws IOException {
    StringBuilder text = new StringBuilder();
    boolean isFirst = true;
    for (String line : Files.readAllLines(processes)) {
      if (!line.strip().startsWith(SERVER)) {
        text.append(line).append('\n');
        isFirst |= line.startsWith("}");
      } else if (isFirst) {
        backends.forEach(
            backend -> text.append(line.replaceFirst(":\\d+", ":" + backend)).append('\n'));
        isFirst = false;
      }
    }
    if (text.indexOf(SERVER) < 0) {
      throw new IOException(processes + " has changed: it has no line with " + SERVER);
    }
    return text.toString();
  }

  private static void awaitPort(Child nginx, int port) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST_START.toNanos();
    while (true) {
      try (java.net.Socket socket = new java.net.Socket("127.0.0.1", port)) {
        return;
      } catch (IOException notYet) {
        if (!nginx.runs() || System.nanoTime() - deadline > 0) {
          throw new IOException("nginx does not listen: " + nginx.tail(), notYet);
        }
        Thread.sleep(20);
      }
    }
  }
}
