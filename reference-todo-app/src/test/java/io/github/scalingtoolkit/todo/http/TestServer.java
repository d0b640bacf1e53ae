package io.github.scalingtoolkit.todo.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.core.time.Deadline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undertow.server.HttpServerExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A server of the tests that works on four requests at a time, with a route for each thing they ask for. */
final class TestServer implements AutoCloseable {
  /** What {@code /large} answers. */
  static final byte[] LARGE = ("[\"" + "x".repeat(5000) + "\"]").getBytes(UTF_8);

  private static final int MOST_IN_FLIGHT = 4;

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build();
  private final ObjectMapper json = new ObjectMapper();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger held = new AtomicInteger();
  private HttpServer server;

  TestServer() {
    start(Duration.ofSeconds(10), Set.of("*"));
  }

  /** Starts it, at another port each time. */
  void start(Duration parseTimeout, Set<String> origins) {
    server = HttpServer.start(config(parseTimeout, origins), router(), meters);
  }

  void stop(Duration longest) {
    server.stop(longest);
  }

  void restart(Duration parseTimeout, Set<String> origins) {
    stop(Duration.ofSeconds(5));
    start(parseTimeout, origins);
  }

  @Override
  public void close() {
    release();
    stop(Duration.ofSeconds(5));
  }

  private static HttpConfig config(Duration parseTimeout, Set<String> origins) {
    return new HttpConfig(
        "test",
        "127.0.0.1",
        0,
        100 * 1024,
        MOST_IN_FLIGHT,
        parseTimeout,
        Duration.ofSeconds(75),
        origins,
        false);
  }

  private Router router() {
    return new Router(List.of(
        Route.unlimited(
            "/health",
            exchange -> Respond.json(exchange, 200, "{\"status\":\"OK\"}".getBytes(UTF_8))),
        Route.get(
            "/large", Admission.EVERYBODY, exchange -> Respond.json(exchange, "\"v1\"", LARGE)),
        Route.get(
            "/things/{id}",
            Admission.EVERYBODY,
            exchange -> Respond.json(
                exchange, 200, json.writeValueAsBytes(Router.parameter(exchange, "id")))),
        Route.get("/time", Admission.EVERYBODY, TestServer::tellTime),
        Route.put("/time", Admission.EVERYBODY, (exchange, body) -> tellTime(exchange)),
        Route.get("/fault", Admission.EVERYBODY, exchange -> {
          throw new IllegalStateException("password=s3cret");
        }),
        Route.get("/refused", Admission.EVERYBODY, exchange -> {
          throw new FaultException(new IllegalStateException(
              "the store at mongodb://ada:s3cret@db/x refused \"it\" (code 2)"));
        }),
        Route.get("/held", Admission.EVERYBODY, exchange -> {
          held.incrementAndGet();
          release.await();
          Respond.json(exchange, 200, "[]".getBytes(UTF_8));
        }),
        Route.get(
                "/items",
                Admission.EVERYBODY,
                exchange -> Respond.item(exchange, 200, "\"v1\"", LARGE))
            .reading("If-None-Match"),
        Route.patch(
                "/items",
                Admission.EVERYBODY,
                (exchange, body) -> Respond.json(exchange, 200, json.writeValueAsBytes(body)))
            .reading("If-Match"),
        Route.post(
            "/things",
            Admission.EVERYBODY,
            (exchange, body) -> Respond.json(exchange, 201, json.writeValueAsBytes(body)))));
  }

  /** Answers with the milliseconds that the request has left. */
  private static void tellTime(HttpServerExchange exchange) {
    long left = Deadline.current().remaining().toMillis();
    Respond.json(exchange, 200, Long.toString(left).getBytes(UTF_8));
  }

  int port() {
    return server.port();
  }

  int inFlight() {
    return server.inFlight();
  }

  SimpleMeterRegistry meters() {
    return meters;
  }

  /** Returns how many requests for {@code /held} have come so far: each is answered after {@link #release}. */
  int held() {
    return held.get();
  }

  void release() {
    release.countDown();
  }

  Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), port());
  }

  HttpRequest.Builder to(String path, String... headers) {
    URI uri = URI.create("http://127.0.0.1:" + port() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request;
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return send(to(path, headers));
  }

  HttpResponse<byte[]> getBytes(String path, String... headers) throws Exception {
    return client.send(to(path, headers).build(), BodyHandlers.ofByteArray());
  }

  /** Asks and does not wait for the answer. */
  CompletableFuture<HttpResponse<String>> ask(String path, String... headers) {
    return client.sendAsync(to(path, headers).build(), BodyHandlers.ofString());
  }

  /** Posts to {@code /things}, as JSON. */
  HttpResponse<String> post(String body) throws Exception {
    return post("application/json", BodyPublishers.ofString(body));
  }

  /** Posts to {@code /things}, which answers with the JSON that it has understood. */
  HttpResponse<String> post(String type, BodyPublisher body) throws Exception {
    return send(to("/things", "Content-Type", type).POST(body));
  }

  /** Sends {@code request} as it stands, and returns what comes until the connection ends. */
  String raw(String request) {
    try (Socket socket = connect()) {
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      socket.getOutputStream().flush();
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      try {
        socket.getInputStream().transferTo(answer);
      } catch (SocketException resetByUnreadInput) {
        // What was answered before counts.
      }
      return answer.toString(ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
