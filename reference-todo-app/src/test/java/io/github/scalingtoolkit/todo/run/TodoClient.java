package io.github.scalingtoolkit.todo.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.auth.Algorithm;
import io.github.scalingtoolkit.auth.KeySource;
import io.github.scalingtoolkit.auth.SigningKey;
import io.github.scalingtoolkit.auth.TokenIssuer;
import io.github.scalingtoolkit.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** A client of one user of one port. */
record TodoClient(int port, String token) {
  static final String JWT_SECRET = "a secret of the tests that has more than 32 bytes";

  /** As long as a busy machine may need, as {@link io.github.scalingtoolkit.testing.Await} gives it. */
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(LONGEST).build();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TokenIssuer ISSUER = TokenIssuer.builder()
      .issuer("todo-api")
      .audience("todo-api")
      .keys(KeySource.of(SigningKey.of(Algorithm.HS256, JWT_SECRET).forIssuer("todo-api")))
      .timeToLive(Duration.ofHours(1))
      .build();

  /** Asks without a token. */
  static TodoClient anonymous(int port) {
    return new TodoClient(port, "");
  }

  /** Asks with a token of {@code user}, good where {@link #JWT_SECRET} is the secret. */
  static TodoClient of(int port, String user) {
    return new TodoClient(port, ISSUER.issue(user).value());
  }

  HttpResponse<String> get(String path, String... headers) {
    return send(request(path, headers).GET());
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    return send(request(path, headers)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body)));
  }

  /** Sends {@code body} as JSON, unless {@code headers} say otherwise. */
  HttpResponse<String> send(String method, String path, String body, String... headers) {
    HttpRequest.Builder request = request(path, headers);
    if (!List.of(headers).contains("Content-Type")) {
      request.header("Content-Type", "application/json");
    }
    return send(request.method(method, BodyPublishers.ofString(body)));
  }

  HttpResponse<String> delete(String path, String... headers) {
    return send(request(path, headers).DELETE());
  }

  HttpResponse<String> list() {
    return get("/api/todos");
  }

  /** Lists until the list comes from the cache: a write that has just ended, or a busy machine, may keep it out. */
  HttpResponse<String> awaitHit() {
    AtomicReference<HttpResponse<String>> list = new AtomicReference<>();
    Await.until("the list comes from the cache", () -> {
      list.set(list());
      return header(list.get(), "X-Cache").equals("HIT");
    });
    return list.get();
  }

  HttpResponse<String> create(String title) {
    return post("/api/todos", JSON.createObjectNode().put("title", title).toString());
  }

  static JsonNode json(HttpResponse<String> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> titles(HttpResponse<String> answer) {
    List<String> titles = new ArrayList<>();
    json(answer).forEach(todo -> titles.add(todo.get("title").textValue()));
    return titles;
  }

  static List<String> fieldNames(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("none");
  }

  /** Returns the path of the job whose status a 201 links to. */
  static String jobPath(HttpResponse<String> created) {
    return header(created, "Link").replaceFirst("^<(/api/jobs/[^>]+)>; rel=\"status\"$", "$1");
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(LONGEST);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request;
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return HTTP.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
