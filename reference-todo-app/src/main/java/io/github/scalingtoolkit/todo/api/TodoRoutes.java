package io.github.scalingtoolkit.todo.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Cached;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoInput;
import io.github.scalingtoolkit.todo.domain.TodoJson;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.Problem.FieldError;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The user's list, and a new todo on it.
 *
 * <p>A list that is in this process' memory is answered on the IO thread: the token is verified, and ready bytes are
 * written. Everything else runs on a thread that may block.
 */
public final class TodoRoutes {
  private static final HttpString X_CACHE = new HttpString("X-Cache");
  private static final HttpString LINK = new HttpString("Link");

  private final Gate gate;
  private final CacheAside<UserId, ListPage> lists;
  private final boolean readsCache;
  private final TodoStore store;
  private final NewTodos newTodos;

  /** Answers from {@code lists}, unless {@code readsCache} is false, and {@code store}. */
  public TodoRoutes(
      Gate gate,
      CacheAside<UserId, ListPage> lists,
      boolean readsCache,
      TodoStore store,
      NewTodos newTodos) {
    this.gate = gate;
    this.lists = lists;
    this.readsCache = readsCache;
    this.store = store;
    this.newTodos = newTodos;
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(
        Route.get("/api/todos", this::listFromMemory, this::list),
        Route.post("/api/todos", gate::admit, this::create));
  }

  private void listFromMemory(HttpServerExchange exchange) {
    UserId user = gate.admit(exchange);
    if (!readsCache || exchange.getQueryParameters().containsKey("after")) {
      return;
    }
    Cached<ListPage> cached = lists.peekLocal(user);
    if (cached != null && cached.value() != null) {
      answer(exchange, cached.value(), "HIT");
    }
  }

  private void list(HttpServerExchange exchange) {
    UserId user = Gate.user(exchange);
    TodoId after = after(exchange);
    if (!readsCache || after != null) {
      ListPage page = StoreProblems.answered(
          () -> ListPage.of(store.listByUser(user, TodoStore.MAX_PAGE, after)));
      answer(exchange, page, "BYPASS");
      return;
    }
    Cached<ListPage> cached =
        StoreProblems.answered(() -> lists.lookup(user, owner -> ListPage.first(store, owner)));
    ListPage page = cached.value();
    if (page == null) {
      throw new IllegalStateException("a list was loaded as null");
    }
    answer(
        exchange,
        page,
        switch (cached.outcome()) {
          case L1_HIT, L2_HIT -> "HIT";
          case LOADED -> "MISS";
          case BYPASS -> "BYPASS";
        });
  }

  private static void answer(HttpServerExchange exchange, ListPage page, String cache) {
    exchange.getResponseHeaders().put(X_CACHE, cache);
    if (page.next() != null) {
      exchange
          .getResponseHeaders()
          .put(LINK, "</api/todos?after=" + page.next() + ">; rel=\"next\"");
    }
    Respond.json(exchange, page.etag(), page.json());
  }

  private static @Nullable TodoId after(HttpServerExchange exchange) {
    Deque<String> given = exchange.getQueryParameters().get("after");
    if (given == null) {
      return null;
    }
    return TodoId.parse(given.getFirst())
        .orElseThrow(() -> new ProblemException(
            Problem.invalid(List.of(new FieldError("after", "must be an id of 24 hex digits")))));
  }

  private void create(HttpServerExchange exchange, ObjectNode body) {
    TodoInput input = TodoInput.read(body);
    if (input instanceof TodoInput.Invalid invalid) {
      throw new ProblemException(Problem.invalid(invalid.errors().stream()
          .map(error -> new FieldError(error.field(), error.message()))
          .toList()));
    }
    UserId user = Gate.user(exchange);
    Todo todo =
        StoreProblems.answered(() -> newTodos.create(user, ((TodoInput.Valid) input).todo()));
    exchange
        .getResponseHeaders()
        .put(Headers.LOCATION, "/api/todos/" + todo.id().hex())
        .put(LINK, "</api/jobs/" + JobId.of(todo.id()).text() + ">; rel=\"status\"");
    Respond.json(exchange, StatusCodes.CREATED, TodoJson.write(todo));
  }
}
