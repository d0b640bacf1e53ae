package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.todo.domain.ETags;
import io.github.scalingtoolkit.todo.http.Accepted;
import io.github.scalingtoolkit.todo.http.FixedBody;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The Todo page: at {@code /} for a browser, its files under {@code /page}. Any other client gets an index of the requests
 * at {@code /}.
 *
 * <p>The page uses the public requests and nothing else. Its policy lets it load its own files and ask its own service alone.
 */
public final class PageRoutes {
  private static final String FOLDER = "/page/";
  private static final HttpString POLICY = new HttpString("Content-Security-Policy");
  private static final String OWN_FILES_ALONE =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";
  private static final byte[] INDEX =
      ("{\"name\":\"todo-api\",\"links\":{\"openapi\":\"/openapi.json\",\"health\":\"/health\","
              + "\"login\":\"/login\",\"todos\":\"/api/todos\"}}")
          .getBytes(StandardCharsets.UTF_8);

  private final File page;

  /**
   * Serves the page of this process.
   *
   * @param registration whether the page offers to register
   * @param demo whether the page tells the demo's user
   */
  public PageRoutes(boolean registration, boolean demo) {
    String html = new String(read("index.html"), StandardCharsets.UTF_8)
        .replace("data-registration=\"on\"", "data-registration=\"" + word(registration) + "\"")
        .replace("data-demo=\"on\"", "data-demo=\"" + word(demo) + "\"");
    page = File.of("text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(
        Route.unlimited("/", this::pageOrIndex).reading("If-None-Match"),
        file("todo.css", "text/css; charset=utf-8"),
        file("todo.js", "text/javascript; charset=utf-8"),
        file("icon.svg", "image/svg+xml"));
  }

  private void pageOrIndex(HttpServerExchange exchange) {
    exchange.getResponseHeaders().add(Headers.VARY, Headers.ACCEPT_STRING);
    if (Accepted.isPage(exchange)) {
      page.answer(exchange);
    } else {
      Respond.json(exchange, StatusCodes.OK, INDEX);
    }
  }

  private static Route file(String name, String type) {
    File file = File.of(type, read(name));
    return Route.unlimited(FOLDER + name, file::answer).reading("If-None-Match");
  }

  private static String word(boolean on) {
    return on ? "on" : "off";
  }

  private static byte[] read(String name) {
    try (InputStream resource = PageRoutes.class.getResourceAsStream("page/" + name)) {
      if (resource == null) {
        throw new IllegalStateException("there is no resource page/" + name);
      }
      return resource.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource page/" + name, e);
    }
  }

  private record File(FixedBody body) {
    static File of(String type, byte[] bytes) {
      return new File(new FixedBody(type, ETags.of(bytes), bytes));
    }

    void answer(HttpServerExchange exchange) {
      exchange
          .getResponseHeaders()
          .put(POLICY, OWN_FILES_ALONE)
          .put(Headers.CACHE_CONTROL, "no-cache");
      body.answer(exchange);
    }
  }
}
