package io.github.scalingtoolkit.benchmarks.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** Asks one service, and waits 15 s at most for each answer. */
public final class Client {
  private static final Duration LONGEST = Duration.ofSeconds(15);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI base;
  private final HttpClient http = HttpClient.newBuilder()
      .connectTimeout(Duration.ofSeconds(5))
      .version(HttpClient.Version.HTTP_1_1)
      .build();

  /** Asks the service at {@code base}. */
  public Client(URI base) {
    this.base = base;
  }

  /** An answer. */
  public record Answer(HttpResponse<byte[]> response) {
    /** Returns the status. */
    public int status() {
      return response.statusCode();
    }

    /** Returns the body as text. */
    public String text() {
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    /** Returns a header, or an empty text. */
    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    /** Returns the body as JSON; a missing node if it is none. */
    public JsonNode json() {
      try {
        return JSON.readTree(response.body());
      } catch (IOException notJson) {
        return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
      }
    }
  }

  /** Sends a GET. */
  public Answer get(String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    return send("GET", path, headers, null);
  }

  /** Sends a POST with a body of JSON. */
  public Answer post(String path, Map<String, String> headers, String json)
      throws IOException, InterruptedException {
    Map<String, String> all = new java.util.LinkedHashMap<>(headers);
    all.putIfAbsent("Content-Type", "application/json");
    return send("POST", path, all, json);
  }

  /** Sends anything. */
  public Answer send(
      String method,
      String path,
      Map<String, String> headers,
      @org.jspecify.annotations.Nullable String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
        .timeout(LONGEST)
        .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return new Answer(http.send(request.build(), BodyHandlers.ofByteArray()));
  }
}
