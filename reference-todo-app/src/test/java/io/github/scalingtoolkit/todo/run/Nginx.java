package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A real nginx with the configuration in {@code deploy/nginx}, changed where the file says what to change. */
final class Nginx implements AutoCloseable {
  private static final Path CONFIGURATION = Path.of("deploy/nginx");
  private static final List<String> PORTS = List.of("3000", "3010", "3020");
  private static final int MOST_STARTS = 3;

  private final Path directory;
  private final Process process;
  private final int port;
  private final int tlsPort;

  private Nginx(Path directory, Process process, int port, int tlsPort) {
    this.directory = directory;
    this.process = process;
    this.port = port;
    this.tlsPort = tlsPort;
  }

  /** Skips the test if there is no nginx here, or nothing to make a certificate with. */
  static void assumeThere() {
    assumeTrue(program().isPresent(), "NOT RUN: nginx before several processes: there is no nginx");
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/openssl")),
        "NOT RUN: nginx with TLS: there is no openssl to make a certificate");
  }

  private static Optional<Path> program() {
    return Stream.of("/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Starts it in {@code directory} before servers at these three ports, and returns once it passes on requests. If a port
   * that was free has been taken meanwhile, as tests run beside each other, it is started again at others.
   */
  static Nginx start(Path directory, List<Integer> upstreams) throws Exception {
    for (String unchanged : List.of("nginx.conf", "todo-locations.conf", "todo-certificate.conf")) {
      Files.copy(CONFIGURATION.resolve(unchanged), directory.resolve(unchanged));
    }
    copy("todo-processes.conf", directory, text -> {
      String changed = text;
      for (int i = 0; i < PORTS.size(); i++) {
        // In the upstreams, and in the map.
        String address = "127.0.0.1:" + PORTS.get(i) + " ";
        String end = "~:" + PORTS.get(i) + "$";
        assertThat(changed).contains(address, end);
        changed = changed
            .replace(address, "127.0.0.1:" + upstreams.get(i) + " ")
            .replace(end, "~:" + upstreams.get(i) + "$");
      }
      return changed;
    });
    // Started by root, it keeps large bodies as another user, in files below this directory.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    makeCertificate(directory);
    for (int starts = 1; ; starts++) {
      Nginx nginx = startOnce(directory);
      Await.until("nginx answers or ends", () -> !nginx.process.isAlive() || nginx.answers());
      if (nginx.process.isAlive()) {
        return nginx;
      }
      assertThat(nginx.log()).as("of start %d, which ended", starts).contains("already in use");
      assertThat(starts).as(nginx.log()).isLessThan(MOST_STARTS);
    }
  }

  private static void copy(String file, Path directory, UnaryOperator<String> change)
      throws IOException {
    String text = Files.readString(CONFIGURATION.resolve(file));
    String changed = change.apply(text);
    assertThat(changed).as("%s, whose addresses are replaced", file).isNotEqualTo(text);
    Files.writeString(directory.resolve(file), changed);
  }

  private static Nginx startOnce(Path directory) throws IOException {
    int port = Ports.free();
    int tlsPort = Ports.free();
    copy("todo.conf", directory, text -> text.replace("listen 8080", "listen 127.0.0.1:" + port));
    copy(
        "todo-tls.conf",
        directory,
        text -> text.replace("listen 8443", "listen 127.0.0.1:" + tlsPort));
    Process process = new ProcessBuilder(
            program().orElseThrow().toString(),
            "-p",
            directory.toString(),
            "-c",
            "nginx.conf",
            "-g",
            "daemon off;")
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("nginx.log").toFile())
        .start();
    return new Nginx(directory, process, port, tlsPort);
  }

  private static void makeCertificate(Path directory) throws Exception {
    Process openssl = new ProcessBuilder(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout",
            directory.resolve("tls.key").toString(),
            "-out",
            directory.resolve("tls.crt").toString())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("openssl.log").toFile())
        .start();
    assertThat(openssl.waitFor(2, TimeUnit.MINUTES) && openssl.exitValue() == 0).isTrue();
  }

  int port() {
    return port;
  }

  int tlsPort() {
    return tlsPort;
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("nginx.log"));
    } catch (IOException none) {
      throw new UncheckedIOException(none);
    }
  }

  private boolean answers() {
    try {
      return TodoClient.anonymous(port).get("/health").statusCode() == 200;
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  /** Ends it, and returns once its workers have ended as well. */
  @Override
  public void close() {
    List<ProcessHandle> all =
        Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    process.destroy();
    Await.until(
        "nginx and its workers have ended", () -> all.stream().noneMatch(ProcessHandle::isAlive));
  }
}
