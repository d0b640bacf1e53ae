package io.github.scalingtoolkit.todo.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of one method at one path.
 *
 * @param template the path, {@code {name}} for a part that varies: the name of the route in metrics and logs
 * @param method the method
 * @param limited whether it counts towards the limit of requests in progress
 * @param admission who may send it
 * @param quick may answer on the IO thread; null if none does
 * @param blocking runs on a thread that may block, if {@code quick} has not answered; null if {@code quick} always answers
 * @param body as {@code blocking}, with the request's JSON; null if the request has no body
 * @param mediaTypes the types that a body may have
 * @param headers the request's headers that it reads, beyond those that every route does: pages of other origins may send
 *     them
 */
public record Route(
    String template,
    String method,
    boolean limited,
    Admission admission,
    @Nullable Quick quick,
    @Nullable HttpHandler blocking,
    @Nullable WithBody body,
    List<String> mediaTypes,
    List<String> headers) {
  private static final List<String> JSON = List.of("application/json");

  /** Copies the lists. */
  public Route {
    mediaTypes = List.copyOf(mediaTypes);
    headers = List.copyOf(headers);
  }

  /** Answers on the IO thread, if it can without waiting. Must not block. */
  @FunctionalInterface
  public interface Quick {
    /** Returns whether it has answered. */
    boolean answers(HttpServerExchange exchange) throws Exception;
  }

  /** Answers a request with a body. May block. */
  @FunctionalInterface
  public interface WithBody {
    /** Answers, or throws a {@link ProblemException}. */
    void handle(HttpServerExchange exchange, ObjectNode body) throws Exception;
  }

  /** Returns a GET route for everybody that never blocks and is never limited: for health. */
  public static Route unlimited(String template, HttpHandler handler) {
    Quick always = exchange -> {
      handler.handleRequest(exchange);
      return true;
    };
    return new Route(
        template, "GET", false, Admission.EVERYBODY, always, null, null, List.of(), List.of());
  }

  /** Returns a GET route that may block. */
  public static Route get(String template, Admission admission, HttpHandler handler) {
    return new Route(template, "GET", true, admission, null, handler, null, List.of(), List.of());
  }

  /** Returns a GET route that tries {@code quick} on the IO thread, and {@code handler} if that does not answer. */
  public static Route get(String template, Admission admission, Quick quick, HttpHandler handler) {
    return new Route(template, "GET", true, admission, quick, handler, null, List.of(), List.of());
  }

  /** Returns a DELETE route that may block. */
  public static Route delete(String template, Admission admission, HttpHandler handler) {
    return new Route(
        template, "DELETE", true, admission, null, handler, null, List.of(), List.of());
  }

  /** Returns a POST route whose body must be a JSON object. */
  public static Route post(String template, Admission admission, WithBody handler) {
    return new Route(template, "POST", true, admission, null, null, handler, JSON, List.of());
  }

  /** Returns a PUT route; otherwise as {@link #post}. */
  public static Route put(String template, Admission admission, WithBody handler) {
    return new Route(template, "PUT", true, admission, null, null, handler, JSON, List.of());
  }

  /** Returns a PATCH route, which takes a JSON merge patch as well; otherwise as {@link #post}. */
  public static Route patch(String template, Admission admission, WithBody handler) {
    return new Route(
        template,
        "PATCH",
        true,
        admission,
        null,
        null,
        handler,
        List.of("application/json", "application/merge-patch+json"),
        List.of());
  }

  /** Template and method tell routes apart: it is hashed at every request. */
  @Override
  public int hashCode() {
    return 31 * template.hashCode() + method.hashCode();
  }

  /** Returns this route, which reads these headers as well. */
  public Route reading(String... headers) {
    return new Route(
        template, method, limited, admission, quick, blocking, body, mediaTypes, List.of(headers));
  }
}
