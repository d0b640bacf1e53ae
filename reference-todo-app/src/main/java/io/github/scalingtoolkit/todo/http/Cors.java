package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides which pages of other origins may read answers. Tokens are bearer tokens and there are no cookies, so all may. */
public final class Cors {
  private static final HttpString ALLOW_ORIGIN = new HttpString("Access-Control-Allow-Origin");
  private static final HttpString EXPOSE = new HttpString("Access-Control-Expose-Headers");
  private static final HttpString ALLOW_METHODS = new HttpString("Access-Control-Allow-Methods");
  private static final HttpString ALLOW_HEADERS = new HttpString("Access-Control-Allow-Headers");
  private static final HttpString MAX_AGE = new HttpString("Access-Control-Max-Age");
  private static final HttpString REQUEST_METHOD = new HttpString("Access-Control-Request-Method");
  private static final String EXPOSED =
      "X-Cache, Link, ETag, Location, Retry-After, RateLimit, RateLimit-Policy";

  private final Set<String> origins;
  private final boolean everyone;

  /** Allows {@code origins}; {@code *} among them allows all. */
  public Cors(Set<String> origins) {
    this.origins = Set.copyOf(origins);
    everyone = origins.contains("*");
  }

  /** Adds the CORS headers to an answer. */
  public void addHeaders(HttpServerExchange exchange) {
    HeaderMap answer = exchange.getResponseHeaders();
    if (everyone) {
      answer.put(ALLOW_ORIGIN, "*");
    } else {
      answer.add(Headers.VARY, "Origin");
      String origin = exchange.getRequestHeaders().getFirst(Headers.ORIGIN);
      if (origin == null || !origins.contains(origin)) {
        return;
      }
      answer.put(ALLOW_ORIGIN, origin);
    }
    answer.put(EXPOSE, EXPOSED);
  }

  boolean isPreflight(HttpServerExchange exchange) {
    return exchange.getRequestMethod().equalToString("OPTIONS")
        && exchange.getRequestHeaders().contains(Headers.ORIGIN)
        && exchange.getRequestHeaders().contains(REQUEST_METHOD);
  }

  void addPreflightHeaders(HttpServerExchange exchange, String methods, @Nullable Route asked) {
    HeaderMap answer = exchange.getResponseHeaders();
    answer.put(ALLOW_METHODS, methods);
    List<String> headers = new ArrayList<>(List.of("Authorization", "X-Request-Id"));
    if (asked != null) {
      if (asked.body() != null) {
        headers.add("Content-Type");
      }
      headers.addAll(asked.headers());
    }
    answer.put(ALLOW_HEADERS, String.join(", ", headers));
    answer.put(MAX_AGE, "600");
  }

  /** Returns the method that a preflight asks for. */
  static String askedMethod(HttpServerExchange preflight) {
    String asked = preflight.getRequestHeaders().getFirst(REQUEST_METHOD);
    return asked == null ? "" : asked.strip();
  }
}
