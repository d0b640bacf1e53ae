package io.github.scalingtoolkit.benchmarks.verify;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.scalingtoolkit.benchmarks.verify.Client.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Holds a running service to the contract, request by request. It adds two todos to the user's list and changes
 * nothing else. A check that fails does not keep the others from being tried.
 */
public final class Contract {
  private static final Map<String, String> NONE = Map.of();
  private static final String[] HELMET = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Origin-Agent-Cluster",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-DNS-Prefetch-Control",
    "X-Download-Options",
    "X-Frame-Options",
    "X-Permitted-Cross-Domain-Policies",
    "X-XSS-Protection"
  };

  private final Client client;
  private final String username;
  private final String password;
  private final List<Outcome> outcomes = new ArrayList<>();
  private String token = "";

  private Contract(Client client, String username, String password) {
    this.client = client;
    this.username = username;
    this.password = password;
  }

  /**
   * What came of a check.
   *
   * @param what the promise
   * @param problem how it was broken; empty if it was kept
   */
  public record Outcome(String what, String problem) {
    /** Tells whether it was kept. */
    public boolean kept() {
      return problem.isEmpty();
    }
  }

  private interface Check {
    void run() throws IOException, InterruptedException;
  }

  private static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    Broken(String message) {
      super(message);
    }
  }

  /** Asks the service of {@code client} as {@code username}, who must exist, and returns what came of each check. */
  public static List<Outcome> check(Client client, String username, String password, Level level)
      throws InterruptedException {
    Contract contract = new Contract(client, username, password);
    contract.tutorial();
    if (level == Level.FULL) {
      contract.full();
    }
    return List.copyOf(contract.outcomes);
  }

  private void tutorial() throws InterruptedException {
    check("GET /hello greets", () -> {
      JsonNode hello = ok(client.get("/hello", NONE));
      is("message", "Hello Scalable World!", hello.path("message").asText());
      matches(
          "timestamp",
          "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
          hello.path("timestamp").asText());
    });
    for (String path : List.of("/health", "/api/health")) {
      check("GET " + path + " is OK and tells its uptime", () -> {
        JsonNode health = ok(client.get(path, NONE));
        is("status", "OK", health.path("status").asText());
        that("uptime is a number", health.path("uptime").isNumber());
      });
    }
    check("POST /login gives a token", () -> {
      Answer answer = client.post("/login", NONE, credentials(password));
      token = ok(answer).path("token").asText();
      matches("token", "[\\w-]+\\.[\\w-]+\\.[\\w-]+", token);
    });
    check(
        "POST /login with a wrong password is 401",
        () ->
            refused(401, "Invalid credentials", client.post("/login", NONE, credentials("wrong"))));
    check(
        "GET /api/todos without a token is 401",
        () -> refused(401, "No token", client.get("/api/todos", NONE)));
    check(
        "GET /api/todos with a wrong token is 401",
        () -> refused(401, "Invalid token", client.get("/api/todos", bearer("not.a.token"))));
    check("POST /api/todos is 201 with the todo", () -> {
      Answer answer = create("verify");
      status(201, answer);
      todo(answer.json(), "verify");
    });
    check("GET /api/todos is a bare array of todos", () -> {
      JsonNode list = ok(client.get("/api/todos", bearer(token)));
      that("the body is an array", list.isArray());
      if (!list.isEmpty()) {
        todo(list.get(0), list.get(0).path("title").asText());
      }
    });
    check(
        "an unknown path is 404",
        () -> refused(404, "Not found", client.get("/no/such/path", NONE)));
  }

  private void full() throws InterruptedException {
    check("refusals are problem JSON with WWW-Authenticate", () -> {
      Answer answer = client.get("/api/todos", NONE);
      problem(401, answer);
      is("WWW-Authenticate", "Bearer", answer.header("WWW-Authenticate"));
      problem(404, client.get("/no/such/path", NONE));
    });
    check("every answer has helmet's headers and none that tells the server", () -> {
      for (Answer answer : List.of(client.get("/hello", NONE), client.get("/no/such", NONE))) {
        for (String name : HELMET) {
          that(name + " is set", !answer.header(name).isEmpty());
        }
        is("X-Powered-By", "", answer.header("X-Powered-By"));
        is("Server", "", answer.header("Server"));
      }
    });
    check("a create is in the next list, with Location and the link of its job", () -> {
      String title = "verify " + UUID.randomUUID();
      Answer answer = create(title);
      status(201, answer);
      String id = answer.json().path("_id").asText();
      is("Location", "/api/todos/" + id, answer.header("Location"));
      matches("Link", "</api/jobs/[^>]+>; rel=\"status\"", answer.header("Link"));
      that("the list holds it", client.get("/api/todos", bearer(token)).text().contains(title));
      String job = answer.header("Link").replaceAll("^<([^>]*)>.*", "$1");
      JsonNode state = ok(client.get(job, bearer(token)));
      that(
          "id, state and attempts are told",
          state.has("id") && state.has("state") && state.has("attempts"));
    });
    check("a list read again comes from the cache, and is 304 for a client that has it", () -> {
      client.get("/api/todos", bearer(token));
      Answer again = client.get("/api/todos", bearer(token));
      matches("X-Cache", "HIT|BYPASS", again.header("X-Cache"));
      matches("ETag", "\"[^\"]+\"", again.header("ETag"));
      Map<String, String> known =
          Map.of("Authorization", "Bearer " + token, "If-None-Match", again.header("ETag"));
      status(304, client.get("/api/todos", known));
    });
    check(
        "another's or an unknown job is 404",
        () -> problem(404, client.get("/api/jobs/" + "0".repeat(24), bearer(token))));
    check("bad input is told apart: 400, 415, 422, 413", () -> {
      Map<String, String> mine = bearer(token);
      problem(400, client.post("/api/todos", mine, "{\"title\":"));
      problem(400, client.post("/login", NONE, "not json"));
      problem(422, client.post("/login", NONE, "{\"username\":1,\"password\":2}"));
      Answer invalid = client.post("/api/todos", mine, "{\"title\":\" \",\"colour\":\"red\"}");
      problem(422, invalid);
      that("each field is named", invalid.json().path("errors").size() == 2);
      problem(
          415,
          client.post(
              "/api/todos",
              Map.of("Authorization", "Bearer " + token, "Content-Type", "text/plain"),
              "{\"title\":\"x\"}"));
      problem(
          413, client.post("/api/todos", mine, "{\"title\":\"" + "x".repeat(110 * 1024) + "\"}"));
    });
    check("a known path with a wrong method is 405 and tells which are allowed", () -> {
      Answer answer = client.send("DELETE", "/hello", NONE, null);
      problem(405, answer);
      that("Allow is set", answer.header("Allow").contains("GET"));
    });
    check("one trailing slash is tolerated", () -> status(200, client.get("/api/health/", NONE)));
    check("CORS: a preflight is 204, and answers may be read", () -> {
      Map<String, String> preflight =
          Map.of("Origin", "https://page.example", "Access-Control-Request-Method", "POST");
      status(204, client.send("OPTIONS", "/api/todos", preflight, null));
      Answer read = client.get("/hello", Map.of("Origin", "https://page.example"));
      is("Access-Control-Allow-Origin", "*", read.header("Access-Control-Allow-Origin"));
      that(
          "X-Cache and ETag are exposed",
          read.header("Access-Control-Expose-Headers").contains("X-Cache")
              && read.header("Access-Control-Expose-Headers").contains("ETag"));
    });
    check(
        "the admin port's paths are 404 on the public port",
        () -> problem(404, client.get("/metrics", NONE)));
  }

  private void check(String what, Check check) throws InterruptedException {
    String problem = "";
    try {
      check.run();
    } catch (Broken broken) {
      problem = String.valueOf(broken.getMessage());
    } catch (IOException unreachable) {
      problem = unreachable.toString();
    }
    outcomes.add(new Outcome(what, problem));
  }

  private Answer create(String title) throws IOException, InterruptedException {
    return client.post("/api/todos", bearer(token), "{\"title\":\"" + title + "\"}");
  }

  private String credentials(String secret) {
    return "{\"username\":\"" + username + "\",\"password\":\"" + secret + "\"}";
  }

  private static Map<String, String> bearer(String token) {
    return Map.of("Authorization", "Bearer " + token);
  }

  private static void todo(JsonNode todo, String title) {
    matches("_id", "[0-9a-f]{24}", todo.path("_id").asText());
    is("title", title, todo.path("title").asText());
    that("completed is a boolean", todo.path("completed").isBoolean());
    that("userId is a string", todo.path("userId").isTextual());
    for (String time : List.of("createdAt", "updatedAt")) {
      matches(
          time,
          "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
          todo.path(time).asText());
    }
  }

  private static JsonNode ok(Answer answer) {
    status(200, answer);
    that("Content-Type is JSON", answer.header("Content-Type").startsWith("application/json"));
    return answer.json();
  }

  private static void refused(int status, String error, Answer answer) {
    status(status, answer);
    is("error", error, answer.json().path("error").asText());
  }

  private static void problem(int status, Answer answer) {
    status(status, answer);
    that(
        status + " is application/problem+json but was '" + answer.header("Content-Type") + "'",
        answer.header("Content-Type").startsWith("application/problem+json"));
    that(
        status + " carries error and status",
        answer.json().path("error").isTextual() && answer.json().path("status").asInt() == status);
  }

  private static void status(int expected, Answer answer) {
    if (answer.status() != expected) {
      String text = answer.text();
      throw new Broken("status must be " + expected + " but was " + answer.status() + ": "
          + text.substring(0, Math.min(200, text.length())));
    }
  }

  private static void is(String what, String expected, String actual) {
    that(what + " must be '" + expected + "' but was '" + actual + "'", expected.equals(actual));
  }

  private static void matches(String what, String pattern, String actual) {
    that(what + " must match " + pattern + " but was '" + actual + "'", actual.matches(pattern));
  }

  private static void that(String what, boolean holds) {
    if (!holds) {
      throw new Broken(what);
    }
  }
}
