package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.encoding.AllowedContentEncodings;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Writes answers. Every method may be called on an IO thread, and ends the exchange. */
public final class Respond {
  private static final String JSON = "application/json";
  private static final String PROBLEM_JSON = "application/problem+json";
  private static final long ENCODED_FROM_BYTES = 1024;

  private Respond() {}

  /** Answers with encoded JSON. The array must not change afterwards. */
  public static void json(HttpServerExchange exchange, int status, byte[] json) {
    send(exchange, status, JSON, json);
  }

  /** Answers with a problem. */
  public static void problem(HttpServerExchange exchange, Problem problem) {
    problem
        .headers()
        .forEach((name, value) -> exchange.getResponseHeaders().put(new HttpString(name), value));
    send(exchange, problem.status(), PROBLEM_JSON, problem.json());
  }

  /**
   * Answers with encoded JSON and its strong {@code ETag}, which is weak if the answer is compressed: 304 without a body
   * if the client has it.
   *
   * @param etag with its quotes
   */
  public static void json(HttpServerExchange exchange, String etag, byte[] json) {
    head(exchange, StatusCodes.OK, JSON, json.length);
    AllowedContentEncodings codings =
        exchange.getAttachment(AllowedContentEncodings.ATTACHMENT_KEY);
    boolean encoded =
        codings != null && !codings.getCurrentContentEncoding().equals(Headers.IDENTITY.toString());
    // A strong tag is for exactly these bytes, which an encoding changes.
    exchange.getResponseHeaders().put(Headers.ETAG, encoded ? "W/" + etag : etag);
    String known = exchange.getRequestHeaders().getFirst(Headers.IF_NONE_MATCH);
    if (known != null && matches(known, etag)) {
      exchange.getResponseHeaders().remove(Headers.CONTENT_TYPE);
      exchange.getResponseHeaders().remove(Headers.CONTENT_LENGTH);
      empty(exchange, StatusCodes.NOT_MODIFIED);
    } else {
      body(exchange, json);
    }
  }

  /** Answers without a body. */
  public static void empty(HttpServerExchange exchange, int status) {
    exchange.setStatusCode(status);
    onIoThread(exchange, HttpServerExchange::endExchange);
  }

  /** Answers with a complete body of another type. */
  public static void send(
      HttpServerExchange exchange, int status, String contentType, byte[] body) {
    head(exchange, status, contentType, body.length);
    body(exchange, body);
  }

  /** Tells whether an answer may be compressed if the client asks for it. */
  static boolean isWorthEncoding(@Nullable String contentType, long length) {
    return length >= ENCODED_FROM_BYTES
        && contentType != null
        && (contentType.startsWith(JSON)
            || contentType.startsWith(PROBLEM_JSON)
            || contentType.startsWith("text/"));
  }

  private static void head(
      HttpServerExchange exchange, int status, String contentType, int length) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, contentType);
    exchange.setResponseContentLength(length);
    if (isWorthEncoding(contentType, length)) {
      exchange.getResponseHeaders().add(Headers.VARY, Headers.ACCEPT_ENCODING_STRING);
    }
  }

  private static void body(HttpServerExchange exchange, byte[] body) {
    onIoThread(exchange, io -> io.getResponseSender().send(ByteBuffer.wrap(body)));
  }

  /**
   * Ends an exchange on the thread that reads its connection. On another thread the client's next request may arrive before the
   * exchange is finished, and then the connection's thread spins until the other thread gets the CPU again.
   */
  private static void onIoThread(HttpServerExchange exchange, HttpHandler end) {
    if (exchange.isInIoThread()) {
      try {
        end.handleRequest(exchange);
      } catch (Exception impossible) {
        throw new IllegalStateException(impossible);
      }
    } else {
      exchange.dispatch(exchange.getIoThread(), end);
    }
  }

  private static boolean matches(String known, String etag) {
    for (String candidate : known.split(",")) {
      String tag = candidate.strip();
      // If-None-Match compares weakly (RFC 9110, 13.1.2).
      if (tag.equals("*")
          || tag.equals(etag)
          || (tag.startsWith("W/") && tag.substring(2).equals(etag))) {
        return true;
      }
    }
    return false;
  }
}
