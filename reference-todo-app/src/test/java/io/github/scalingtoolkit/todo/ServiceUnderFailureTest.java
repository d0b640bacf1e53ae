package io.github.scalingtoolkit.todo;

import static io.github.scalingtoolkit.todo.TodoClient.header;
import static io.github.scalingtoolkit.todo.TodoClient.jobPath;
import static io.github.scalingtoolkit.todo.TodoClient.json;
import static io.github.scalingtoolkit.todo.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.todo.TodoApp.Sweeping;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.demo.ChildJvm;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** The rows of contract §4, through the whole service and real servers. */
class ServiceUnderFailureTest {
  private static final Sweeping EAGER =
      new Sweeping(Duration.ofMillis(300), Duration.ofMillis(300));

  /** The contract's. The store itself gives up after 2.5 s at most. */
  private static final Duration STORE_BOUND = Duration.ofSeconds(3);

  private static final int WRITERS = 4;
  private static final int ENOUGH = 200;

  private final Deque<TodoApp> apps = new ConcurrentLinkedDeque<>();
  private final Deque<FaultProxy> proxies = new ConcurrentLinkedDeque<>();

  @TempDir
  private Path directory;

  private TestStores stores;

  @BeforeEach
  void start() {
    stores = TestStores.start(directory);
  }

  @AfterEach
  void stop() {
    apps.forEach(TodoApp::stop);
    proxies.forEach(FaultProxy::close);
    stores.close();
  }

  @Test
  void redisKilledReadsAre200WritesAre201ReadyIsDegradedAndTheJobIsDeliveredOnceItIsBack() {
    TodoApp app = run(stores.settings(), Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");
    awaitReady(app, 200, "UP");
    user.create("before");
    assertThat(titles(user.list())).containsExactly("before");

    stores.redis().kill();

    HttpResponse<String> created = user.create("while it is down");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).containsExactly("before", "while it is down");
    awaitReady(app, 200, "DEGRADED");
    Await.until("the cache is bypassed", () -> header(user.list(), "X-Cache").equals("BYPASS"));
    assertThat(user.create("later").statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).containsExactly("before", "while it is down", "later");
    assertThat(json(user.get(jobPath(created))).get("state").textValue()).isEqualTo("pending");

    stores.redis().restart();

    awaitDelivered(Set.of(id(created)));
    awaitReady(app, 200, "UP");
    Await.until(
        "the job has ended",
        () -> json(user.get(jobPath(created))).get("state").textValue().equals("completed"));
    Await.until("lists are cached again", () -> header(user.list(), "X-Cache").equals("HIT"));
    assertThat(titles(user.list())).containsExactly("before", "while it is down", "later");
  }

  @Test
  void redisFlushedTheJobIsEnqueuedAgainFromTheOutboxUnderTheSameId() {
    TodoApp app = run(stores.settings(), Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");
    Set<String> owed = ConcurrentHashMap.newKeySet();
    String job = "";
    for (int i = 0; i < 5; i++) {
      HttpResponse<String> created = user.create("todo " + i);
      owed.add(id(created));
      job = jobPath(created);
    }
    try (Jedis jedis = stores.redis().connect()) {
      assertThat(jedis.keys("*notifications*")).isNotEmpty();
      jedis.flushAll();
    }

    run(stores.settings(), Role.WORK);

    awaitDelivered(owed);
    String path = job;
    Await.until(
        "the job has ended",
        () -> json(user.get(path)).get("state").textValue().equals("completed"));
    assertThat(titles(user.list())).hasSize(5);
  }

  @Test
  void redisHangsRequestsAreAnsweredAndFastOnceTheBreakerIsOpen() {
    TodoApp app = run(stores.settings(), Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");
    awaitReady(app, 200, "UP");
    user.create("before");

    stores.redis().pause();
    HttpResponse<String> created;
    try {
      created = user.create("while it hangs");
      assertThat(created.statusCode()).isEqualTo(201);
      assertThat(titles(user.list())).containsExactly("before", "while it hangs");
      TodoClient admin = TodoClient.anonymous(app.adminPort());
      Await.until("the breaker is open", () -> {
        assertThat(user.list().statusCode()).isEqualTo(200);
        return admin.get("/metrics").body().contains("state{name=\"redis\",state=\"open\"} 1.0");
      });
      awaitReady(app, 200, "DEGRADED");

      long before = timedOut(app);
      for (int i = 0; i < 200; i++) {
        assertThat(user.list().statusCode()).isEqualTo(200);
      }

      // A call of each list would have waited for its deadline; a few try whether it is back.
      assertThat(timedOut(app) - before).isLessThanOrEqualTo(20);
    } finally {
      stores.redis().resume();
    }
    awaitDelivered(Set.of(id(created)));
    awaitReady(app, 200, "UP");
  }

  private static long timedOut(TodoApp app) {
    return app.meters()
        .get("resilience4j.circuitbreaker.calls")
        .tags("name", "redis", "kind", "failed")
        .timer()
        .count();
  }

  @Test
  void redisCutOffFromOneProcessItsOwnListsAreRightAndOthersAreOnceItIsBack() {
    FaultProxy proxy = proxyTo(stores.redis().port());
    TodoApp cutOff =
        run(stores.settings("REDIS_URL", proxy.redisUrl(), "CACHE_TTL", "10m"), Role.SERVE);
    TodoApp other = run(stores.settings("CACHE_TTL", "10m"), Role.SERVE);
    TodoClient here = TodoClient.of(cutOff.port(), "user1");
    TodoClient there = TodoClient.of(other.port(), "user1");
    here.create("before");
    assertThat(titles(here.list())).containsExactly("before");
    assertThat(titles(there.list())).containsExactly("before");

    proxy.cut();

    List<String> expected = new ArrayList<>(List.of("before"));
    for (int i = 0; i < 10; i++) {
      assertThat(here.create("todo " + i).statusCode()).isEqualTo(201);
      expected.add("todo " + i);
      assertThat(titles(here.list())).isEqualTo(expected);
    }
    assertThat(there.list().statusCode()).isEqualTo(200);
    awaitReady(cutOff, 200, "DEGRADED");

    proxy.heal();

    // Not by the end of its time, which is 10 minutes.
    Await.until("the invalidation is replayed", () -> titles(there.list()).equals(expected));
    awaitReady(cutOff, 200, "UP");
    assertThat(titles(here.list())).isEqualTo(expected);
  }

  @Test
  void mongoDownHitsAreServedMissesAndWritesAre503WithRetryAfterAndReadyIs503() {
    FaultProxy proxy = proxyTo(stores.mongoPort());
    TodoApp app = run(behind(proxy, "CACHE_TTL", "10m"), Role.BOTH);
    TodoClient reader = TodoClient.of(app.port(), "reader");
    TodoClient writer = TodoClient.of(app.port(), "writer");
    reader.create("Buy milk");
    reader.list();
    awaitReady(app, 200, "UP");

    proxy.cut();

    HttpResponse<String> hit = reader.list();
    assertThat(hit.statusCode()).isEqualTo(200);
    assertThat(header(hit, "X-Cache")).isEqualTo("HIT");
    assertThat(titles(hit)).containsExactly("Buy milk");
    for (int i = 0; i < 5; i++) {
      assertUnavailable(() -> writer.create("never"));
      assertUnavailable(writer::list);
    }
    awaitReady(app, 503, "DOWN");
    assertThat(TodoClient.anonymous(app.port()).get("/health").statusCode()).isEqualTo(200);
    assertThat(TodoClient.anonymous(app.adminPort()).get("/livez").statusCode()).isEqualTo(200);
    assertThat(reader.list().statusCode()).isEqualTo(200);

    proxy.heal();

    Await.until("writes are taken", () -> writer.create("again").statusCode() == 201);
    awaitReady(app, 200, "UP");
    assertThat(titles(writer.list())).contains("again").doesNotHaveDuplicates();
  }

  @Test
  void aMailServerThatIsOutTheJobIsTriedAgainAndDeadAfterFiveAttempts() {
    TodoApp app = run(
        stores.settings(
            // It is asked again and again.
            "RATE_LIMIT",
            "off",
            "SMTP_URL",
            "smtp://127.0.0.1:" + Ports.free() + "?from=a@example.com&to=b@example.com"),
        Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");

    String job = jobPath(user.create("Buy milk"));

    Await.until("it waits for its next attempt", () -> state(user, job).equals("retry"));
    assertThat(json(user.get(job)).get("attempts").intValue()).isBetween(1, 4);
    Await.until("it is given up", Duration.ofSeconds(60), () -> state(user, job).equals("dead"));
    assertThat(json(user.get(job)).get("attempts").intValue()).isEqualTo(5);
    assertThat(titles(user.list())).containsExactly("Buy milk");
  }

  @Test
  void redisDownAJobThatHasEndedCannotBeLookedUpAndOneInTheOutboxIsPending() {
    TodoApp app = run(stores.settings("RATE_LIMIT", "off"), Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");
    String ended = jobPath(user.create("Buy milk"));
    Await.until("it is delivered", () -> state(user, ended).equals("completed"));

    stores.redis().kill();
    String owed = jobPath(user.create("Buy bread"));

    assertThat(state(user, owed)).isEqualTo("pending");
    assertUnavailable(() -> user.get(ended));
  }

  @Test
  void mongoSlowAJobIsAnsweredWithinItsBound() {
    FaultProxy proxy = proxyTo(stores.mongoPort());
    TodoApp app = run(behind(proxy), Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");
    String owed = jobPath(user.create("Buy milk"));
    try (Jedis jedis = stores.redis().connect()) {
      jedis.flushAll();
    }

    // An operation may take 2 s: two would be too many.
    proxy.delay(Duration.ofMillis(1800));
    long started = System.nanoTime();
    HttpResponse<String> answer = user.get(owed);
    long took = System.nanoTime() - started;
    proxy.heal();

    assertThat(took).isLessThan(STORE_BOUND.toNanos());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(json(answer).get("state").textValue()).isIn("pending", "waiting");
  }

  @Test
  void mongoDownAJobWaitsOrIsDoneAndItsEntryGoesOnceItIsBack() {
    FaultProxy proxy = proxyTo(stores.mongoPort());
    TodoApp web = run(behind(proxy), Role.SERVE);
    TodoClient user = TodoClient.of(web.port(), "user1");
    HttpResponse<String> created = user.create("Buy milk");
    String job = jobPath(created);
    proxy.cut();
    awaitReady(web, 503, "DOWN");
    assertUnavailable(() -> user.get(job));

    run(behind(proxy), Role.WORK);
    awaitDelivered(Set.of(id(created)));
    proxy.heal();

    Await.until("its end is told", () -> {
      HttpResponse<String> answer = user.get(job);
      return answer.statusCode() == 200
          && json(answer).get("state").textValue().equals("completed");
    });
    try (MongoClient mongo = MongoClients.create(stores.mongoUri())) {
      Await.until(
          "nothing is owed",
          () -> mongo
                  .getDatabase("todoapp")
                  .getCollection("todos")
                  .countDocuments(new Document("outbox", new Document("$exists", true)))
              == 0);
    }
    assertThat(Notified.todos(stores.notifications())).contains(id(created));
  }

  @Test
  void aJobLiesInRedisAsTheContractHasIt() throws Exception {
    TodoApp app = run(stores.settings(), Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");
    HttpResponse<String> created = user.create("Buy milk");
    String job = jobPath(created).replace("/api/jobs/", "");

    String stored;
    try (Jedis jedis = stores.redis().connect()) {
      stored = jedis.get("tq:{notifications}:j:" + job);
    }

    String[] nameAndPayload = stored.split("\n", 2);
    assertThat(nameAndPayload[0]).endsWith("sendEmail").contains("005");
    assertThat(new ObjectMapper().readTree(nameAndPayload[1]))
        .isEqualTo(new ObjectMapper()
            .createObjectNode()
            .put("userId", "user1")
            .put("todoId", id(created)));
  }

  @Test
  void whileItDrainsItIsUnreadyAndAnswersWhatIsUnderWay() throws Exception {
    TodoApp app = run(stores.settings("DRAIN_TIMEOUT", "60s"), Role.SERVE);
    awaitReady(app, 200, "UP");
    String body = "{\"title\":\"Buy milk\"}";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), app.port())) {
      socket.setSoTimeout(60_000);
      OutputStream out = socket.getOutputStream();
      out.write(("POST /api/todos HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
              + "Authorization: Bearer " + TodoClient.of(0, "user1").token()
              + "\r\nContent-Length: " + body.length() + "\r\n\r\n{")
          .getBytes(StandardCharsets.US_ASCII));
      Await.until(
          "it is under way",
          () -> TodoClient.anonymous(app.port()).get("/health").statusCode() == 200);
      Thread stopper = new Thread(app::stop, "stopper");
      stopper.start();

      awaitReady(app, 503, "DRAINING");
      out.write(body.substring(1).getBytes(StandardCharsets.US_ASCII));

      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 201")
          .contains("Connection: close");
      stopper.join();
    }
  }

  private static String state(TodoClient user, String job) {
    HttpResponse<String> answer = user.get(job);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer).get("state").textValue();
  }

  @Test
  void mongoDownAtStartHealthIsServedReadyIs503AndItBecomesReadyWhenItComesUp() {
    FaultProxy proxy = proxyTo(stores.mongoPort());
    proxy.cut();

    TodoApp app = run(behind(proxy), Role.BOTH);

    TodoClient anybody = TodoClient.anonymous(app.port());
    String credentials = "{\"username\":\"user\",\"password\":\"pass\"}";
    assertThat(anybody.get("/health").statusCode()).isEqualTo(200);
    awaitReady(app, 503, "DOWN");
    assertUnavailable(() -> anybody.post("/login", credentials));

    proxy.heal();

    awaitReady(app, 200, "UP");
    Await.until(
        "the demo's user can log in",
        () -> anybody.post("/login", credentials).statusCode() == 200);
    assertThat(TodoClient.of(app.port(), "user1").create("Buy milk").statusCode())
        .isEqualTo(201);
  }

  @Test
  void redisDownEachProcessLimitsByItself() {
    stores.redis().kill();
    TodoApp app = run(stores.settings("RATE_LIMIT", "3/1h"), Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");

    assertThat(user.create("Buy milk").statusCode()).isEqualTo(201);
    assertThat(user.list().statusCode()).isEqualTo(200);
    assertThat(user.list().statusCode()).isEqualTo(200);
    assertThat(user.list().statusCode()).isEqualTo(429);
    assertThat(TodoClient.of(app.port(), "user2").list().statusCode()).isEqualTo(200);
  }

  @Test
  void redisDownAtStartTheServiceIsDegradedAndWholeOnceItComesUp() {
    stores.redis().kill();

    TodoApp app = run(stores.settings(), Role.BOTH);

    TodoClient user = TodoClient.of(app.port(), "user1");
    HttpResponse<String> created = user.create("Buy milk");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).containsExactly("Buy milk");
    awaitReady(app, 200, "DEGRADED");

    stores.redis().restart();

    awaitDelivered(Set.of(id(created)));
    awaitReady(app, 200, "UP");
  }

  @Test
  void appKilledEveryTodoThatGotA201IsListedAfterARestartAndEachJobIsDelivered() throws Exception {
    Path data = directory.resolve("killed");
    Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    TodoClient user;
    try (ChildJvm child = ServiceProcess.demo(data, "RATE_LIMIT=off")) {
      user = ServiceProcess.logIn(child);
      List<Thread> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        Thread writer = new Thread(() -> writeUntilItDies(user, acknowledged), "writer-" + i);
        writer.start();
        writers.add(writer);
      }
      Await.until("enough is written", () -> acknowledged.size() >= ENOUGH || !child.isAlive());

      child.kill();

      for (Thread writer : writers) {
        writer.join();
      }
    }
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ENOUGH);

    try (ChildJvm child = ServiceProcess.demo(data, "RATE_LIMIT=off")) {
      // The token from before holds: the key that signed it is kept.
      TodoClient again = new TodoClient(ServiceProcess.port(child), user.token());
      assertThat(everyId(again)).containsAll(acknowledged);
      Path notifications = data.resolve("notifications.jsonl");
      Await.until(
          "each is delivered, at the latest when its lease or its wait in the outbox has ended",
          Duration.ofSeconds(90),
          () -> Set.copyOf(Notified.todos(notifications)).containsAll(acknowledged));
      child.terminate();
      assertThat(child.awaitEnd()).isZero();
    }
  }

  private static void writeUntilItDies(TodoClient user, Set<String> acknowledged) {
    try {
      while (true) {
        HttpResponse<String> created = user.create("Buy milk");
        if (created.statusCode() != 201) {
          return;
        }
        acknowledged.add(id(created));
      }
    } catch (UncheckedIOException killed) {
      // What was not answered may be there or not.
    }
  }

  private static Set<String> everyId(TodoClient user) {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    String path = "/api/todos";
    while (!path.isEmpty()) {
      HttpResponse<String> page = user.get(path);
      assertThat(page.statusCode()).isEqualTo(200);
      for (JsonNode todo : json(page)) {
        ids.add(todo.get("_id").textValue());
      }
      String link = header(page, "Link");
      path = link.equals("none") ? "" : link.substring(1, link.indexOf('>'));
    }
    return ids;
  }

  private interface Request {
    HttpResponse<String> send();
  }

  private static void assertUnavailable(Request request) {
    long started = System.nanoTime();
    HttpResponse<String> answer = request.send();
    assertThat(System.nanoTime() - started).isLessThan(STORE_BOUND.toNanos());
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(Integer.parseInt(header(answer, "Retry-After"))).isPositive();
    assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
    assertThat(answer.body()).doesNotContain("mongodb", "127.0.0.1", "Exception");
  }

  private TodoApp run(TodoSettings settings, Role role) {
    TodoApp app = new TodoApp(settings, role, EAGER);
    app.start();
    apps.push(app);
    return app;
  }

  private FaultProxy proxyTo(int port) {
    FaultProxy proxy = FaultProxy.to(port);
    proxies.push(proxy);
    return proxy;
  }

  private TodoSettings behind(FaultProxy proxy, String... more) {
    List<String> all =
        new ArrayList<>(List.of("MONGO_URI", "mongodb://127.0.0.1:" + proxy.port() + "/todoapp"));
    all.addAll(List.of(more));
    return stores.settings(all.toArray(String[]::new));
  }

  private static void awaitReady(TodoApp app, int code, String status) {
    TodoClient admin = TodoClient.anonymous(app.adminPort());
    Await.until("/readyz says " + status, () -> {
      HttpResponse<String> answer = admin.get("/readyz");
      return answer.statusCode() == code
          && json(answer).get("status").textValue().equals(status);
    });
  }

  private void awaitDelivered(Set<String> todos) {
    Await.until(
        "notifications are delivered",
        () -> Set.copyOf(Notified.todos(stores.notifications())).containsAll(todos));
  }

  private static String id(HttpResponse<String> created) {
    assertThat(created.statusCode()).isEqualTo(201);
    return json(created).get("_id").textValue();
  }
}
