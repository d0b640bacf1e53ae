package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.BreakableService.STORE_BOUND;
import static io.github.scalingtoolkit.todo.run.BreakableService.assertUnavailable;
import static io.github.scalingtoolkit.todo.run.BreakableService.awaitReady;
import static io.github.scalingtoolkit.todo.run.BreakableService.id;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.jobPath;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.todo.cluster.BalancedPorts;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** The rows of contract §4 on MongoDB, through the whole service and real servers. */
class ServiceUnderMongoFailureTest {
  @TempDir
  private Path directory;

  private BreakableService service;

  @BeforeEach
  void start() {
    service = BreakableService.start(directory);
  }

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void mongoDownHitsAreServedMissesAndWritesAre503AndItStaysReady() {
    FaultProxy proxy = service.proxyTo(service.stores().mongoPort());
    TodoApp app = service.runBehind(proxy, Role.BOTH, "CACHE_TTL", "10m");
    TodoClient reader = TodoClient.of(app.port(), "reader");
    TodoClient writer = TodoClient.of(app.port(), "writer");
    reader.create("Buy milk");
    awaitReady(app, 200, "UP");
    // From there it comes even if Redis does not answer at once.
    Await.until("the list is in memory", () -> {
      reader.list();
      return app.meters()
              .get("toolkit.cache.gets")
              .tag("outcome", "l1_hit")
              .counter()
              .count()
          > 0;
    });

    proxy.cut();

    HttpResponse<String> hit = reader.list();
    assertThat(hit.statusCode()).isEqualTo(200);
    assertThat(header(hit, "X-Cache")).isEqualTo("HIT");
    assertThat(titles(hit)).containsExactly("Buy milk");
    for (int i = 0; i < 5; i++) {
      assertUnavailable(() -> writer.create("never"));
      assertUnavailable(writer::list);
    }
    awaitReady(app, 200, "DEGRADED");
    assertThat(TodoClient.anonymous(app.port()).get("/health").statusCode()).isEqualTo(200);
    assertThat(TodoClient.anonymous(app.adminPort()).get("/livez").statusCode()).isEqualTo(200);
    assertThat(reader.list().statusCode()).isEqualTo(200);

    proxy.heal();

    Await.until("writes are taken", () -> writer.create("again").statusCode() == 201);
    awaitReady(app, 200, "UP");
    assertThat(titles(writer.list())).contains("again").doesNotHaveDuplicates();
  }

  @Test
  void mongoOutForOneOfThreeFailsNoReadBehindTheBalancer() throws Exception {
    FaultProxy proxy = service.proxyTo(service.stores().mongoPort());
    // Every list is read from MongoDB.
    List<TodoApp> apps = List.of(
        service.runBehind(proxy, Role.SERVE, "CACHE_TTL", "off"),
        service.run(Role.SERVE, "CACHE_TTL", "off"),
        service.run(Role.SERVE, "CACHE_TTL", "off"));
    List<BalancedPorts.Ports> ports = apps.stream()
        .map(app -> new BalancedPorts.Ports(app.port(), app.adminPort()))
        .toList();
    try (BalancedPorts balanced = BalancedPorts.before(ports);
        KeepAliveLoad load = new KeepAliveLoad(
            balanced.port(), 4, n -> KeepAliveLoad.get(TodoClient.of(0, "reader")), 200)) {
      Await.until("the load runs", () -> load.answered() > 100);
      proxy.cut();
      int before = load.answered();
      awaitReady(apps.get(0), 200, "DEGRADED");
      Await.until("it went on", () -> load.answered() > before + 300);

      assertThat(load.failures()).hasSizeLessThanOrEqualTo(load.answered() / 100);
    }
  }

  @Test
  void mongoHangingForTwoAReadOfBothIsAnsweredWithinTheBound() throws Exception {
    FaultProxy proxy = service.proxyTo(service.stores().mongoPort());
    List<BalancedPorts.Ports> ports =
        List.of(service.runBehind(proxy, Role.SERVE), service.runBehind(proxy, Role.SERVE)).stream()
            .map(app -> new BalancedPorts.Ports(app.port(), app.adminPort()))
            .toList();
    try (BalancedPorts balanced = BalancedPorts.before(ports)) {
      TodoClient reader = TodoClient.of(balanced.port(), "reader");
      assertThat(reader.list().statusCode()).isEqualTo(200);
      proxy.hang();

      // Each has to find out, and one of them for the user that the other loads the list for.
      assertUnavailable(TodoClient.of(balanced.port(), "another")::list);
      assertThat(reader.list().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void mongoSlowAJobIsAnsweredWithinItsBound() {
    FaultProxy proxy = service.proxyTo(service.stores().mongoPort());
    TodoApp app = service.runBehind(proxy, Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");
    String owed = jobPath(user.create("Buy milk"));
    try (Jedis jedis = service.redis().connect()) {
      jedis.flushAll();
    }

    // An operation may take 2 s: two of these would be too many.
    proxy.delay(Duration.ofMillis(1550));
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
    FaultProxy proxy = service.proxyTo(service.stores().mongoPort());
    TodoApp web = service.runBehind(proxy, Role.SERVE);
    TodoClient user = TodoClient.of(web.port(), "user1");
    HttpResponse<String> created = user.create("Buy milk");
    String job = jobPath(created);
    proxy.cut();
    awaitReady(web, 200, "DEGRADED");
    assertUnavailable(() -> user.get(job));

    service.runBehind(proxy, Role.WORK);
    service.awaitDelivered(Set.of(id(created)));
    proxy.heal();

    Await.until("its end is told", () -> {
      HttpResponse<String> answer = user.get(job);
      return answer.statusCode() == 200
          && json(answer).get("state").textValue().equals("completed");
    });
    try (MongoClient mongo = MongoClients.create(service.stores().mongoUri())) {
      Await.until(
          "nothing is owed",
          () -> mongo
                  .getDatabase("todoapp")
                  .getCollection("todos")
                  .countDocuments(new Document("outbox", new Document("$exists", true)))
              == 0);
    }
    assertThat(Notified.todos(service.stores().notifications())).contains(id(created));
  }

  @Test
  void mongoDownAtStartReadyIs503UntilMongoComesUp() {
    FaultProxy proxy = service.proxyTo(service.stores().mongoPort());
    proxy.cut();

    TodoApp app = service.runBehind(proxy, Role.BOTH);

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
}
