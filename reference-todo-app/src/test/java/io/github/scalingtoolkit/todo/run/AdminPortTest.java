package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.TodoClient.fieldNames;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.MetricConventions;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin port of the whole service, and the meters that it shows. */
class AdminPortTest {
  @TempDir
  private static Path directory;

  private static TestService service;

  @BeforeAll
  static void start() {
    service = TestService.start(directory);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void everyMeterOfEveryModuleFollowsTheConventions() {
    // More than a tag may have values: one whose values users choose would show.
    for (int i = 0; i < 100; i++) {
      TodoClient user = service.newUser();
      String id = json(user.create("measured " + i)).get("_id").textValue();
      user.get("/api/todos?limit=" + (i + 1));
      user.get("/api/todos/" + id);
      user.get("/api/nothing-" + i);
      service.anybody().get("/nothing-" + i + "?q=" + i);
    }

    MetricConventions.assertFollowedBy(service.app().meters());
    assertThat(service.app().meters().getMeters())
        .extracting(meter -> meter.getId().getName().replaceFirst("^(toolkit[.][a-z]+).*", "$1"))
        .contains("toolkit.cache", "toolkit.queue", "toolkit.auth", "toolkit.todo")
        .contains("toolkit.health", "resilience4j.circuitbreaker.state");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/livez",
        "/readyz",
        "/startupz",
        "/metrics",
        "/info",
        "/queues",
        "/audit",
        "/drain",
        "/faults"
      })
  void pathsOfTheAdminPortAre404OnThePublicOne(String path) {
    assertThat(service.newUser().get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void theAdminPortTellsOfLifeReadinessMetricsAndTheBuild() {
    TodoClient admin = TodoClient.anonymous(service.app().adminPort());
    service.newUser().list();

    assertThat(json(admin.get("/livez")).get("status").textValue()).isEqualTo("UP");
    assertThat(json(admin.get("/startupz")).get("status").textValue()).isEqualTo("UP");
    Await.until(
        "the first checks are done",
        () -> json(admin.get("/readyz")).get("status").textValue().equals("UP"));
    assertThat(admin.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(header(admin.get("/metrics"), "Content-Type")).startsWith("text/plain");
    assertThat(admin.get("/metrics").body())
        .contains("jvm_memory_used_bytes")
        .contains("resilience4j_circuitbreaker_state")
        .contains("todos")
        .doesNotContain("user-");
    assertThat(fieldNames(json(admin.get("/info"))))
        .contains("name", "version", "java", "mode", "role");
    assertThat(admin.get("/api/todos").statusCode()).isEqualTo(404);
  }
}
