package io.github.scalingtoolkit.todo.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.todo.domain.ETags;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.KeyedCreate;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoInput;
import io.github.scalingtoolkit.todo.domain.TodoJson;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.todos.ListPage;
import io.github.scalingtoolkit.todo.todos.TodoReads;
import io.github.scalingtoolkit.todo.todos.TodoReads.Listed;
import io.github.scalingtoolkit.todo.todos.TodoReads.Source;
import io.github.scalingtoolkit.todo.todos.TodoWrites;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The user's list: reading it, adding to it, and clearing what is done.
 *
 * <p>A list that is in this process' memory is answered on the IO thread: the token is verified, and ready bytes are
 * written. Everything else runs on a thread that may block, also a large list that has to be compressed.
 */
public final class TodoRoutes {
  /** The path of the list. */
  static final String PATH = "/api/todos";

  private static final HttpString X_CACHE = new HttpString("X-Cache");
  private static final HttpString LINK = new HttpString("Link");
  private static final HttpString IDEMPOTENCY_KEY = new HttpString("Idempotency-Key");
  private static final HttpString REPLAYED = new HttpString("Idempotency-Replayed");
  private static final int MOST_KEY_CHARACTERS = 255;
  /** A list that memory had, and that takes too long for the thread that found it. */
  private static final AttachmentKey<ListPage> IN_MEMORY = AttachmentKey.create(ListPage.class);

  private final Gate gate;
  private final TodoReads reads;
  private final TodoWrites writes;

  /** Answers with what {@code reads} returns, and writes by {@code writes}. */
  public TodoRoutes(Gate gate, TodoReads reads, TodoWrites writes) {
    this.gate = gate;
    this.reads = reads;
    this.writes = writes;
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(
        Route.get(PATH, gate::admit, this::listFromMemory, this::list).reading("If-None-Match"),
        Route.post(PATH, Query.none(gate), this::create).reading("Idempotency-Key"),
        Route.delete(PATH, gate::admit, this::deleteCompleted));
  }

  private boolean listFromMemory(HttpServerExchange exchange) {
    ListPage page = Query.isEmpty(exchange) ? reads.listInMemory(Gate.user(exchange)) : null;
    if (page == null) {
      return false;
    }
    if (!Respond.isQuick(exchange, page.etag(), page.json())) {
      exchange.putAttachment(IN_MEMORY, page);
      return false;
    }
    answer(exchange, new Listed(page, Source.HIT), "");
    return true;
  }

  private void list(HttpServerExchange exchange) {
    UserId user = Gate.user(exchange);
    if (Query.isEmpty(exchange)) {
      ListPage found = exchange.getAttachment(IN_MEMORY);
      answer(
          exchange,
          found == null
              ? StoreProblems.read(() -> reads.list(user))
              : new Listed(found, Source.HIT),
          "");
      return;
    }
    Query query = Query.of(exchange, "completed", "limit", "after");
    Boolean completed = query.flag("completed");
    Integer limit = query.number("limit", 1, TodoStore.MAX_PAGE);
    TodoId after = query.read(
        "after", "must be an id of 24 hex digits", text -> TodoId.parse(text).orElse(null));
    query.check();
    int most = limit == null ? TodoStore.MAX_PAGE : limit;
    answer(
        exchange,
        StoreProblems.read(() -> reads.page(user, most, after, completed)),
        (completed == null ? "" : "&completed=" + completed)
            + (limit == null ? "" : "&limit=" + limit));
  }

  private static void answer(HttpServerExchange exchange, Listed listed, String furtherParameters) {
    ListPage page = listed.page();
    exchange
        .getResponseHeaders()
        .put(X_CACHE, listed.source().name())
        .put(Headers.CACHE_CONTROL, TodoItemRoutes.ASK_EACH_TIME);
    if (page.next() != null) {
      exchange
          .getResponseHeaders()
          .put(LINK, "<" + PATH + "?after=" + page.next() + furtherParameters + ">; rel=\"next\"");
    }
    Respond.json(exchange, page.etag(), page.json());
  }

  private void create(HttpServerExchange exchange, ObjectNode body) {
    String key = key(exchange);
    TodoInput input = TodoInput.read(body);
    if (!(input instanceof TodoInput.Valid valid)) {
      throw TodoItemRoutes.refused(input);
    }
    UserId user = Gate.user(exchange);
    if (key == null) {
      created(exchange, StoreProblems.created(() -> writes.create(user, valid.todo())));
      return;
    }
    KeyedCreate outcome = StoreProblems.created(() -> writes.createOnce(user, key, valid.todo()));
    if (outcome instanceof KeyedCreate.Made made) {
      created(exchange, made.todo());
    } else if (outcome instanceof KeyedCreate.Repeated repeated) {
      exchange.getResponseHeaders().put(REPLAYED, "true");
      created(exchange, repeated.todo());
    } else if (outcome instanceof KeyedCreate.OtherRequest) {
      throw new ProblemException(Problem.of(
              StatusCodes.UNPROCESSABLE_ENTITY, "Idempotency-Key used before")
          .detail("The key belongs to a request with another body. Use a new key for each todo."));
    } else {
      throw new ProblemException(Problem.of(StatusCodes.CONFLICT, "Request under way")
          .detail("A request with this Idempotency-Key has not ended. Repeat this one later.")
          .retryAfter(Duration.ofSeconds(1)));
    }
  }

  private static void created(HttpServerExchange exchange, Todo todo) {
    byte[] json = TodoJson.write(todo);
    exchange
        .getResponseHeaders()
        .put(Headers.LOCATION, PATH + "/" + todo.id().hex())
        .put(LINK, "</api/jobs/" + JobId.of(todo.id()).text() + ">; rel=\"status\"");
    Respond.item(exchange, StatusCodes.CREATED, ETags.of(json), json);
  }

  private static @Nullable String key(HttpServerExchange exchange) {
    HeaderValues given = exchange.getRequestHeaders().get(IDEMPOTENCY_KEY);
    if (given == null) {
      return null;
    }
    String key = given.size() == 1 ? given.getFirst() : "";
    boolean printable = key.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    if (key.isBlank() || key.length() > MOST_KEY_CHARACTERS || !printable) {
      throw new ProblemException(Problem.of(StatusCodes.BAD_REQUEST, "Malformed Idempotency-Key")
          .detail("It must be one header of 1 to " + MOST_KEY_CHARACTERS
              + " printable ASCII characters."));
    }
    return key;
  }

  private void deleteCompleted(HttpServerExchange exchange) {
    Query query = Query.of(exchange, "completed");
    query.read("completed", "must be true", text -> text.equals("true") ? Boolean.TRUE : null);
    if (!exchange.getQueryParameters().containsKey("completed")) {
      query.wrong("completed", "is required: only todos that are done can be deleted together");
    }
    query.check();
    UserId user = Gate.user(exchange);
    int deleted = StoreProblems.written(() -> writes.deleteCompleted(user));
    Respond.json(
        exchange,
        StatusCodes.OK,
        ("{\"deleted\":" + deleted + "}").getBytes(StandardCharsets.UTF_8));
  }
}
