package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Gives each answer the id that its request came with, or one of its own. */
public final class RequestIds {
  static final HttpString HEADER = new HttpString("X-Request-Id");
  private static final int MOST_CHARACTERS = 64;

  private RequestIds() {}

  /** Puts the id into the answer. */
  public static void addTo(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(HEADER, of(exchange.getRequestHeaders().getFirst(HEADER)));
  }

  private static String of(@Nullable String given) {
    if (given != null
        && !given.isEmpty()
        && given.length() <= MOST_CHARACTERS
        && given.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      return given;
    }
    // Unique is enough: it need not be unguessable, and a secure random number costs more than the
    // routing.
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return HexFormat.of().toHexDigits(random.nextLong())
        + HexFormat.of().toHexDigits(random.nextLong());
  }
}
