package io.github.scalingtoolkit.todo.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.Problem.FieldError;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.login.Login;
import io.github.scalingtoolkit.todo.login.Login.Outcome;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The routes that need no token: hello, health, login. */
public final class PublicRoutes {
  private static final DateTimeFormatter MILLIS =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private final Login login;
  private final TokenIssuer issuer;
  private final Clock clock;
  private final long startedNanos;

  /** Answers from {@code login} with tokens of {@code issuer}. */
  public PublicRoutes(Login login, TokenIssuer issuer, Clock clock) {
    this.login = login;
    this.issuer = issuer;
    this.clock = clock;
    startedNanos = clock.nanoTime();
  }

  /** Returns the routes. */
  public List<Route> routes() {
    return List.of(
        Route.unlimited("/hello", this::hello),
        Route.unlimited("/health", this::health),
        Route.unlimited("/api/health", this::health),
        Route.post("/login", null, this::login));
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

  private void login(HttpServerExchange exchange, ObjectNode body) {
    List<FieldError> errors = new ArrayList<>();
    String username = text(body, "username", errors);
    String password = text(body, "password", errors);
    if (!errors.isEmpty()) {
      throw new ProblemException(Problem.invalid(errors));
    }
    Outcome outcome = StoreProblems.answered(() ->
        login.check(username == null ? "" : username, Secret.of(password == null ? "" : password)));
    if (outcome instanceof Outcome.Welcome welcome) {
      exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
      json(exchange, "{\"token\":\"" + issuer.issue(welcome.user().id().value()).value() + "\"}");
    } else if (outcome instanceof Outcome.Busy) {
      throw new ProblemException(Problem.unavailable("Too many logins", Login.LONGEST_WAIT));
    } else {
      throw new ProblemException(Problem.unauthorized("Invalid credentials"));
    }
  }

  private static @Nullable String text(ObjectNode body, String field, List<FieldError> errors) {
    JsonNode node = body.get(field);
    if (node == null || node.isNull()) {
      // Missing credentials are wrong credentials.
      return null;
    }
    if (!node.isTextual()) {
      errors.add(new FieldError(field, "must be a string"));
      return null;
    }
    return node.textValue();
  }

  private static void json(HttpServerExchange exchange, String json) {
    Respond.json(exchange, StatusCodes.OK, json.getBytes(StandardCharsets.UTF_8));
  }
}
