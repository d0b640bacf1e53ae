package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
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
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration in {@code deploy/nginx}, by the real nginx before real processes. */
class NginxTest {
  @TempDir
  private Path directory;

  private TestStores stores;
  /** Between MongoDB and the first process. */
  private FaultProxy mongo;

  private final List<ChildJvm> services = new ArrayList<>();
  private final AtomicInteger users = new AtomicInteger();
  private Nginx nginx;

  @BeforeEach
  void start() throws Exception {
    Nginx.assumeThere();
    stores = TestStores.start(directory.resolve("stores"));
    mongo = FaultProxy.to(stores.mongoPort());
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
              "MONGO_URI="
                  + (i == 0
                      ? "mongodb://127.0.0.1:" + mongo.port() + "/todoapp"
                      : stores.mongoUri()),
              "REDIS_URL=" + stores.redis().url()),
          "serve"));
    }
    nginx = Nginx.start(directory, services.stream().map(ServiceProcess::port).toList());
  }

  @AfterEach
  void stop() {
    if (nginx != null) {
      nginx.close();
    }
    services.forEach(ChildJvm::close);
    if (mongo != null) {
      mongo.close();
    }
    if (stores != null) {
      stores.close();
    }
  }

  @Test
  void requestsSpreadAndALostProcessFailsNoRead() throws Exception {
    TodoClient user = TodoClient.of(nginx.port(), "behind-nginx");
    String title = "x".repeat(400);
    for (int i = 0; i < 5; i++) {
      assertThat(user.create(title).statusCode()).isEqualTo(201);
    }

    mongo.cut();
    // Lists that no process has cached, of a user each.
    try (KeepAliveLoad load = new KeepAliveLoad(
        nginx.port(),
        4,
        n -> KeepAliveLoad.get(TodoClient.of(nginx.port(), "uncached-" + users.incrementAndGet())),
        200)) {
      Await.until("the load runs", () -> load.answered() > 300);
      assertThat(load.failures().size()).isLessThanOrEqualTo(load.answered() / 100);
    }
    mongo.heal();

    try (KeepAliveLoad load =
        new KeepAliveLoad(nginx.port(), 4, n -> KeepAliveLoad.get(user), 200)) {
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
            HttpRequest.newBuilder(
                    URI.create("https://localhost:" + nginx.tlsPort() + "/api/todos"))
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
