package io.github.scalingtoolkit.todo.run;

import static io.github.scalingtoolkit.todo.run.Problems.assertProblem;
import static io.github.scalingtoolkit.todo.run.TodoClient.header;
import static io.github.scalingtoolkit.todo.run.TodoClient.json;
import static io.github.scalingtoolkit.todo.run.TodoClient.titles;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What todobackend.com asks of a backend, with a token. It differs in two things, by contract: the address of a todo is the
 * {@code Location} of its create, not a field {@code url}, and what can be deleted together is what is done.
 */
class TodoBackendTest {
  @TempDir
  private static Path directory;

  private static TestService service;

  @BeforeAll
  static void start() {
    service = TestService.start(directory);
    // The first requests of a process on a busy machine may take longer than a request may.
    TodoClient first = service.newUser();
    Await.until("it serves", () -> first.create("walk the dog").statusCode() == 201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private final TodoClient user = service.newUser();

  @Test
  void theListAnswersAGetAndIsEmptyAtFirst() {
    HttpResponse<String> list = user.list();

    assertThat(list.statusCode()).isEqualTo(200);
    assertThat(list.body()).isEqualTo("[]");
  }

  @Test
  void otherOriginsMayUseIt() {
    HttpResponse<String> list = user.get("/api/todos", "Origin", "https://todobackend.com");

    assertThat(header(list, "Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(header(list, "Access-Control-Expose-Headers")).contains("Location");
  }

  @Test
  void aPostAnswersWithTheTodoThatIsNotDoneAndIsInTheListThen() {
    HttpResponse<String> created = user.create("walk the dog");

    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).get("title").textValue()).isEqualTo("walk the dog");
    assertThat(json(created).get("completed").booleanValue()).isFalse();
    assertThat(titles(user.list())).containsExactly("walk the dog");
  }

  @Test
  void aTodoHasAnAddressInTheListAsWell() {
    String path = header(user.create("walk the dog"), "Location");

    HttpResponse<String> item = user.get(path);

    assertThat(item.statusCode()).isEqualTo(200);
    assertThat(json(item).get("title").textValue()).isEqualTo("walk the dog");
    assertThat("/api/todos/" + json(user.list()).get(0).get("_id").textValue()).isEqualTo(path);
  }

  @ParameterizedTest
  @CsvSource({
    "title, '\"bathe the cat\"'",
    "completed, true",
    "order, 95",
  })
  void aPatchOfItsAddressChangesATodoForGood(String field, String value) {
    String path = header(user.create("walk the dog"), "Location");

    HttpResponse<String> changed = user.send("PATCH", path, "{\"" + field + "\":" + value + "}");

    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(json(changed).get(field)).hasToString(value);
    assertThat(json(user.get(path))).isEqualTo(json(changed));
    assertThat(json(user.list()).get(0)).isEqualTo(json(changed));
  }

  @Test
  void aTodoCanBeMadeWithAnOrderAndKeepsItWhenItsTitleChanges() {
    HttpResponse<String> created =
        user.post("/api/todos", "{\"title\":\"walk the dog\",\"order\":523}");
    String path = header(created, "Location");

    user.send("PATCH", path, "{\"title\":\"bathe the cat\"}");

    assertThat(json(created).get("order").intValue()).isEqualTo(523);
    assertThat(json(user.get(path)).get("order").intValue()).isEqualTo(523);
  }

  @Test
  void aDeletedTodoIsGoneAndTheOthersAreNot() {
    String path = header(user.create("walk the dog"), "Location");
    user.create("bathe the cat");

    assertThat(user.delete(path).statusCode()).isEqualTo(204);

    assertThat(user.get(path).statusCode()).isEqualTo(404);
    assertThat(titles(user.list())).containsExactly("bathe the cat");
  }

  @Test
  void whatIsDoneIsDeletedTogetherAndNeverAllByMistake() {
    user.create("walk the dog");
    user.post("/api/todos", "{\"title\":\"bathe the cat\",\"completed\":true}");

    HttpResponse<String> all = user.delete("/api/todos");
    HttpResponse<String> done = user.delete("/api/todos?completed=true");

    assertThat(all.statusCode()).isEqualTo(422);
    assertProblem(all);
    assertThat(json(done).get("deleted").intValue()).isOne();
    assertThat(titles(user.list())).containsExactly("walk the dog");
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /api/todos",
    "POST, /api/todos",
    "DELETE, /api/todos?completed=true",
    "GET, item",
    "PUT, item",
    "PATCH, item",
    "DELETE, item",
    "GET, /api/jobs/n-6560f0c0a1b2c3d4e5f60718",
    "GET, /me",
  })
  void withoutATokenEveryRequestIs401AndChangesNothing(String method, String place) {
    String item = header(user.create("walk the dog"), "Location");
    String path = place.equals("item") ? item : place;

    HttpResponse<String> none = service.anybody().send(method, path, "{\"title\":\"x\"}");
    HttpResponse<String> wrong =
        new TodoClient(service.anybody().port(), "no.such.token").send(method, path, "{}");

    assertThat(none.statusCode()).isEqualTo(401);
    assertThat(json(none).get("error").textValue()).isEqualTo("No token");
    assertThat(header(none, "WWW-Authenticate")).isEqualTo("Bearer");
    assertThat(wrong.statusCode()).isEqualTo(401);
    assertThat(json(wrong).get("error").textValue()).isEqualTo("Invalid token");
    assertProblem(none);
    assertThat(titles(user.list())).containsExactly("walk the dog");
  }
}
