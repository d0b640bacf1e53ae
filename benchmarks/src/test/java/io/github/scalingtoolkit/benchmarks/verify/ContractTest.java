package io.github.scalingtoolkit.benchmarks.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.verify.Contract.Outcome;
import io.github.scalingtoolkit.testing.Ports;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContractTest {
  private static final String TODO = """
      {"_id":"0123456789abcdef01234567","title":"verify","completed":false,"userId":"user123",\
      "createdAt":"2026-11-23T08:00:00.000Z","updatedAt":"2026-11-23T08:00:00.000Z"}""";

  @Test
  void aServiceLikeTheTutorialKeepsThatLevelAndBreaksTheOther() throws Exception {
    try (TinyServer server = TinyServer.start(exchange -> tutorial(exchange, false))) {
      assertThat(check(server, Level.TUTORIAL)).allMatch(Outcome::kept);

      List<Outcome> full = check(server, Level.FULL);
      assertThat(full)
          .filteredOn(outcome -> !outcome.kept())
          .extracting(Outcome::what)
          .contains(
              "refusals are problem JSON with WWW-Authenticate",
              "a list read again comes from the cache, and is 304 for a client that has it");
    }
  }

  @Test
  void aServiceThatGivesTheListAsAnObjectAndForgetsTokensIsFoundOut() throws Exception {
    try (TinyServer server = TinyServer.start(exchange -> tutorial(exchange, true))) {
      assertThat(check(server, Level.TUTORIAL))
          .filteredOn(outcome -> !outcome.kept())
          .extracting(Outcome::what)
          .containsExactlyInAnyOrder(
              "GET /api/todos without a token is 401",
              "GET /api/todos with a wrong token is 401",
              "GET /api/todos is a bare array of todos");
    }
  }

  @Test
  void aServiceThatIsNotThereBreaksEveryPromise() throws Exception {
    URI nobody = URI.create("http://127.0.0.1:" + Ports.free());

    assertThat(Contract.check(new Client(nobody), "user", "pass", Level.FULL))
        .isNotEmpty()
        .noneMatch(Outcome::kept);
  }

  private static List<Outcome> check(TinyServer server, Level level) throws Exception {
    return Contract.check(new Client(server.url()), "user", "pass", level);
  }

  private static void tutorial(HttpServerExchange exchange, boolean wrong) {
    if (exchange.isInIoThread()) {
      exchange.dispatch(() -> {
        exchange.startBlocking();
        tutorial(exchange, wrong);
      });
      return;
    }
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    boolean post = exchange.getRequestMethod().toString().equals("POST");
    switch (exchange.getRequestPath()) {
      case "/hello" ->
        answer(
            exchange,
            200,
            "{\"message\":\"Hello Scalable World!\",\"timestamp\":\"2026-11-23T08:00:00.000Z\"}");
      case "/health", "/api/health" -> answer(exchange, 200, "{\"status\":\"OK\",\"uptime\":1.5}");
      case "/login" -> {
        if (body(exchange).contains("\"pass\"")) {
          answer(exchange, 200, "{\"token\":\"a.b.c\"}");
        } else {
          answer(exchange, 401, "{\"error\":\"Invalid credentials\"}");
        }
      }
      case "/api/todos" -> {
        if (!wrong && authorization == null) {
          answer(exchange, 401, "{\"error\":\"No token\"}");
        } else if (!wrong && !"Bearer a.b.c".equals(authorization)) {
          answer(exchange, 401, "{\"error\":\"Invalid token\"}");
        } else if (post) {
          answer(exchange, 201, TODO);
        } else {
          answer(exchange, 200, wrong ? "{\"todos\":[]}" : "[" + TODO + "]");
        }
      }
      default -> answer(exchange, 404, "{\"error\":\"Not found\"}");
    }
  }

  private static String body(HttpServerExchange exchange) {
    try {
      return new String(exchange.getInputStream().readAllBytes());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void answer(HttpServerExchange exchange, int status, String json) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json; charset=utf-8");
    exchange.getResponseSender().send(json);
  }
}
