package io.github.scalingtoolkit.todo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.demo.ChildJvm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The role cluster, by processes as a user starts them. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterTest {
  private static final Pattern PID = Pattern.compile("pid=(\\d+)");
  private static final Pattern ADDRESS = Pattern.compile("address=http://127.0.0.1:(\\d+)");

  @TempDir
  private static Path directory;

  private static ChildJvm cluster;
  private static TodoClient user;

  @BeforeAll
  static void start() {
    cluster = start(directory.resolve("data"), "2");
    user = ServiceProcess.logIn(cluster);
  }

  @AfterAll
  static void kill() {
    cluster.close();
  }

  private static ChildJvm start(Path data, String size, String... environment) {
    List<String> all = new ArrayList<>(List.of(
        "APP_ENV=demo",
        "PORT=0",
        "ADMIN_PORT=0",
        "DATA_DIR=" + data,
        "DRAIN_TIMEOUT=2s",
        "RATE_LIMIT=off"));
    all.addAll(List.of(environment));
    return ServiceProcess.start(all, "cluster", size);
  }

  private static JsonNode info(ChildJvm cluster) {
    return TodoClient.json(
        TodoClient.anonymous(ServiceProcess.adminPort(cluster)).get("/info"));
  }

  private static List<Long> found(Pattern pattern, ChildJvm cluster) {
    List<Long> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(info(cluster).toString());
    while (matcher.find()) {
      found.add(Long.parseLong(matcher.group(1)));
    }
    return found;
  }

  private static boolean runs(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  private static void awaitWhole(ChildJvm cluster) {
    TodoClient admin = TodoClient.anonymous(ServiceProcess.adminPort(cluster));
    await(
        "both are ready",
        cluster,
        () -> admin.get("/readyz").body().contains("\"status\":\"UP\",\"checks\"")
            && admin.get("/info").body().split("state=ready", -1).length == 3);
  }

  @Test
  @Order(1)
  void aTokenIsGoodAtEachProcessAndAWriteThroughOneIsSeenThroughAll() {
    awaitWhole(cluster);
    assertThat(user.create("through the balancer").statusCode()).isEqualTo(201);

    List<Long> ports = found(ADDRESS, cluster);
    assertThat(ports).hasSize(2).doesNotHaveDuplicates();
    for (long port : ports) {
      TodoClient direct = new TodoClient((int) port, user.token());
      assertThat(TodoClient.titles(direct.list())).contains("through the balancer");
      assertThat(direct.create("through " + port).statusCode()).isEqualTo(201);
      for (long other : ports) {
        Await.until(
            "it is seen through " + other,
            () -> TodoClient.titles(new TodoClient((int) other, user.token()).list())
                .contains("through " + port));
      }
    }
  }

  @Test
  @Order(1)
  void itsBalancerPassesOnTheClientThatATrustedProxyTells() {
    try (ChildJvm proxied =
        start(directory.resolve("proxied"), "1", "RATE_LIMIT=1/1h", "TRUSTED_PROXIES=127.0.0.1")) {
      TodoClient anybody = TodoClient.anonymous(ServiceProcess.port(proxied));

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

  @Test
  @Order(2)
  void requestsPassAsTheyAreAndTheBalancersOwnRefusalsLookLikeAnyOther() throws Exception {
    HttpClient http = HttpClient.newHttpClient();
    URI todos = URI.create("http://127.0.0.1:" + ServiceProcess.port(cluster) + "/api/todos");
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
  void aRequestOfHttp10NeedsNoHost() throws Exception {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), ServiceProcess.port(cluster))) {
      socket
          .getOutputStream()
          .write("GET /health HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(answer).contains(" 200 OK\r\n", "{\"status\":\"OK\"");
    }
  }

  @Test
  @Order(2)
  void readinessTellsHowManyWorkersAreReady() {
    awaitWhole(cluster);

    JsonNode ready =
        TodoClient.json(TodoClient.anonymous(ServiceProcess.adminPort(cluster)).get("/readyz"));

    assertThat(ready.get("workers").intValue()).isEqualTo(2);
    assertThat(ready.get("workersReady").intValue()).isEqualTo(2);
  }

  @Test
  @Order(3)
  void metricsOfAllProcessesComeWithTheirInstance() {
    awaitWhole(cluster);
    String metrics =
        TodoClient.anonymous(ServiceProcess.adminPort(cluster)).get("/metrics").body();

    for (String instance : List.of("1", "2")) {
      assertThat(metrics).contains("toolkit_queue_jobs{instance=\"" + instance + "\"");
    }
    assertThat(metrics).contains("toolkit_health_up{instance=\"supervisor\"");
    assertThat(metrics.lines().filter(line -> line.startsWith("# TYPE toolkit_queue_jobs ")))
        .hasSize(1);
  }

  @Test
  @Order(4)
  void aWorkerKilledUnderLoadFailsNoReadAndIsReplaced() {
    awaitWhole(cluster);
    List<Long> before = found(PID, cluster);
    try (KeepAliveLoad load =
        new KeepAliveLoad(user.port(), 4, n -> KeepAliveLoad.get(user), 200)) {
      Await.until("the load runs", () -> load.answered() > 200);
      ProcessHandle.of(before.get(0)).orElseThrow().destroyForcibly();
      awaitReplaced(Set.of(before.get(0)));
      int answered = load.answered();
      await("it went on", cluster, () -> load.answered() > answered + 200);

      assertThat(load.failures()).isEmpty();
    }
    assertThat(found(PID, cluster)).contains(before.get(1));
  }

  /** A worker that stands still answers nothing of what it has: when it is killed, that is under way in it. */
  @Test
  @Order(4)
  void aWorkerKilledAtWorkFailsNoReadAndTellsAWriterThatItMayHaveBeenDone() throws Exception {
    awaitWhole(cluster);
    long stopped = found(PID, cluster).get(0);
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest.Builder request = HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + user.port() + "/api/todos"))
        .header("Authorization", "Bearer " + user.token())
        .header("Content-Type", "application/json");
    List<CompletableFuture<HttpResponse<String>>> reads = new ArrayList<>();
    List<CompletableFuture<HttpResponse<String>>> writes = new ArrayList<>();

    signal("STOP", stopped);
    for (int i = 0; i < 8; i++) {
      reads.add(http.sendAsync(request.copy().GET().build(), BodyHandlers.ofString()));
      BodyPublisher title = BodyPublishers.ofString("{\"title\":\"at work " + i + "\"}");
      writes.add(http.sendAsync(request.copy().POST(title).build(), BodyHandlers.ofString()));
    }
    await(
        "the other has answered its share",
        cluster,
        () -> reads.stream().anyMatch(CompletableFuture::isDone)
            && writes.stream().anyMatch(CompletableFuture::isDone));
    assertThat(user.create("through the other").statusCode()).isEqualTo(201);
    assertThat(writes).as("some at the one that stands still").anyMatch(write -> !write.isDone());
    signal("KILL", stopped);

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
      assertThat(answer.body()).contains("it may have been done");
      assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
    });
    assertThat(TodoClient.titles(user.list())).containsAll(done);
    awaitReplaced(Set.of(stopped));
  }

  @Test
  @Order(4)
  void aWorkerThatHangsIsKilledAndReplaced() throws Exception {
    awaitWhole(cluster);
    long hung = found(PID, cluster).get(0);

    signal("STOP", hung);
    awaitReplaced(Set.of(hung));

    assertThat(runs(hung)).isFalse();
    assertThat(String.join("\n", cluster.lines())).contains("pid=" + hung + " hangs=true");
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
    awaitWhole(cluster);
    List<Long> before = found(PID, cluster);
    try (KeepAliveLoad reads =
            new KeepAliveLoad(user.port(), 3, n -> KeepAliveLoad.get(user), 200);
        KeepAliveLoad writes =
            new KeepAliveLoad(user.port(), 1, n -> KeepAliveLoad.post(user, "rolling " + n), 201)) {
      Await.until("the load runs", () -> reads.answered() > 100 && writes.answered() > 10);
      signal("HUP", cluster.pid());
      awaitReplaced(Set.copyOf(before), ClusterTest::everyMetricIsThereOnce);
      int answered = reads.answered();
      await("it went on", cluster, () -> reads.answered() > answered + 200);

      assertThat(reads.failures()).isEmpty();
      assertThat(writes.failures()).isEmpty();
    }
    await("the old ones have ended", cluster, () -> before.stream().noneMatch(ClusterTest::runs));
    assertThat(String.join("\n", cluster.lines()))
        .as("who is replaced still has its supervisor")
        .doesNotContain("supervisor=gone");
  }

  private static void awaitReplaced(Set<Long> gone) {
    awaitReplaced(gone, () -> {});
  }

  private static void awaitReplaced(Set<Long> gone, Runnable meanwhile) {
    await("others are there and ready", cluster, () -> {
      meanwhile.run();
      Set<Long> now = new TreeSet<>(found(PID, cluster));
      now.removeAll(gone);
      return now.size() == 2 && info(cluster).toString().split("state=ready", -1).length == 3;
    });
  }

  /** Fails with what {@code cluster} has printed: what kept it waiting stands there. */
  private static void await(String what, ChildJvm cluster, BooleanSupplier condition) {
    try {
      Await.until(what, condition);
    } catch (AssertionError | RuntimeException failure) {
      throw new AssertionError(
          failure.getMessage() + "; the cluster said:\n" + String.join("\n", cluster.lines()),
          failure);
    }
  }

  /** Prometheus refuses a text that describes a metric twice. */
  private static void everyMetricIsThereOnce() {
    assertThat(TodoClient.anonymous(ServiceProcess.adminPort(cluster))
            .get("/metrics")
            .body()
            .lines()
            .filter(line -> line.startsWith("# TYPE ")))
        .isNotEmpty()
        .doesNotHaveDuplicates();
  }

  @Test
  @Order(6)
  void sigtermEndsAllInOrderWith0AndWhatWasAcknowledgedIsThereAgain() {
    List<Long> workers = found(PID, cluster);
    try (KeepAliveLoad load =
        new KeepAliveLoad(user.port(), 2, n -> KeepAliveLoad.get(user), 200)) {
      Await.until("the load runs", () -> load.answered() > 50);
    }
    assertThat(user.create("the last one").statusCode()).isEqualTo(201);

    cluster.terminate();

    assertThat(cluster.awaitEnd()).isZero();
    assertThat(workers).noneMatch(ClusterTest::runs);
    assertThat(String.join("\n", cluster.lines()))
        .doesNotContain("\tat ", "Exception in thread", user.token());
    try (ChildJvm alone = ServiceProcess.demo(directory.resolve("data"))) {
      // The key is kept as well: the cluster's token still holds.
      TodoClient same = new TodoClient(ServiceProcess.port(alone), user.token());
      assertThat(TodoClient.titles(same.list())).contains("the last one");
      alone.terminate();
      assertThat(alone.awaitEnd()).isZero();
    }
  }

  @Test
  @Order(7)
  void aKilledSupervisorLeavesNoProcessBehindAndTheNextStartHasEverything() throws Exception {
    Path data = directory.resolve("killed");
    List<Long> left = new ArrayList<>();
    String token;
    try (ChildJvm killed = start(data, "2")) {
      TodoClient writer = ServiceProcess.logIn(killed);
      token = writer.token();
      assertThat(writer.create("acknowledged").statusCode()).isEqualTo(201);
      left.addAll(found(PID, killed));
      left.add(redisOf(data));
      assertThat(left).hasSize(3).allMatch(ClusterTest::runs);
      killed.kill();
    }

    Await.until("workers and Redis have ended", () -> left.stream().noneMatch(ClusterTest::runs));
    try (ChildJvm again = start(data, "1")) {
      TodoClient same = new TodoClient(ServiceProcess.port(again), token);
      assertThat(TodoClient.titles(same.list())).contains("acknowledged");
    }
    Await.until("nothing is left", () -> !runs(redisOfOrNone(data)));
  }

  private static long redisOf(Path data) throws Exception {
    try (var files = Files.walk(data.resolve("redis"))) {
      Path pid =
          files.filter(file -> file.toString().endsWith(".pid")).findFirst().orElseThrow();
      return Long.parseLong(Files.readString(pid).strip());
    }
  }

  private static long redisOfOrNone(Path data) {
    try {
      return redisOf(data);
    } catch (Exception gone) {
      return -1;
    }
  }

  @Test
  @Order(7)
  void aSupervisorKilledWhileItsWorkersStartLeavesNoProcessBehindEither() throws Exception {
    Path data = directory.resolve("killed-early");
    List<Long> left = new ArrayList<>();
    try (ChildJvm killed = start(data, "2")) {
      Await.until("workers are starting, beside the watch over Redis", () -> {
        left.clear();
        ProcessHandle.of(killed.pid())
            .ifPresent(supervisor -> supervisor.children().forEach(one -> left.add(one.pid())));
        return left.size() == 2 + 1;
      });
      left.add(redisOf(data));
      assertThat(killed.lines()).noneMatch(line -> line.startsWith("Todo service:"));
      killed.kill();
    }

    Await.until("workers and Redis have ended", () -> left.stream().noneMatch(ClusterTest::runs));
  }

  @Test
  @Order(7)
  void aSupervisorKilledWhileNoWorkerLivesLeavesNoProcessBehindEither() throws Exception {
    Path data = whereWorkersCannotServe("killed-alone");
    List<Long> left = new ArrayList<>();
    try (ChildJvm killed = start(data, "1")) {
      // The next worker comes in more than a second.
      Await.until(
          "its worker has ended three times",
          () -> String.join("\n", killed.lines()).contains("ends_in_a_row=3"));
      ProcessHandle.of(killed.pid())
          .orElseThrow()
          .descendants()
          .forEach(one -> left.add(one.pid()));
      left.add(redisOf(data));
      assertThat(left).as("the watch over Redis, and Redis").hasSize(2);
      killed.kill();
    }

    Await.until("Redis has ended", () -> left.stream().noneMatch(ClusterTest::runs));
  }

  @Test
  @Order(8)
  void aPortInUseEndsWith3BeforeAnythingIsStarted() throws Exception {
    Path data = directory.resolve("untouched");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ChildJvm child = start(data, "2", "PORT=" + taken.getLocalPort())) {
      assertThat(child.awaitEnd()).isEqualTo(3);
      assertThat(String.join("\n", child.lines()))
          .contains(":" + taken.getLocalPort() + " ", " PORT.")
          .doesNotContain("\tat ");
    }
    assertThat(data).doesNotExist();
  }

  @Test
  @Order(9)
  void aSizeThatIsNoneEndsWith2() {
    try (ChildJvm none = start(directory.resolve("none"), "0");
        ChildJvm words = start(directory.resolve("none"), "many");
        ChildJvm tooMany = start(directory.resolve("none"), "65")) {
      for (ChildJvm child : List.of(none, words, tooMany)) {
        assertThat(child.awaitEnd()).isEqualTo(2);
        assertThat(String.join("\n", child.lines())).contains("from 1 to 64", "usage: ");
      }
    }
  }

  @Test
  @Order(10)
  void aWorkerThatDiesAtEachStartIsTriedFiveTimesLaterAndLaterAndEndsTheClusterWith1() {
    try (ChildJvm child = start(whereWorkersCannotServe("dying"), "1")) {
      assertThat(child.awaitEnd()).isEqualTo(1);
      assertThat(String.join("\n", child.lines()))
          .contains("worker 1 ended 5 times before it served", "ends_in_a_row=4")
          .doesNotContain("ends_in_a_row=6", "\tat ");
    }
  }

  @Test
  @Order(11)
  void sigtermWhileWorkersStartIsNotKeptWaitingForThem() {
    try (ChildJvm child = start(whereWorkersCannotServe("starting"), "1", "DRAIN_TIMEOUT=60s")) {
      Await.until(
          "a worker was started",
          () -> String.join("\n", child.lines()).contains("ends_in_a_row=1"));
      long asked = System.nanoTime();
      child.terminate();

      assertThat(child.awaitEnd()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(25));
    }
  }

  /** Workers write notifications into a file there, where a directory stands now; the supervisor does not. */
  private Path whereWorkersCannotServe(String name) {
    Path data = directory.resolve(name);
    try {
      Files.createDirectories(data.resolve("notifications.jsonl"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return data;
  }
}
