package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The project's own configuration of nginx in front of services that run, without TLS. */
final class Nginx {
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
    Path own = artifacts.top().resolve("reference-todo-app/deploy/nginx");
    Path directory = Files.createDirectories(work.resolve("nginx-" + ++starts));
    Files.copy(own.resolve("todo-locations.conf"), directory.resolve("todo-locations.conf"));
    Files.writeString(
        directory.resolve("nginx.conf"),
        configuration(Files.readString(own.resolve("nginx.conf")), port, backends));
    Child nginx = children.start(
        "nginx",
        List.of(
            binary.toString(), "-p", directory.toString(), "-c", "nginx.conf", "-g", "daemon off;"),
        Map.of());
    awaitPort(nginx, port);
    return nginx;
  }

  /** Returns the project's configuration with these addresses, without the server that needs a certificate. */
  static String configuration(String own, int port, List<Integer> backends) throws IOException {
    StringBuilder text = new StringBuilder();
    boolean inTls = false;
    boolean wroteBackends = false;
    for (String line : own.lines().toList()) {
      if (line.contains("listen 8443")) {
        // Its opening line is written already.
        text.setLength(text.lastIndexOf("  server {"));
        inTls = true;
      } else if (inTls) {
        inTls = !line.equals("  }");
      } else if (line.strip().startsWith("server 127.0.0.1:")) {
        if (!wroteBackends) {
          backends.forEach(
              backend -> text.append(line.replaceFirst(":\\d+", ":" + backend)).append('\n'));
          wroteBackends = true;
        }
      } else {
        text.append(line.replace("listen 8080", "listen 127.0.0.1:" + port)).append('\n');
      }
    }
    if (!wroteBackends || !text.toString().contains("listen 127.0.0.1:" + port)) {
      throw new IOException("nginx.conf has changed: it names no backend or no listen 8080");
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
