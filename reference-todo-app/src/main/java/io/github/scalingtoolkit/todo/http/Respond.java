package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.util.function.Supplier;

/**
 * Writes answers. Every method may be called on an IO thread, and ends the exchange. None takes a thread of its own: that is
 * {@link Front}'s to give.
 */
public final class Respond {
  private static final String JSON = "application/json";
  private static final String PROBLEM_JSON = "application/problem+json";
  private static final long ENCODED_FROM_BYTES = 1024;
  /** A tenth of a millisecond or two. */
  private static final int MOST_ENCODED_ON_IO_THREAD = 16 * 1024;

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
    tagged(exchange, JSON, etag, json.length, () -> json, () -> Gzip.encode(json));
  }

  /**
   * Tells whether {@link #json(HttpServerExchange, String, byte[])} is quick enough for an IO thread, which has other
   * clients: false for what is large and must be compressed for this client.
   */
  public static boolean isQuick(HttpServerExchange exchange, String etag, byte[] json) {
    return json.length <= MOST_ENCODED_ON_IO_THREAD
        || !Gzip.isAccepted(exchange.getRequestHeaders().get(Headers.ACCEPT_ENCODING))
        || Preconditions.of(exchange).isKnown(etag);
  }

  /** Answers with what {@code plain} returns or, if the client accepts it, {@code encoded}: 304 if it has it. */
  static void tagged(
      HttpServerExchange exchange,
      String contentType,
      String etag,
      int length,
      Supplier<byte[]> plain,
      Supplier<byte[]> encoded) {
    boolean encodes = mayEncode(exchange, contentType, length);
    // A strong tag is for exactly these bytes, which an encoding changes.
    exchange.getResponseHeaders().put(Headers.ETAG, encodes ? "W/" + etag : etag);
    if (Preconditions.of(exchange).isKnown(etag)) {
      empty(exchange, StatusCodes.NOT_MODIFIED);
    } else {
      send(exchange, StatusCodes.OK, contentType, encodes ? encoded.get() : plain.get(), encodes);
    }
  }

  /**
   * Answers with encoded JSON that is never compressed, so that its {@code ETag} stays strong: 304 without a body if a GET's
   * client has it.
   *
   * @param etag with its quotes
   */
  public static void item(HttpServerExchange exchange, int status, String etag, byte[] json) {
    exchange.getResponseHeaders().put(Headers.ETAG, etag);
    String method = exchange.getRequestMethod().toString();
    boolean reads = method.equals("GET") || method.equals("HEAD");
    if (reads && Preconditions.of(exchange).isKnown(etag)) {
      empty(exchange, StatusCodes.NOT_MODIFIED);
    } else {
      send(exchange, status, JSON, json, false);
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
    boolean encodes = mayEncode(exchange, contentType, body.length);
    send(exchange, status, contentType, encodes ? Gzip.encode(body) : body, encodes);
  }

  private static void send(
      HttpServerExchange exchange, int status, String contentType, byte[] body, boolean encoded) {
    HeaderMap headers = exchange.getResponseHeaders();
    exchange.setStatusCode(status);
    headers.put(Headers.CONTENT_TYPE, contentType);
    if (encoded) {
      headers.put(Headers.CONTENT_ENCODING, "gzip");
    }
    exchange.setResponseContentLength(body.length);
    onIoThread(exchange, io -> io.getResponseSender().send(ByteBuffer.wrap(body)));
  }

  /** Tells whether to compress an answer, and tells caches if that depends on the request. */
  private static boolean mayEncode(HttpServerExchange exchange, String contentType, int length) {
    boolean worthIt = length >= ENCODED_FROM_BYTES
        && (contentType.startsWith(JSON)
            || contentType.startsWith(PROBLEM_JSON)
            || contentType.startsWith("text/"));
    if (!worthIt) {
      return false;
    }
    exchange.getResponseHeaders().add(Headers.VARY, Headers.ACCEPT_ENCODING_STRING);
    return Gzip.isAccepted(exchange.getRequestHeaders().get(Headers.ACCEPT_ENCODING));
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
}
