package io.github.scalingtoolkit.todo.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nginx itself does by {@code deploy/nginx}, seen from servers behind it that do nothing of it. */
class NginxBeforePlainServersTest {
  private static final String LONG = "{\"title\":\"" + "plain ".repeat(1000) + "\"}";

  @TempDir
  private Path directory;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<HttpServer> servers = new ArrayList<>();
  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private final Queue<String> askedAgain = new ConcurrentLinkedQueue<>();
  private final Queue<String> hosts = new ConcurrentLinkedQueue<>();
  private final Set<Integer> ports = ConcurrentHashMap.newKeySet();
  private final Set<InetSocketAddress> connections = ConcurrentHashMap.newKeySet();
  private final CountDownLatch firstEventSeen = new CountDownLatch(1);
  private final HttpClient client = HttpClient.newHttpClient();
  private Nginx nginx;

  @BeforeEach
  void start() throws Exception {
    Nginx.assumeThere();
    for (int i = 0; i < 3; i++) {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext("/", this::answer);
      server.start();
      servers.add(server);
    }
    nginx = Nginx.start(
        directory, servers.stream().map(server -> server.getAddress().getPort()).toList());
    requests.clear();
    hosts.clear();
    ports.clear();
    connections.clear();
  }

  @AfterEach
  void stop() {
    if (nginx != null) {
      nginx.close();
    }
    servers.forEach(server -> server.stop(0));
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    exchange.getRequestBody().readAllBytes();
    requests.add(exchange.getRequestMethod() + " " + path);
    hosts.add(exchange.getRequestHeaders().getFirst("Host"));
    String again = exchange.getRequestHeaders().getFirst("X-Asked-Again");
    if (again != null) {
      askedAgain.add(again);
    }
    connections.add(exchange.getRemoteAddress());
    int port = exchange.getLocalAddress().getPort();
    ports.add(port);
    switch (path) {
      case "/dies" -> {
        // Its connection ends without an answer.
      }
      case "/api/events" -> tellEvents(exchange);
      case "/first-lacks" -> {
        if (port == servers.get(0).getAddress().getPort()) {
          tellUnavailable(exchange);
        } else {
          exchange.sendResponseHeaders(200, -1);
        }
      }
      case "/all-lack" -> tellUnavailable(exchange);
      case "/lacks-it-late" -> {
        if (again == null) {
          Deadline late = Deadline.after(Duration.ofMillis(600), Clock.system());
          Await.until("it is late", late::isExpired);
        }
        tellUnavailable(exchange);
      }
      default -> {
        byte[] body = LONG.getBytes(StandardCharsets.US_ASCII);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("ETag", "\"tag\"");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      }
    }
    exchange.close();
  }

  private static void tellUnavailable(HttpExchange exchange) throws IOException {
    boolean isHead = exchange.getRequestMethod().equals("HEAD");
    byte[] body = "{\"detail\":\"of the service\"}".getBytes(StandardCharsets.US_ASCII);
    exchange.getResponseHeaders().set("Retry-After", "7");
    exchange.sendResponseHeaders(503, isHead ? -1 : body.length);
    if (!isHead) {
      exchange.getResponseBody().write(body);
    }
  }

  private void tellEvents(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    OutputStream events = exchange.getResponseBody();
    events.write("data: first\n\n".getBytes(StandardCharsets.US_ASCII));
    events.flush();
    try {
      firstEventSeen.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    events.write("data: last\n\n".getBytes(StandardCharsets.US_ASCII));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + nginx.port() + path));
  }

  @Test
  void whatTheServiceSendsPlainStaysSoAndKeepsItsStrongTag() throws Exception {
    HttpResponse<String> answer = client.send(
        request("/api/todos").header("Accept-Encoding", "gzip").build(), BodyHandlers.ofString());

    assertThat(answer.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(answer.headers().firstValue("ETag")).contains("\"tag\"");
    assertThat(answer.body()).isEqualTo(LONG);
  }

  @Test
  void connectionsAreKept() throws Exception {
    // Each process of nginx keeps its own to each server.
    int most = 3 * Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < 10 * most; i++) {
      assertThat(client.send(request("/").build(), BodyHandlers.discarding()).statusCode())
          .isEqualTo(200);
    }

    assertThat(requests).hasSize(10 * most);
    assertThat(connections).hasSizeLessThanOrEqualTo(most);
  }

  @Test
  void aWriteIsNotRetriedWhenItsServerDiesButAReadIs() throws Exception {
    HttpResponse<Void> write = client.send(
        request("/dies").POST(BodyPublishers.ofString("{}")).build(), BodyHandlers.discarding());

    assertThat(write.statusCode()).isEqualTo(502);
    assertThat(write.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(requests).containsExactly("POST /dies");
    requests.clear();

    HttpResponse<Void> read = client.send(request("/dies").build(), BodyHandlers.discarding());

    assertThat(read.statusCode()).isEqualTo(502);
    assertThat(requests).contains("GET /dies").hasSizeGreaterThan(1);
  }

  @Test
  void aReadThatOneServerCannotAnswerIsAskedOfAnotherAndAWriteIsNot() throws Exception {
    for (String read : List.of("GET", "HEAD")) {
      requests.clear();
      for (int i = 0; i < 12; i++) {
        assertThat(status(read, "/first-lacks")).isEqualTo(200);
      }
      assertThat(requests).as("the first was asked as well").hasSizeGreaterThan(12);
    }
    for (String write : List.of("POST", "PUT", "PATCH", "DELETE")) {
      requests.clear();
      int refused = 0;
      for (int i = 0; i < 12; i++) {
        refused += status(write, "/first-lacks") == 503 ? 1 : 0;
      }
      assertThat(refused).as(write).isPositive();
      assertThat(requests).as(write).hasSize(12);
    }
  }

  @Test
  void what503EachServerSaysIsToldInItsWordsAndTakesNoneOut() throws Exception {
    for (int i = 0; i < 10; i++) {
      HttpResponse<String> answer = client.send(
          request("/all-lack").header("X-Asked-Again", "1").build(), BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue("Retry-After")).contains("7");
      assertThat(answer.body()).contains("of the service");
    }
    assertThat(requests).as("each was asked of two").hasSize(20);
    assertThat(askedAgain)
        .as("the second of them was told, and not the first by the client")
        .hasSize(10)
        .allSatisfy(millis -> assertThat(Integer.parseInt(millis)).isBetween(500, 2400))
        .as("the first had taken no time")
        .contains("2400");
    assertThat(Set.copyOf(hosts)).as("both see one host").hasSize(1);
    ports.clear();
    int most = 6 * Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < most; i++) {
      assertThat(status("GET", "/")).isEqualTo(200);
    }

    assertThat(ports).hasSize(3);
  }

  @Test
  void theSecondServerIsToldOfTheTimeThatTheFirstHasTaken() throws Exception {
    assertThat(status("GET", "/lacks-it-late")).isEqualTo(503);

    assertThat(askedAgain)
        .singleElement()
        .satisfies(millis -> assertThat(Integer.parseInt(millis)).isBetween(500, 1900));
  }

  private int status(String method, String path) throws Exception {
    HttpRequest request = request(path).method(method, BodyPublishers.noBody()).build();
    return client.send(request, BodyHandlers.discarding()).statusCode();
  }

  @Test
  void whatNginxAnswersByItselfLooksLikeAnAnswerOfTheService() throws Exception {
    HttpResponse<String> dead = client.send(request("/dies").build(), BodyHandlers.ofString());
    String tooMuch = "x".repeat(1_100_000);
    HttpResponse<String> large = client.send(
        request("/").POST(BodyPublishers.ofString(tooMuch)).build(), BodyHandlers.ofString());
    // Without its length: nginx finds out only when it reads the body for a server.
    HttpResponse<String> largeRead = client.send(
        request("/")
            .method("GET", BodyPublishers.fromPublisher(BodyPublishers.ofString(tooMuch)))
            .build(),
        BodyHandlers.ofString());

    for (HttpResponse<String> answer : List.of(dead, large, largeRead)) {
      assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
      assertThat(answer.headers().map())
          .containsKeys("x-request-id", "x-content-type-options", "access-control-allow-origin");
      assertThat(new ObjectMapper().readTree(answer.body()).get("status").intValue())
          .isEqualTo(answer.statusCode());
    }
    assertThat(large.statusCode()).isEqualTo(413);
    assertThat(largeRead.statusCode()).isEqualTo(413);
    assertThat(requests).doesNotContain("POST /", "GET /");
  }

  @Test
  void aRequestInHttp10WithoutAHostReachesAServer() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), nginx.port())) {
      socket
          .getOutputStream()
          .write("GET /old HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 200");
    }
    assertThat(requests).containsExactly("GET /old");
    assertThat(hosts).containsExactly("todo-api");
  }

  @Test
  void anEventArrivesWhileTheNextOneIsWaitedFor() throws Exception {
    HttpResponse<InputStream> stream =
        client.send(request("/api/events").build(), BodyHandlers.ofInputStream());
    try (BufferedReader events =
        new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.US_ASCII))) {
      assertThat(events.readLine()).isEqualTo("data: first");
      firstEventSeen.countDown();
      assertThat(events.readLine()).isEmpty();
      assertThat(events.readLine()).isEqualTo("data: last");
    } finally {
      firstEventSeen.countDown();
    }
  }
}
