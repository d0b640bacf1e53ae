package io.github.scalingtoolkit.todo.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of one method at one path.
 *
 * @param template the path, {@code {name}} for a part that varies: the name of the route in metrics and logs
 * @param method the method
 * @param limited whether it counts towards the request limit
 * @param head runs first, on the IO thread; it may answer, or leave that to the next handler
 * @param blocking runs on a thread that may block; null if {@code head} always answers
 * @param body as {@code blocking}, with the request's JSON; null if the request has no body
 */
public record Route(
    String template,
    String method,
    boolean limited,
    @Nullable HttpHandler head,
    @Nullable HttpHandler blocking,
    @Nullable WithBody body) {

  /** Answers a request with a body. May block. */
  @FunctionalInterface
  public interface WithBody {
    /** Answers, or throws a {@link ProblemException}. */
    void handle(HttpServerExchange exchange, ObjectNode body) throws Exception;
  }

  /** Returns a GET route that never blocks and is never limited: for health. */
  public static Route unlimited(String template, HttpHandler handler) {
    return new Route(template, "GET", false, handler, null, null);
  }

  /** Returns a GET route that may block. */
  public static Route get(String template, HttpHandler handler) {
    return new Route(template, "GET", true, null, handler, null);
  }

  /** Returns a GET route that tries {@code quick} on the IO thread, and {@code handler} if that did not answer. */
  public static Route get(String template, HttpHandler quick, HttpHandler handler) {
    return new Route(template, "GET", true, quick, handler, null);
  }

  /** Returns a POST route whose body must be a JSON object; {@code first} may refuse before the body is read. */
  public static Route post(String template, @Nullable HttpHandler first, WithBody handler) {
    return new Route(template, "POST", true, first, null, handler);
  }
}
