package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether the length of a request's body is known for sure. Undertow takes nearly every transfer coding for {@code
 * chunked}; a proxy in front that does not would see other requests on the connection than this service.
 */
public final class Framing {
  private static final String CHUNKED = "chunked";

  private Framing() {}

  /** Returns why the request must be refused and its connection closed; null if it need not. */
  public static @Nullable Problem refusal(HttpServerExchange exchange) {
    HeaderValues lines = exchange.getRequestHeaders().get(Headers.TRANSFER_ENCODING);
    if (lines == null) {
      return null;
    }
    List<String> codings = HeaderLists.elements(lines).stream()
        .map(coding -> coding.toLowerCase(Locale.ROOT))
        .toList();
    if (exchange.isHttp10() || codings.isEmpty()) {
      return malformed("HTTP/1.0 has no Transfer-Encoding, and an empty one says nothing.");
    }
    int first = codings.indexOf(CHUNKED);
    if (first >= 0 && (first < codings.size() - 1 || Collections.frequency(codings, CHUNKED) > 1)) {
      return malformed("The transfer coding chunked must be the last one, and once.");
    }
    return codings.size() == 1 && first == 0
        ? null
        : Problem.of(StatusCodes.NOT_IMPLEMENTED, "Transfer coding not implemented")
            .detail("The only transfer coding is chunked.");
  }

  private static Problem malformed(String detail) {
    return Problem.of(StatusCodes.BAD_REQUEST, "Malformed request").detail(detail);
  }
}
