package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The role cluster, by processes as a user starts them: what works, and goes on working while workers end. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterTest {
  @TempDir
  private static Path directory;

  private static ClusterProcess cluster;
  private static TodoClient user;

  @BeforeAll
  static void start() {
    cluster = ClusterProcess.start(directory.resolve("data"), "2");
    user = ServiceProcess.logIn(cluster.supervisor());
  }

  @AfterAll
  static void kill() {
    cluster.close();
  }

  private static void awaitWhole() {
    TodoClient admin = cluster.admin();
    cluster.await(
        "both are ready",
        () -> admin.get("/readyz").body().contains("\"status\":\"UP\",\"checks\"")
            && cluster.ready() == 2);
  }

  @Test
  @Order(1)
  void aTokenIsGoodAtEachProcessAndAWriteThroughOneIsSeenThroughAll() {
    awaitWhole();
    assertThat(user.create("through the balancer").statusCode()).isEqualTo(201);

    List<Integer> ports = cluster.ports();
    assertThat(ports).hasSize(2).doesNotHaveDuplicates();
    for (int port : ports) {
      TodoClient direct = new TodoClient(port, user.token());
      assertThat(TodoClient.titles(direct.list())).contains("through the balancer");
      assertThat(direct.create("through " + port).statusCode()).isEqualTo(201);
      for (int other : ports) {
        Await.until(
            "it is seen through " + other,
            () -> TodoClient.titles(new TodoClient(other, user.token()).list())
                .contains("through " + port));
      }
    }
  }

  @Test
  @Order(2)
  void requestsPassAsTheyAreAndRefusalsLookLikeAnyOther() throws Exception {
    HttpClient http = HttpClient.newHttpClient();
    URI todos = URI.create("http://127.0.0.1:" + cluster.port() + "/api/todos");
    HttpRequest.Builder request = HttpRequest.newBuilder(todos)
        .header("Authorization", "Bearer " + user.token())
        .header("Content-Type", "application/json");
    byte[] body = "{\"title\":\"in chunks\"}".getBytes(StandardCharsets.UTF_8);

    HttpResponse<String> chunked = http.send(
        request
            .copy()
            .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))
            .build(),
        BodyHandlers.ofString());
    HttpResponse<String> expecting = http.send(
        request
            .copy()
            .expectContinue(true)
            .POST(BodyPublishers.ofByteArray(body))
            .build(),
        BodyHandlers.ofString());
    HttpResponse<String> tooLong =
        user.post("/api/todos", "{\"title\":\"" + "x".repeat(200_000) + "\"}");
    HttpRequest.Builder manyHeaders = request.copy().GET();
    for (int i = 0; i < 90; i++) {
      manyHeaders.header("X-Other-" + i, "as many as a process alone takes");
    }
    HttpResponse<String> many = http.send(manyHeaders.build(), BodyHandlers.ofString());
    HttpResponse<String> empty =
        http.send(request.copy().POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString());

    assertThat(chunked.statusCode()).isEqualTo(201);
    assertThat(expecting.statusCode()).isEqualTo(201);
    assertThat(empty.statusCode()).isEqualTo(400);
    assertThat(many.statusCode()).isEqualTo(200);
    assertThat(tooLong.statusCode()).isEqualTo(413);
    assertThat(TodoClient.header(tooLong, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(TodoClient.json(tooLong).get("error").textValue()).isEqualTo("Body too large");
    assertThat(TodoClient.header(tooLong, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(TodoClient.header(tooLong, "Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(user.get("/nowhere").statusCode()).isEqualTo(404);
    assertThat(TodoClient.anonymous(user.port()).list().statusCode()).isEqualTo(401);
    assertThat(TodoClient.header(user.list(), "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(user.get("/readyz").statusCode()).isEqualTo(404);
  }

  @Test
  @Order(2)
  void aTransferCodingThatIsNotChunkedAloneReachesNoWorker() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), cluster.port())) {
      socket
          .getOutputStream()
          .write(("POST /api/todos HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + user.token()
                  + "\r\nContent-Type: application/json\r\nTransfer-Encoding: xchunked\r\n\r\n"
                  + "d\r\n{\"title\":\"a\"}\r\n0\r\n\r\n")
              .getBytes(StandardCharsets.UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(answer)
          .startsWith("HTTP/1.1 501")
          .contains("application/problem+json", "X-Request-Id", "X-Content-Type-Options");
    }
  }

  @Test
  @Order(2)
  void aRequestOfHttp10NeedsNoHost() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), cluster.port())) {
      socket
          .getOutputStream()
          .write("GET /health HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(answer).contains(" 200 OK\r\n", "{\"status\":\"OK\"");
    }
  }

  @Test
  @Order(2)
  void readinessTellsHowManyWorkersAreReadyAndInfoWhichKeysEachHas() {
    awaitWhole();
    List<String> keys = new ArrayList<>();
    cluster.workers().forEach(worker -> keys.add(worker.at("/info/keys").toString()));
    assertThat(keys).hasSize(2).allMatch(ids -> ids.equals(keys.get(0)));
    assertThat(keys.get(0)).matches("\\[\"[A-Za-z0-9_-]{16}\"]");

    JsonNode ready = TodoClient.json(cluster.admin().get("/readyz"));

    assertThat(ready.get("workers").intValue()).isEqualTo(2);
    assertThat(ready.get("workersReady").intValue()).isEqualTo(2);
  }

  @Test
  @Order(3)
  void metricsOfAllProcessesComeWithTheirInstance() {
    awaitWhole();
    TodoClient admin = cluster.admin();

    // Of a worker that a busy machine keeps from answering in time, the next look has them.
    AtomicReference<String> metrics = new AtomicReference<>("");
    cluster.await("all tell", () -> {
      metrics.set(admin.get("/metrics").body());
      return Stream.of(
              "toolkit_queue_jobs{instance=\"1\"",
              "toolkit_queue_jobs{instance=\"2\"",
              "toolkit_health_up{instance=\"supervisor\"")
          .allMatch(metrics.get()::contains);
    });

    assertThat(metrics.get().lines().filter(line -> line.startsWith("# TYPE toolkit_queue_jobs ")))
        .hasSize(1);
  }

  @Test
  @Order(4)
  void aWorkerKilledUnderLoadFailsNoReadAndIsReplaced() {
    awaitWhole();
    List<Long> before = cluster.pids();
    try (KeepAliveLoad load =
        new KeepAliveLoad(user.port(), 4, n -> KeepAliveLoad.get(user), 200)) {
      Await.until("the load runs", () -> load.answered() > 200);
      ProcessHandle.of(before.get(0)).orElseThrow().destroyForcibly();
      awaitReplaced(Set.of(before.get(0)));
      int answered = load.answered();
      cluster.await("it went on", () -> load.answered() > answered + 200);

      assertThat(load.failures()).isEmpty();
    }
    assertThat(cluster.pids()).contains(before.get(1));
  }

  /** A worker that stands still answers nothing of what it has: when it is killed, that is under way in it. */
  @Test
  @Order(4)
  void aWorkerKilledAtWorkFailsNoReadAndIsHonestToWriters() throws Exception {
    awaitWhole();
    long stopped = cluster.pids().get(0);
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest.Builder request = HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + user.port() + "/api/todos"))
        .header("Authorization", "Bearer " + user.token())
        .header("Content-Type", "application/json");
    List<CompletableFuture<HttpResponse<String>>> reads = new ArrayList<>();
    List<CompletableFuture<HttpResponse<String>>> writes = new ArrayList<>();

    signal("STOP", stopped);
    // Which of the two has a write is chance: so one more, until one waits that two others passed.
    // A few at a time: the
    // store refuses a crowd, and reads with it.
    cluster.await("a write is at the one that stands still", () -> {
      if (writes.stream().filter(write -> !write.isDone()).count() < 4) {
        BodyPublisher title =
            BodyPublishers.ofString("{\"title\":\"at work " + writes.size() + "\"}");
        writes.add(http.sendAsync(request.copy().POST(title).build(), BodyHandlers.ofString()));
      }
      return oneWaitsThatTwoHavePassed(writes);
    });
    for (int i = 0; i < 8; i++) {
      reads.add(http.sendAsync(request.copy().GET().build(), BodyHandlers.ofString()));
    }
    cluster.await(
        "the other has answered its share",
        () -> reads.stream().anyMatch(CompletableFuture::isDone));
    cluster.await(
        "a write passes through the other",
        () -> user.create("through the other").statusCode() == 201);
    // Unless the supervisor, which kills what is silent for so long, has been faster.
    ProcessHandle.of(stopped).ifPresent(ProcessHandle::destroyForcibly);

    List<String> done = new ArrayList<>();
    List<HttpResponse<String>> unknown = new ArrayList<>();
    for (CompletableFuture<HttpResponse<String>> read : reads) {
      assertThat(read.get(2, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
    }
    for (CompletableFuture<HttpResponse<String>> write : writes) {
      HttpResponse<String> answer = write.get(2, TimeUnit.MINUTES);
      if (answer.statusCode() == 201) {
        done.add(TodoClient.json(answer).get("title").textValue());
      } else {
        unknown.add(answer);
      }
    }
    assertThat(unknown).isNotEmpty().allSatisfy(answer -> {
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("the request may have been applied");
      assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
    });
    assertThat(TodoClient.titles(user.list())).containsAll(done);
    awaitReplaced(Set.of(stopped));
  }

  private static boolean oneWaitsThatTwoHavePassed(
      List<CompletableFuture<HttpResponse<String>>> sent) {
    int passed = 0;
    for (int i = sent.size() - 1; i >= 0; i--) {
      if (sent.get(i).isDone()) {
        passed++;
      } else if (passed >= 2) {
        return true;
      }
    }
    return false;
  }

  @Test
  @Order(4)
  void aWorkerThatHangsIsKilledAndReplaced() throws Exception {
    awaitWhole();
    long hung = cluster.pids().get(0);

    signal("STOP", hung);
    awaitReplaced(Set.of(hung));

    assertThat(ClusterProcess.runs(hung)).isFalse();
    assertThat(cluster.printed()).contains("pid=" + hung + " hangs=true");
    assertThat(user.list().statusCode()).isEqualTo(200);
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  @Test
  @Order(5)
  void replacingAllProcessesUnderLoadFailsNoRequest() throws Exception {
    awaitWhole();
    List<Long> before = cluster.pids();
    try (KeepAliveLoad reads =
            new KeepAliveLoad(user.port(), 3, n -> KeepAliveLoad.get(user), 200);
        KeepAliveLoad writes =
            new KeepAliveLoad(user.port(), 1, n -> KeepAliveLoad.post(user, "rolling " + n), 201)) {
      Await.until("the load runs", () -> reads.answered() > 100 && writes.answered() > 10);
      signal("HUP", cluster.supervisor().pid());
      awaitReplaced(Set.copyOf(before), ClusterTest::everyMetricIsThereOnce);
      int answered = reads.answered();
      cluster.await("it went on", () -> reads.answered() > answered + 200);

      assertThat(reads.failures()).isEmpty();
      assertThat(writes.failures()).isEmpty();
    }
    cluster.await("the old ones have ended", () -> before.stream().noneMatch(ClusterProcess::runs));
    assertThat(cluster.printed())
        .as("who is replaced still has its supervisor")
        .doesNotContain("supervisor=gone");
  }

  private static void awaitReplaced(Set<Long> gone) {
    awaitReplaced(gone, () -> {});
  }

  private static void awaitReplaced(Set<Long> gone, Runnable meanwhile) {
    cluster.await("others are there and ready", () -> {
      meanwhile.run();
      Set<Long> now = new TreeSet<>(cluster.pids());
      now.removeAll(gone);
      return now.size() == 2 && cluster.ready() == 2;
    });
  }

  /** Prometheus refuses a text that describes a metric twice. */
  private static void everyMetricIsThereOnce() {
    String metrics = cluster.admin().get("/metrics").body();
    assertThat(metrics.lines().filter(line -> line.startsWith("# TYPE ")))
        .isNotEmpty()
        .doesNotHaveDuplicates();
  }

  @Test
  @Order(6)
  void sigtermEndsAllInOrderWith0AndWhatWasAcknowledgedIsThereAgain() {
    List<Long> workers = cluster.pids();
    try (KeepAliveLoad load =
        new KeepAliveLoad(user.port(), 2, n -> KeepAliveLoad.get(user), 200)) {
      Await.until("the load runs", () -> load.answered() > 50);
    }
    assertThat(user.create("the last one").statusCode()).isEqualTo(201);

    cluster.supervisor().terminate();

    assertThat(cluster.supervisor().awaitEnd()).isZero();
    assertThat(workers).noneMatch(ClusterProcess::runs);
    assertThat(cluster.printed()).doesNotContain("\tat ", "Exception in thread", user.token());
    try (ChildJvm alone = ServiceProcess.demo(directory.resolve("data"))) {
      // The key is kept as well: the cluster's token still holds.
      TodoClient same = new TodoClient(ServiceProcess.port(alone), user.token());
      assertThat(TodoClient.titles(same.list())).contains("the last one");
      alone.terminate();
      assertThat(alone.awaitEnd()).isZero();
    }
  }

  @Test
  void itsBalancerPassesOnTheClientThatATrustedProxyTells() {
    Path data = directory.resolve("proxied");
    try (ClusterProcess proxied =
        ClusterProcess.start(data, "1", "RATE_LIMIT=1/1h", "TRUSTED_PROXIES=127.0.0.1")) {
      TodoClient anybody = TodoClient.anonymous(proxied.port());

      for (String client : List.of("203.0.113.1", "203.0.113.2")) {
        assertThat(anybody.get("/api/todos", "X-Forwarded-For", client).statusCode())
            .isEqualTo(401);
        assertThat(anybody
                .get("/api/todos", "X-Forwarded-For", "10.0.0.1, " + client)
                .statusCode())
            .isEqualTo(429);
      }
    }
  }
}
