package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import io.github.scalingtoolkit.todo.config.TestSettings;
import io.github.scalingtoolkit.todo.embedded.ChildJvm;
import io.github.scalingtoolkit.todo.mongo.WatchedServer;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Contract §1, {@code Idempotency-Key}: whatever step of a create its process is killed before, the next try makes one todo
 * and gives one answer. A kill is a JVM: {@code -Dtoolkit.test.kills}, if above 1, asks for one at each step.
 */
class IdempotentCreateKillTest {
  /** The moments between the writes of a create: its record, the todo, and the note that it is done. */
  private static final List<String> STEPS = List.of(
      "after insert todos",
      "before insert requests",
      "after insert requests",
      "before insert todos",
      "before update requests",
      "after update requests");

  private static final int KILLS =
      Integer.getInteger("toolkit.test.kills", 1) > 1 ? STEPS.size() : 1;

  @TempDir
  private Path directory;

  @Test
  void killedAtAnyStepOfACreateWithAKeyThereIsOneTodoAndOneAnswer() {
    try (RedisServer redis = RedisServer.start();
        WatchedServer mongo = new WatchedServer()) {
      Map<String, String> settings = new TreeMap<>(Map.of(
          "APP_ENV",
          "demo",
          "PORT",
          "0",
          "ADMIN_PORT",
          "0",
          "MONGO_URI",
          mongo.uri(),
          "REDIS_URL",
          redis.url(),
          "JWT_SECRET",
          TodoClient.JWT_SECRET,
          "DATA_DIR",
          directory.toString(),
          "DRAIN_TIMEOUT",
          "1s"));
      TodoApp survivor = new TodoApp(TestSettings.of(settings), Role.SERVE);
      survivor.start();
      try {
        for (String step : STEPS.subList(0, KILLS)) {
          killedAt(step, settings, mongo, TodoClient.of(survivor.port(), "user of " + step));
        }
      } finally {
        survivor.stop();
      }
    }
  }

  private static void killedAt(
      String step, Map<String, String> settings, WatchedServer mongo, TodoClient user) {
    AtomicReference<ChildJvm> killed = new AtomicReference<>();
    List<String> environment = new ArrayList<>();
    settings.forEach((name, value) -> environment.add(name + "=" + value));
    try (ChildJvm child = ServiceProcess.start(environment, "serve")) {
      TodoClient same = new TodoClient(ServiceProcess.port(child), user.token());
      mongo.watch(seen -> {
        if (seen.equals(step) && killed.compareAndSet(null, child)) {
          child.kill();
        }
      });
      assertThatExceptionOfType(UncheckedIOException.class).as(step).isThrownBy(() -> create(same));
    }
    assertThat(killed.get()).as("killed at: " + step).isNotNull();

    AtomicReference<HttpResponse<String>> answer = new AtomicReference<>();
    Await.until("what was under way counts as lost", () -> {
      answer.set(create(user));
      assertThat(answer.get().statusCode()).as(step).isIn(201, 409);
      return answer.get().statusCode() == 201;
    });

    HttpResponse<String> again = create(user);
    assertThat(again.statusCode()).as(step).isEqualTo(201);
    assertThat(header(again, "Idempotency-Replayed")).isEqualTo("true");
    assertThat(again.body()).isEqualTo(answer.get().body());
    assertThat(titles(user.list())).as(step).containsExactly("Buy milk");
    assertThat(json(user.list()).get(0).get("_id")).isEqualTo(json(again).get("_id"));
  }

  private static HttpResponse<String> create(TodoClient user) {
    return user.post("/api/todos", "{\"title\":\"Buy milk\"}", "Idempotency-Key", "the key");
  }
}
