package io.github.scalingtoolkit.todo.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.todo.domain.Changed;
import io.github.scalingtoolkit.todo.domain.ETags;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoInput;
import io.github.scalingtoolkit.todo.domain.TodoJson;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Admission;
import io.github.scalingtoolkit.todo.http.Preconditions;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.Problem.FieldError;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.http.Router;
import io.github.scalingtoolkit.todo.todos.TodoReads;
import io.github.scalingtoolkit.todo.todos.TodoWrites;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.function.Predicate;

/** One todo: reading, replacing, changing and deleting it, each under the conditions that the client sets. */
public final class TodoItemRoutes {
  /** Caches may keep the answer for this client, and must ask whether it still holds. */
  static final String ASK_EACH_TIME = "private, no-cache";

  private static final String PATH = TodoRoutes.PATH + "/{id}";

  private final Gate gate;
  private final TodoReads reads;
  private final TodoWrites writes;

  /** Reads by {@code reads}, writes by {@code writes}. */
  public TodoItemRoutes(Gate gate, TodoReads reads, TodoWrites writes) {
    this.gate = gate;
    this.reads = reads;
    this.writes = writes;
  }

  /** Returns the routes. */
  public List<Route> routes() {
    String[] conditions = {"If-Match", "If-None-Match"};
    Admission admission = Query.none(gate);
    return List.of(
        Route.get(PATH, admission, this::get).reading("If-None-Match"),
        Route.put(PATH, admission, this::put).reading(conditions),
        Route.patch(PATH, admission, this::patch).reading(conditions),
        Route.delete(PATH, admission, this::delete).reading(conditions));
  }

  private void get(HttpServerExchange exchange) {
    UserId user = Gate.user(exchange);
    TodoId id = id(exchange);
    answer(
        exchange,
        StoreProblems.read(() -> reads.find(user, id)).orElseThrow(TodoItemRoutes::notFound));
  }

  private void put(HttpServerExchange exchange, ObjectNode body) {
    TodoInput input = TodoInput.read(body);
    if (!(input instanceof TodoInput.Valid valid)) {
      throw refused(input);
    }
    change(exchange, TodoChange.replacingAll(valid.todo()));
  }

  private void patch(HttpServerExchange exchange, ObjectNode body) {
    TodoInput input = TodoInput.readPatch(body);
    if (!(input instanceof TodoInput.Patch patch)) {
      throw refused(input);
    }
    change(exchange, patch.change());
  }

  private void change(HttpServerExchange exchange, TodoChange change) {
    UserId user = Gate.user(exchange);
    TodoId id = id(exchange);
    Changed changed =
        StoreProblems.written(() -> writes.change(user, id, change, allowed(exchange)));
    answer(exchange, done(changed));
  }

  private void delete(HttpServerExchange exchange) {
    UserId user = Gate.user(exchange);
    TodoId id = id(exchange);
    done(StoreProblems.written(() -> writes.delete(user, id, allowed(exchange))));
    Respond.empty(exchange, StatusCodes.NO_CONTENT);
  }

  private static Predicate<Todo> allowed(HttpServerExchange exchange) {
    Preconditions conditions = Preconditions.of(exchange);
    return conditions.isNeeded()
        ? todo -> conditions.allowChange(ETags.of(TodoJson.write(todo)))
        : TodoStore.ALWAYS;
  }

  private static Todo done(Changed changed) {
    if (changed instanceof Changed.Done done) {
      return done.todo();
    }
    if (changed instanceof Changed.Missing) {
      throw notFound();
    }
    throw new ProblemException(Problem.of(StatusCodes.PRECONDITION_FAILED, "Precondition failed")
        .detail(
            "The todo is not in the state that If-Match or If-None-Match names. Get it again."));
  }

  private static void answer(HttpServerExchange exchange, Todo todo) {
    byte[] json = TodoJson.write(todo);
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, ASK_EACH_TIME);
    Respond.item(exchange, StatusCodes.OK, ETags.of(json), json);
  }

  private static TodoId id(HttpServerExchange exchange) {
    return TodoId.parse(Router.parameter(exchange, "id")).orElseThrow(TodoItemRoutes::notFound);
  }

  private static ProblemException notFound() {
    return new ProblemException(Problem.notFound());
  }

  /** Returns the 422 that names what is wrong with {@code input}. */
  static ProblemException refused(TodoInput input) {
    if (!(input instanceof TodoInput.Invalid invalid)) {
      throw new IllegalStateException("there is nothing wrong with the input");
    }
    return new ProblemException(Problem.invalid(invalid.errors().stream()
        .map(error -> new FieldError(error.field(), error.message()))
        .toList()));
  }
}
