package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** The role that fills the cache and ends, by processes of their own on the service's stores. */
class WarmTest {
  private static final String NOT_BROUGHT =
      "Lists:         0 loaded into Redis, 0 there already, 1 not brought there";

  @TempDir
  private Path directory;

  private TestStores stores;

  @BeforeEach
  void start() {
    stores = TestStores.start(directory);
  }

  @AfterEach
  void end() {
    stores.close();
  }

  @Test
  void aListThatRedisLostIsThereAgainBeforeItIsAskedFor() {
    TodoApp app = new TodoApp(stores.settings("CACHE_LOCAL", "off"), Role.BOTH);
    app.start();
    try {
      TodoClient user = TodoClient.of(app.port(), "user-1");
      assertThat(user.create("Buy milk").statusCode()).isEqualTo(201);

      List<String> warmed = new ArrayList<>();
      Await.until("Redis has answered at once", () -> {
        try (Jedis redis = stores.redis().connect()) {
          redis.flushAll();
        }
        try (ChildJvm warm = ServiceProcess.start(environment(), "warm")) {
          int end = warm.awaitEnd();
          warmed.clear();
          warmed.addAll(warm.lines());
          return end != 1 || !warmed.contains(NOT_BROUGHT);
        }
      });
      assertThat(warmed)
          .contains("Lists:         1 loaded into Redis, 0 there already, 0 not brought there");

      HttpResponse<String> list = whatTheCacheTakesPartIn(user);
      assertThat(list.headers().firstValue("X-Cache")).contains("HIT");
      assertThat(TodoClient.titles(list)).containsExactly("Buy milk");
      try (MainRun again = warm()) {
        assertThat(again.awaitEnd()).isZero();
        assertThat(again.lines())
            .contains("Lists:         0 loaded into Redis, 1 there already, 0 not brought there");
      }
    } finally {
      app.stop();
    }
  }

  @Test
  void whatCannotBeReachedIsNamedWith1AndACacheThatIsOffWith2() {
    TodoApp app = new TodoApp(stores.settings(), Role.SERVE);
    app.start();
    try {
      assertThat(TodoClient.of(app.port(), "user-1").create("Buy milk").statusCode())
          .isEqualTo(201);
    } finally {
      app.stop();
    }

    try (ClosedPort closed = new ClosedPort();
        MainRun noMongo = warm("MONGO_URI=mongodb://127.0.0.1:" + closed.port() + "/todoapp");
        MainRun noRedis = warm("REDIS_URL=redis://127.0.0.1:" + closed.port());
        MainRun noCache = warm("CACHE_TTL=off")) {
      assertThat(noMongo.awaitEnd()).isEqualTo(1);
      assertThat(String.join("\n", noMongo.lines()))
          .contains("nothing was warmed", "127.0.0.1:" + closed.port());
      assertThat(noRedis.awaitEnd()).isEqualTo(1);
      assertThat(noRedis.lines()).contains(NOT_BROUGHT);
      assertThat(noCache.awaitEnd()).isEqualTo(2);
      assertThat(String.join("\n", noCache.lines())).contains("CACHE_TTL=off");
    }
  }

  /** Lists, again while a busy machine keeps Redis from answering within the cache's 100 ms: that changes nothing there. */
  private static HttpResponse<String> whatTheCacheTakesPartIn(TodoClient user) {
    HttpResponse<String> list = user.list();
    while (TodoClient.header(list, "X-Cache").equals("BYPASS")) {
      list = user.list();
    }
    return list;
  }

  private MainRun warm(String... more) {
    return MainRun.start(environment(more), "warm");
  }

  private List<String> environment(String... more) {
    List<String> all = new ArrayList<>(List.of(
        "NODE_ENV=production",
        "MONGO_URI=" + stores.mongoUri(),
        "REDIS_URL=" + stores.redis().url(),
        "JWT_SECRET=" + TodoClient.JWT_SECRET));
    all.addAll(List.of(more));
    return all;
  }
}
