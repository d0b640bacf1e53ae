package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.http.Admission;
import io.github.scalingtoolkit.todo.http.FixedBody;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The routes that need neither a token nor a store: hello, health, and what the service offers. */
public final class PublicRoutes {
  private static final DateTimeFormatter MILLIS =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private final Clock clock;
  private final boolean registration;
  private volatile @Nullable FixedBody openApi;
  private final long startedNanos;

  /**
   * Tells the time of {@code clock}.
   *
   * @param registration whether the service is described with registration
   */
  public PublicRoutes(Clock clock, boolean registration) {
    this.clock = clock;
    this.registration = registration;
    startedNanos = clock.nanoTime();
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(
        Route.get("/openapi.json", Admission.EVERYBODY, this::openApi).reading("If-None-Match"),
        Route.unlimited("/hello", this::hello),
        Route.unlimited("/health", this::health),
        Route.unlimited("/api/health", this::health));
  }

  private void openApi(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-cache");
    FixedBody described = openApi;
    if (described == null) {
      // Made when it is asked for: a start must not take the time, nor must an IO thread.
      described = OpenApi.of(registration);
      openApi = described;
    }
    described.answer(exchange);
  }

  private void hello(HttpServerExchange exchange) {
    json(
        exchange,
        "{\"message\":\"Hello Scalable World!\",\"timestamp\":\"" + MILLIS.format(clock.now())
            + "\"}");
  }

  private void health(HttpServerExchange exchange) {
    long millis = (clock.nanoTime() - startedNanos) / 1_000_000;
    String fraction = Long.toString(1000 + millis % 1000).substring(1);
    json(exchange, "{\"status\":\"OK\",\"uptime\":" + millis / 1000 + "." + fraction + "}");
  }

  private static void json(HttpServerExchange exchange, String json) {
    Respond.json(exchange, StatusCodes.OK, json.getBytes(StandardCharsets.UTF_8));
  }
}
