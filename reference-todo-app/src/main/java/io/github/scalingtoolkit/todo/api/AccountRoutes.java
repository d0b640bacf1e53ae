package io.github.scalingtoolkit.todo.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.todo.http.Admission;
import io.github.scalingtoolkit.todo.http.Clients;
import io.github.scalingtoolkit.todo.http.Problem;
import io.github.scalingtoolkit.todo.http.Problem.FieldError;
import io.github.scalingtoolkit.todo.http.ProblemException;
import io.github.scalingtoolkit.todo.http.Respond;
import io.github.scalingtoolkit.todo.http.Route;
import io.github.scalingtoolkit.todo.login.Credentials;
import io.github.scalingtoolkit.todo.login.Login;
import io.github.scalingtoolkit.todo.login.Login.Outcome;
import io.github.scalingtoolkit.todo.login.User;
import io.github.scalingtoolkit.todo.login.Users;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Who a client is: login, registration where it is on, and the user of a token. */
public final class AccountRoutes {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Gate gate;
  private final Login login;
  private final Users users;
  private final TokenIssuer issuer;
  private final Duration timeToLive;
  private final Clients clients;
  private final boolean registration;

  /**
   * Answers from {@code login} and {@code users}, with tokens of {@code issuer}.
   *
   * @param timeToLive how long a token is valid
   * @param registration whether users can register themselves
   */
  public AccountRoutes(
      Gate gate,
      Login login,
      Users users,
      TokenIssuer issuer,
      Duration timeToLive,
      Clients clients,
      boolean registration) {
    this.gate = gate;
    this.login = login;
    this.users = users;
    this.issuer = issuer;
    this.timeToLive = timeToLive;
    this.clients = clients;
    this.registration = registration;
  }

  /** Returns the routes. */
  public List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    routes.add(Route.post("/login", Admission.EVERYBODY, this::login));
    if (registration) {
      routes.add(Route.post("/register", Admission.EVERYBODY, this::register));
    }
    routes.add(Route.get("/me", gate::admitUnlimited, this::me));
    return routes;
  }

  private void login(HttpServerExchange exchange, ObjectNode body) {
    neverStored(exchange);
    List<FieldError> errors = new ArrayList<>();
    // Missing credentials are wrong credentials.
    Credentials given =
        new Credentials(text(body, "username", errors), Secret.of(text(body, "password", errors)));
    refuseIfAny(errors);
    Outcome outcome = StoreProblems.read(() -> login.check(clients.key(exchange), given));
    User user = userOf(outcome, "Too many logins");
    ObjectNode answer = JSON.objectNode()
        .put("token", issuer.issue(user.id().value()).value())
        .put("expiresIn", timeToLive.toSeconds());
    json(exchange, StatusCodes.OK, answer);
  }

  private void register(HttpServerExchange exchange, ObjectNode body) {
    neverStored(exchange);
    List<FieldError> errors = new ArrayList<>();
    Credentials given =
        new Credentials(text(body, "username", errors), Secret.of(text(body, "password", errors)));
    if (errors.isEmpty()) {
      given.broken().forEach(rule -> errors.add(new FieldError(rule.field(), rule.message())));
    }
    refuseIfAny(errors);
    Outcome outcome = StoreProblems.written(() -> login.register(clients.key(exchange), given));
    User user = userOf(outcome, "Too many registrations");
    exchange.getResponseHeaders().put(Headers.LOCATION, "/me");
    json(exchange, StatusCodes.CREATED, describe(user));
  }

  private void me(HttpServerExchange exchange) {
    neverStored(exchange);
    // A token outlives its user.
    User user = StoreProblems.read(() -> users.find(Gate.user(exchange)))
        .orElseThrow(() -> new ProblemException(Problem.notFound()));
    json(exchange, StatusCodes.OK, describe(user));
  }

  private static User userOf(Outcome outcome, String tooMany) {
    if (outcome instanceof Outcome.Welcome welcome) {
      return welcome.user();
    }
    if (outcome instanceof Outcome.TooOften often) {
      throw new ProblemException(Problem.tooMany(tooMany, often.retryAfter()));
    }
    if (outcome instanceof Outcome.Busy) {
      throw new ProblemException(Problem.unavailable(tooMany, Login.LONGEST_WAIT));
    }
    if (outcome instanceof Outcome.Taken) {
      throw new ProblemException(
          Problem.of(StatusCodes.CONFLICT, "Username taken").detail("Choose another username."));
    }
    throw new ProblemException(Problem.unauthorized("Invalid credentials"));
  }

  private static ObjectNode describe(User user) {
    ObjectNode described = JSON.objectNode();
    described.put("sub", user.id().value());
    described.put("username", user.username());
    described.set("roles", new ArrayNode(JSON));
    return described;
  }

  /** Returns the text of a field; empty if there is none. */
  private static String text(ObjectNode body, String field, List<FieldError> errors) {
    JsonNode node = body.get(field);
    if (node == null || node.isNull()) {
      return "";
    }
    if (!node.isTextual()) {
      errors.add(new FieldError(field, "must be a string"));
      return "";
    }
    return node.textValue();
  }

  private static void refuseIfAny(List<FieldError> errors) {
    if (!errors.isEmpty()) {
      throw new ProblemException(Problem.invalid(errors));
    }
  }

  private static void neverStored(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
  }

  private static void json(HttpServerExchange exchange, int status, ObjectNode json) {
    Respond.json(exchange, status, json.toString().getBytes(StandardCharsets.UTF_8));
  }
}
