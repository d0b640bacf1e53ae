package io.github.scalingtoolkit.todo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.todo.demo.ChildJvm;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration in {@code deploy/nginx}, by the real nginx before real processes. */
class NginxTest {
  private static final Path CONFIGURATION = Path.of("deploy/nginx");

  @TempDir
  private Path directory;

  private TestStores stores;
  private final List<ChildJvm> services = new ArrayList<>();
  private Process nginx;
  private int port;
  private int tlsPort;

  @BeforeEach
  void start() throws Exception {
    Optional<Path> program = Stream.of("/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
    assumeTrue(program.isPresent(), "NOT RUN: nginx before several processes: there is no nginx");
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/openssl")),
        "NOT RUN: nginx with TLS: there is no openssl to make a certificate");
    stores = TestStores.start(directory.resolve("stores"));
    for (int i = 0; i < 3; i++) {
      services.add(ServiceProcess.start(
          List.of(
              "APP_ENV=production",
              "HOST=127.0.0.1",
              "PORT=0",
              "ADMIN_HOST=127.0.0.1",
              "ADMIN_PORT=0",
              "RATE_LIMIT=off",
              "JWT_SECRET=" + TodoClient.JWT_SECRET,
              "MONGO_URI=" + stores.mongoUri(),
              "REDIS_URL=" + stores.redis().url()),
          "serve"));
    }
    port = Ports.free();
    tlsPort = Ports.free();
    configure();
    nginx = new ProcessBuilder(
            program.get().toString(),
            "-p",
            directory.toString(),
            "-c",
            "nginx.conf",
            "-g",
            "daemon off;")
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("nginx.log").toFile())
        .start();
    Await.until("nginx answers", () -> {
      assertThat(nginx.isAlive()).as(log()).isTrue();
      return answers();
    });
  }

  /** As the file says what to change: addresses, ports, certificate. */
  private void configure() throws Exception {
    String text = Files.readString(CONFIGURATION.resolve("nginx.conf"));
    String[] addresses = {"127.0.0.1:3000", "127.0.0.1:3010", "127.0.0.1:3020"};
    for (int i = 0; i < addresses.length; i++) {
      assertThat(text).contains(addresses[i]);
      text = text.replace(addresses[i], "127.0.0.1:" + ServiceProcess.port(services.get(i)));
    }
    text = text.replace("listen 8080", "listen 127.0.0.1:" + port)
        .replace("listen 8443", "listen 127.0.0.1:" + tlsPort);
    Files.writeString(directory.resolve("nginx.conf"), text);
    Files.copy(
        CONFIGURATION.resolve("todo-locations.conf"), directory.resolve("todo-locations.conf"));
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
    assertThat(openssl.waitFor(30, TimeUnit.SECONDS) && openssl.exitValue() == 0)
        .isTrue();
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("nginx.log"));
    } catch (IOException none) {
      return "no log";
    }
  }

  private boolean answers() {
    try {
      return TodoClient.anonymous(port).get("/health").statusCode() == 200;
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (nginx != null) {
      nginx.destroy();
      nginx.waitFor(10, TimeUnit.SECONDS);
    }
    services.forEach(ChildJvm::close);
    if (stores != null) {
      stores.close();
    }
  }

  @Test
  void requestsSpreadOneKilledProcessFailsNoReadAndTlsAndGzipWork() throws Exception {
    TodoClient user = TodoClient.of(port, "behind-nginx");
    String title = "x".repeat(400);
    for (int i = 0; i < 5; i++) {
      assertThat(user.create(title).statusCode()).isEqualTo(201);
    }

    try (KeepAliveLoad load = new KeepAliveLoad(port, 4, n -> KeepAliveLoad.get(user), 200)) {
      Await.until("the load runs", () -> load.answered() > 300);
      for (ChildJvm service : services) {
        assertThat(requestsOf(service)).as("requests of one process").isGreaterThan(20);
      }
      services.get(0).kill();
      int answered = load.answered();
      Await.until("it went on", () -> load.answered() > answered + 300);

      assertThat(load.failures()).isEmpty();
    }

    HttpResponse<byte[]> answer = trusting()
        .send(
            HttpRequest.newBuilder(URI.create("https://localhost:" + tlsPort + "/api/todos"))
                .header("Authorization", "Bearer " + user.token())
                .header("Accept-Encoding", "gzip")
                .build(),
            BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(answer.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(answer.headers().firstValue("Server")).contains("nginx");
  }

  private static double requestsOf(ChildJvm service) {
    return TodoClient.anonymous(ServiceProcess.adminPort(service))
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("toolkit_todo_http_requests_seconds_count")
            && line.contains("route=\"/api/todos\"")
            && line.contains("method=\"GET\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** Returns a client that trusts the certificate made here, and no other. */
  private HttpClient trusting() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (var in = Files.newInputStream(directory.resolve("tls.crt"))) {
      store.setCertificateEntry(
          "nginx", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), new SecureRandom());
    return HttpClient.newBuilder().sslContext(context).build();
  }
}
