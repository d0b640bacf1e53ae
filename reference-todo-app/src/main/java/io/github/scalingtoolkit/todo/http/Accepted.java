package io.github.scalingtoolkit.todo.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.util.Locale;

/** What kind of answer a client prefers, by its {@code Accept} header. */
public final class Accepted {
  private Accepted() {}

  /**
   * Tells whether the client is a browser that opens a page: it names {@code text/html}, and JSON with no more weight.
   * Wildcards say nothing: programs send them.
   */
  public static boolean isPage(HttpServerExchange exchange) {
    double html = 0;
    double json = 0;
    for (String element : HeaderLists.elements(exchange.getRequestHeaders().get(Headers.ACCEPT))) {
      String[] parts = element.split(";", -1);
      switch (parts[0].strip().toLowerCase(Locale.ROOT)) {
        case "text/html" -> html = HeaderLists.weight(parts);
        case "application/json" -> json = HeaderLists.weight(parts);
        default -> {}
      }
    }
    return html > 0 && html >= json;
  }
}
