package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.BreakableService.assertUnavailable;
import static io.github.scalingtoolkit.todo.run.BreakableService.awaitReady;
import static io.github.scalingtoolkit.todo.run.BreakableService.id;
import static io.github.scalingtoolkit.todo.run.BreakableService.state;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.jobPath;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.jobs.TodoOutbox;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** The rows of contract §4 on Redis, through the whole service and real servers. */
class ServiceUnderRedisFailureTest {
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
  void redisKilledRequestsSucceedAndTheJobIsDeliveredLater() {
    TodoApp app = service.run(Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");
    awaitReady(app, 200, "UP");
    user.create("before");
    assertThat(titles(user.list())).containsExactly("before");

    service.redis().kill();

    HttpResponse<String> created = user.create("while it is down");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).containsExactly("before", "while it is down");
    awaitReady(app, 200, "DEGRADED");
    Await.until("the cache is bypassed", () -> header(user.list(), "X-Cache").equals("BYPASS"));
    assertThat(user.create("later").statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).containsExactly("before", "while it is down", "later");
    assertThat(json(user.get(jobPath(created))).get("state").textValue()).isEqualTo("pending");

    service.redis().restart();

    service.awaitDelivered(Set.of(id(created)));
    awaitReady(app, 200, "UP");
    Await.until(
        "the job has ended",
        () -> json(user.get(jobPath(created))).get("state").textValue().equals("completed"));
    Await.until("lists are cached again", () -> header(user.list(), "X-Cache").equals("HIT"));
    assertThat(titles(user.list())).containsExactly("before", "while it is down", "later");
  }

  /** An entry is swept when it is 30 s old: what is delivered earlier, the recovery has asked for. */
  @Test
  void whatIsOwedIsDeliveredRightAfterRedisIsBackHoweverYoung() {
    TodoApp app = service.runAsInProduction(Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");
    awaitReady(app, 200, "UP");
    service.redis().kill();
    List<String> owed = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      owed.add(id(user.create("while it is down")));
    }

    service.redis().restart();

    service.awaitDelivered(Set.copyOf(owed));
    Instant lastMade = Instant.parse(json(user.get("/api/todos/" + owed.get(owed.size() - 1)))
        .get("createdAt")
        .textValue());
    assertThat(Duration.between(lastMade, Instant.now())).isLessThan(TodoOutbox.OWED_TOO_LONG);
  }

  @Test
  void redisFlushedTheJobIsEnqueuedAgainFromTheOutboxUnderTheSameId() {
    TodoApp app = service.run(Role.SERVE);
    TodoClient user = TodoClient.of(app.port(), "user1");
    Set<String> owed = ConcurrentHashMap.newKeySet();
    String job = "";
    for (int i = 0; i < 5; i++) {
      HttpResponse<String> created = user.create("todo " + i);
      owed.add(id(created));
      job = jobPath(created);
    }
    try (Jedis jedis = service.redis().connect()) {
      assertThat(jedis.keys("*notifications*")).isNotEmpty();
      jedis.flushAll();
    }

    service.run(Role.WORK);

    service.awaitDelivered(owed);
    String path = job;
    Await.until(
        "the job has ended",
        () -> json(user.get(path)).get("state").textValue().equals("completed"));
    assertThat(titles(user.list())).hasSize(5);
  }

  @Test
  void redisHangsRequestsAreAnsweredAndFastOnceTheBreakerIsOpen() {
    TodoApp app = service.run(Role.BOTH);
    TodoClient user = TodoClient.of(app.port(), "user1");
    awaitReady(app, 200, "UP");
    user.create("before");

    service.redis().pause();
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
      service.redis().resume();
    }
    service.awaitDelivered(Set.of(id(created)));
    awaitReady(app, 200, "UP");
  }

  @Test
  void sentinelsThatRefuseThePasswordAreNamedAndGetItOnceItIsRight() {
    try (RedisServer sentinel = RedisServer.startSentinel(service.redis());
        Jedis admin = sentinel.connect()) {
      admin.aclSetUser("default", "resetpass", ">other");
      TodoApp app = service.run(
          Role.SERVE,
          "REDIS_URL",
          "redis+sentinel://127.0.0.1:" + sentinel.port() + "/main",
          "SENTINEL_PASSWORD",
          "s3cret");
      awaitReady(app, 200, "DEGRADED");
      assertThat(TodoClient.anonymous(app.adminPort()).get("/readyz").body())
          .contains(
              "its sentinels refuse the credentials",
              "that SENTINEL_USER and SENTINEL_PASSWORD are the sentinels'");

      admin.aclSetUser("default", "resetpass", ">s3cret");

      awaitReady(app, 200, "UP");
    }
  }

  private static long timedOut(TodoApp app) {
    return app.meters()
        .get("resilience4j.circuitbreaker.calls")
        .tags("name", "redis", "kind", "failed")
        .timer()
        .count();
  }

  @Test
  void redisCutOffFromOneProcessListsAreRightOnceItIsBack() {
    FaultProxy proxy = service.proxyTo(service.redis().port());
    TodoApp cutOff = service.run(Role.SERVE, "REDIS_URL", proxy.redisUrl(), "CACHE_TTL", "10m");
    TodoApp other = service.run(Role.SERVE, "CACHE_TTL", "10m");
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
  void redisDownAnEndedJobIsUnknownAndOneInTheOutboxPending() {
    TodoApp app = service.run(Role.BOTH, "RATE_LIMIT", "off");
    TodoClient user = TodoClient.of(app.port(), "user1");
    String ended = jobPath(user.create("Buy milk"));
    Await.until("it is delivered", () -> state(user, ended).equals("completed"));

    service.redis().kill();
    String owed = jobPath(user.create("Buy bread"));

    assertThat(state(user, owed)).isEqualTo("pending");
    assertUnavailable(() -> user.get(ended));
  }

  @Test
  void redisDownEachProcessLimitsByItself() {
    service.redis().kill();
    TodoApp app = service.run(Role.SERVE, "RATE_LIMIT", "3/1h");
    TodoClient user = TodoClient.of(app.port(), "user1");

    assertThat(user.create("Buy milk").statusCode()).isEqualTo(201);
    assertThat(user.list().statusCode()).isEqualTo(200);
    assertThat(user.list().statusCode()).isEqualTo(200);
    assertThat(user.list().statusCode()).isEqualTo(429);
    assertThat(TodoClient.of(app.port(), "user2").list().statusCode()).isEqualTo(200);
  }

  @Test
  void redisDownAtStartTheServiceIsDegradedAndWholeOnceItComesUp() {
    service.redis().kill();

    TodoApp app = service.run(Role.BOTH);

    TodoClient user = TodoClient.of(app.port(), "user1");
    HttpResponse<String> created = user.create("Buy milk");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).containsExactly("Buy milk");
    awaitReady(app, 200, "DEGRADED");

    service.redis().restart();

    service.awaitDelivered(Set.of(id(created)));
    awaitReady(app, 200, "UP");
  }
}
