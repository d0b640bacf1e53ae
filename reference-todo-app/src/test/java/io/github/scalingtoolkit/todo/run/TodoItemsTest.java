package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.Problems.assertProblem;
import static io.github.scalingtoolkit.todo.run.TodoClient.fieldNames;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.jobPath;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import io.github.scalingtoolkit.testing.Await;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract §1 on single todos, filters and idempotency keys, by requests to the whole service. */
class TodoItemsTest {
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
  void theLocationOfACreatedTodoAnswersWithIt() {
    TodoClient user = service.newUser();
    HttpResponse<String> created = user.create("Buy milk");

    HttpResponse<String> item = user.get(header(created, "Location"));

    assertThat(item.statusCode()).isEqualTo(200);
    assertThat(item.body()).isEqualTo(created.body());
    assertThat(header(item, "ETag")).isEqualTo(header(created, "ETag")).matches("\"[^\"]+\"");
    assertThat(header(item, "Cache-Control")).isEqualTo("private, no-cache");
    assertThat(user.get(header(created, "Location") + "/").statusCode()).isEqualTo(200);
    assertThat(user.get(header(created, "Location"), "If-None-Match", header(item, "ETag"))
            .statusCode())
        .isEqualTo(304);
  }

  @Test
  void aPatchChangesWhatItNamesAndAPutAllAndListsShowItAtOnce() {
    TodoClient user = service.newUser();
    String path = header(user.create("Buy milk"), "Location");
    user.list();
    user.list();

    HttpResponse<String> placed = user.send("PATCH", path, "{\"order\":3,\"completed\":true}");
    HttpResponse<String> merged = user.send(
        "PATCH",
        path,
        "{\"title\":\" Buy oats \"}",
        "Content-Type",
        "application/merge-patch+json");
    HttpResponse<String> listed = user.list();
    HttpResponse<String> replaced = user.send("PUT", path, "{\"title\":\"Replaced\"}");

    assertThat(placed.statusCode()).isEqualTo(200);
    assertThat(fieldNames(json(placed)))
        .containsExactly("_id", "title", "completed", "order", "userId", "createdAt", "updatedAt");
    assertThat(json(placed).get("order").toString()).isEqualTo("3");
    assertThat(json(merged).get("title").textValue()).isEqualTo("Buy oats");
    assertThat(json(merged).get("completed").booleanValue()).isTrue();
    assertThat(json(listed).get(0)).isEqualTo(json(merged));
    assertThat(fieldNames(json(replaced)))
        .containsExactly("_id", "title", "completed", "userId", "createdAt", "updatedAt");
    assertThat(json(replaced).get("completed").booleanValue()).isFalse();
    assertThat(json(replaced).get("createdAt")).isEqualTo(json(placed).get("createdAt"));
    assertThat(json(user.list()).get(0)).isEqualTo(json(replaced));
    assertThat(user.send("PUT", path, user.get(path).body()).statusCode())
        .as("what a GET answered can be sent back")
        .isEqualTo(200);
  }

  @Test
  void aChangeUnderAConditionIsMadeOnlyInThatState() {
    TodoClient user = service.newUser();
    HttpResponse<String> created = user.create("Buy milk");
    String path = header(created, "Location");
    String etag = header(created, "ETag");

    HttpResponse<String> done =
        user.send("PATCH", path, "{\"completed\":true}", "If-Match", "\"other\", " + etag);
    HttpResponse<String> late = user.send("PUT", path, "{\"title\":\"late\"}", "If-Match", etag);
    HttpResponse<String> weak =
        user.send("PATCH", path, "{\"title\":\"weak\"}", "If-Match", "W/" + header(done, "ETag"));
    HttpResponse<String> absent =
        user.send("PATCH", path, "{\"title\":\"absent\"}", "If-None-Match", "*");

    assertThat(done.statusCode()).isEqualTo(200);
    for (HttpResponse<String> refused : List.of(late, weak, absent)) {
      assertThat(refused.statusCode()).isEqualTo(412);
      assertProblem(refused);
    }
    assertThat(user.delete(path, "If-Match", etag).statusCode()).isEqualTo(412);
    assertThat(json(user.get(path))).isEqualTo(json(done));
    assertThat(user.send("PATCH", path, "{\"title\":\"any\"}", "If-Match", "*").statusCode())
        .isEqualTo(200);
    assertThat(user.send("PATCH", "/api/todos/" + "f".repeat(24), "{}", "If-Match", "*")
            .statusCode())
        .isEqualTo(404);
  }

  @Test
  void whatAnotherWriterChangesShowsInTheTag() {
    TodoClient user = service.newUser();
    HttpResponse<String> created = user.create("Buy milk");
    String path = header(created, "Location");
    try (MongoClient mongo = MongoClients.create(service.stores().mongoUri())) {
      mongo
          .getDatabase("todoapp")
          .getCollection("todos")
          .updateOne(
              Filters.eq("_id", new ObjectId(json(created).get("_id").textValue())),
              Updates.set("completed", true));
    }

    assertThat(header(user.get(path), "ETag")).isNotEqualTo(header(created, "ETag"));
    assertThat(user.delete(path, "If-Match", header(created, "ETag")).statusCode())
        .isEqualTo(412);
  }

  @Test
  void aDeletedTodoIsGoneAtOnceAndItsNotificationIsStillSent() {
    TodoClient user = service.newUser();
    HttpResponse<String> created = user.create("Buy milk");
    String path = header(created, "Location");
    user.list();

    HttpResponse<String> deleted = user.delete(path);

    assertThat(deleted.statusCode()).isEqualTo(204);
    assertThat(deleted.body()).isEmpty();
    assertThat(user.list().body()).isEqualTo("[]");
    assertThat(user.get(path).statusCode()).isEqualTo(404);
    assertThat(user.delete(path).statusCode()).isEqualTo(404);
    assertThat(user.send("PUT", path, "{\"title\":\"again\"}").statusCode()).isEqualTo(404);
    Await.until(
        "the notification is sent",
        () -> Notified.todos(service.stores().notifications())
            .contains(json(created).get("_id").textValue()));
    Await.until(
        "its end is told, as of any other",
        () -> json(user.get(jobPath(created))).path("state").asText().equals("completed"));
    assertThat(service.newUser().get(jobPath(created)).statusCode()).isEqualTo(404);
  }

  @Test
  void allThatIsDoneIsDeletedTogetherAndNothingWithoutSayingSo() {
    TodoClient user = service.newUser();
    user.create("open");
    user.post("/api/todos", "{\"title\":\"done 1\",\"completed\":true}");
    user.post("/api/todos", "{\"title\":\"done 2\",\"completed\":true}");
    user.list();

    HttpResponse<String> all = user.delete("/api/todos");
    HttpResponse<String> open = user.delete("/api/todos?completed=false");
    HttpResponse<String> done = user.delete("/api/todos?completed=true");

    assertThat(all.statusCode()).isEqualTo(422);
    assertThat(open.statusCode()).isEqualTo(422);
    assertThat(done.statusCode()).isEqualTo(200);
    assertThat(done.body()).isEqualTo("{\"deleted\":2}");
    assertThat(titles(user.list())).containsExactly("open");
  }

  @Test
  void listsAreFilteredAndPagedAndLinksKeepTheFilter() {
    TodoClient user = service.newUser();
    for (int i = 0; i < 5; i++) {
      user.post("/api/todos", "{\"title\":\"t" + i + "\",\"completed\":" + (i % 2 == 0) + "}");
    }
    List<String> read = new ArrayList<>();
    String next = "/api/todos?completed=true&limit=2";
    while (!next.equals("none")) {
      HttpResponse<String> page = user.get(next);
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(header(page, "X-Cache")).isEqualTo("BYPASS");
      assertThat(titles(page)).hasSizeLessThanOrEqualTo(2);
      read.addAll(titles(page));
      next = header(page, "Link").replaceFirst("^<([^>]+)>; rel=\"next\"$", "$1");
    }

    assertThat(read).containsExactly("t0", "t2", "t4");
    assertThat(titles(user.get("/api/todos?completed=false"))).containsExactly("t1", "t3");
    assertThat(header(user.get("/api/todos?limit=5"), "Link")).isEqualTo("none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "limit=0 | limit",
        "limit=1001 | limit",
        "limit=abc | limit",
        "limit=1&limit=2 | limit",
        "completed=yes | completed",
        "after=5 | after",
        "page=2 | page",
        "Limit=5 | Limit"
      })
  void aParameterThatIsUnknownOrWrongIs422AndNamed(String query, String name) {
    HttpResponse<String> answer = service.newUser().get("/api/todos?" + query);

    assertThat(answer.statusCode()).isEqualTo(422);
    assertProblem(answer);
    assertThat(json(answer).get("errors").findValuesAsText("field")).containsExactly(name);
  }

  @Test
  void anotherUsersTodoIs404Everywhere() {
    HttpResponse<String> created = service.newUser().create("mine");
    String path = header(created, "Location");
    TodoClient stranger = service.newUser();

    for (String item : List.of(path, "/api/todos/" + "f".repeat(24), "/api/todos/nonsense")) {
      for (HttpResponse<String> answer : List.of(
          stranger.get(item),
          stranger.send("PUT", item, "{\"title\":\"x\"}"),
          stranger.send("PATCH", item, "{}"),
          stranger.delete(item),
          stranger.get(jobPath(created)))) {
        assertThat(answer.statusCode()).isEqualTo(404);
        assertProblem(answer);
      }
      assertThat(service.anybody().get(item).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void oneIdempotencyKeyMakesOneTodoAndGetsOneAnswer() {
    TodoClient user = service.newUser();
    String milk = "{\"title\":\"Buy milk\"}";

    HttpResponse<String> first = user.post("/api/todos", milk, "Idempotency-Key", "key 1");
    user.delete(header(first, "Location"));
    HttpResponse<String> again = user.post("/api/todos", milk, "Idempotency-Key", "key 1");
    HttpResponse<String> other =
        user.post("/api/todos", "{\"title\":\"Buy oats\"}", "Idempotency-Key", "key 1");
    HttpResponse<String> next = user.post("/api/todos", milk, "Idempotency-Key", "key 2");

    assertThat(first.statusCode()).isEqualTo(201);
    assertThat(header(first, "Idempotency-Replayed")).isEqualTo("none");
    assertThat(again.statusCode()).isEqualTo(201);
    assertThat(header(again, "Idempotency-Replayed")).isEqualTo("true");
    assertThat(again.body()).isEqualTo(first.body());
    for (String name : List.of("Location", "Link", "ETag")) {
      assertThat(header(again, name)).isEqualTo(header(first, name));
    }
    assertThat(other.statusCode()).isEqualTo(422);
    assertProblem(other);
    assertThat(next.statusCode()).isEqualTo(201);
    assertThat(titles(user.list())).as("the first was deleted").containsExactly("Buy milk");
    assertThat(service
            .newUser()
            .post("/api/todos", milk, "Idempotency-Key", "key 1")
            .body())
        .isNotEqualTo(first.body());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 256})
  void anIdempotencyKeyHas1To255Characters(int length) {
    HttpResponse<String> answer = service
        .newUser()
        .post("/api/todos", "{\"title\":\"x\"}", "Idempotency-Key", "k".repeat(length));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertProblem(answer);
  }
}
