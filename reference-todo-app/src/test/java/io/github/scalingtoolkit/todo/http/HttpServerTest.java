package io.github.scalingtoolkit.todo.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.testing.Await;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpServerTest {
  private static final byte[] LARGE = ("[\"" + "x".repeat(5000) + "\"]").getBytes(UTF_8);

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build();
  private final ObjectMapper json = new ObjectMapper();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger held = new AtomicInteger();
  private HttpServer server;

  @BeforeEach
  void start() {
    server = start(config(4, Duration.ofSeconds(10), Set.of("*")));
  }

  @AfterEach
  void stop() {
    release.countDown();
    server.stop(Duration.ofSeconds(5));
  }

  private static HttpConfig config(int maxInFlight, Duration parseTimeout, Set<String> origins) {
    return new HttpConfig(
        "test",
        "127.0.0.1",
        0,
        100 * 1024,
        maxInFlight,
        parseTimeout,
        Duration.ofSeconds(75),
        origins,
        false);
  }

  private HttpServer start(HttpConfig config) {
    return HttpServer.start(
        config,
        new Router(List.of(
            Route.unlimited(
                "/health",
                exchange -> Respond.json(exchange, 200, "{\"status\":\"OK\"}".getBytes(UTF_8))),
            Route.get("/large", exchange -> Respond.json(exchange, "\"v1\"", LARGE)),
            Route.get(
                "/things/{id}",
                exchange -> Respond.json(
                    exchange, 200, json.writeValueAsBytes(Router.parameter(exchange, "id")))),
            Route.get("/fault", exchange -> {
              throw new IllegalStateException("password=s3cret");
            }),
            Route.get("/held", exchange -> {
              held.incrementAndGet();
              release.await();
              Respond.json(exchange, 200, "[]".getBytes(UTF_8));
            }),
            Route.post(
                "/things",
                null,
                (exchange, body) -> Respond.json(exchange, 201, json.writeValueAsBytes(body))))),
        meters);
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .timeout(Duration.ofSeconds(60));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String body) throws Exception {
    return send(to("/things")
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body)));
  }

  private String raw(String request) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
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

  @Test
  void whoWaitsToBeToldToContinueIsToldSoAndNotIfTheBodyIsTooLong() throws Exception {
    HttpRequest.Builder request =
        to("/things").header("Content-Type", "application/json").expectContinue(true);

    assertThat(send(request.copy().POST(BodyPublishers.ofString("{}"))).statusCode())
        .isEqualTo(201);
    assertThat(raw("POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            + "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"))
        .startsWith("HTTP/1.1 413");
  }

  @Test
  void anUnknownPathIs404WithTheTutorialsErrorAsProblemJson() throws Exception {
    HttpResponse<String> answer = send(to("/nothing"));

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = json.readTree(answer.body());
    assertThat(problem.get("error").asText()).isEqualTo("Not found");
    assertThat(problem.get("status").asInt()).isEqualTo(404);
    assertThat(problem.get("title").asText()).isEqualTo("Not Found");
  }

  @Test
  void aKnownPathWithAWrongMethodIs405WithAllow() throws Exception {
    HttpResponse<String> answer = send(to("/things").DELETE());

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("POST, OPTIONS");
    assertThat(json.readTree(answer.body()).get("error").asText()).isEqualTo("Method not allowed");
    assertThat(raw("TRACE /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        .contains(" 405 ");
  }

  @Test
  void oneTrailingSlashIsToleratedAndPathPartsAreNoQueryParameters() throws Exception {
    assertThat(send(to("/health/")).statusCode()).isEqualTo(200);
    assertThat(send(to("/health//")).statusCode()).isEqualTo(404);
    assertThat(send(to("/things/5?id=9")).body()).isEqualTo("\"5\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{'a':1}",
        "{\"a\":NaN}",
        "\ufeff{}",
        "{}{}",
        "{\"a\":01}",
        "[[[[[[[[[[[[[[[[[[[[1",
        "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]{}",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],\"a\":1}"
      })
  void whatIsNotOneJsonObjectWithoutDuplicatesIs400(String body) throws Exception {
    HttpResponse<String> answer = post(body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json.readTree(answer.body()).get("error").asText()).isEqualTo("Malformed JSON");
  }

  @Test
  void jsonBeyondABoundIs422AndToldWhichOne() throws Exception {
    assertBeyond("{\"a\":" + "[".repeat(16) + "1" + "]".repeat(16) + "}", "deeper than 16 levels");
    assertBeyond("{\"a\":" + "1".repeat(101) + "}", "more than 100 characters");
    assertBeyond("{\"" + "a".repeat(50_001) + "\":1}", "more than 50000 characters");

    assertThat(post("{\"a\":" + "[".repeat(15) + "1" + "]".repeat(15) + "}").statusCode())
        .isEqualTo(201);
    assertThat(post("{\"a\":" + "1".repeat(100) + "}").statusCode()).isEqualTo(201);
  }

  private void assertBeyond(String body, String bound) throws Exception {
    HttpResponse<String> answer = post(body);

    assertThat(answer.statusCode()).isEqualTo(422);
    JsonNode errors = json.readTree(answer.body()).get("errors");
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0).get("message").textValue()).contains(bound);
  }

  @Test
  void badUtf8Is400() throws Exception {
    HttpResponse<String> answer = send(to("/things")
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofByteArray(new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'})));

    assertThat(answer.statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "1", "\"a\"", "null"})
  void jsonThatIsNoObjectIs422(String body) throws Exception {
    assertThat(post(body).statusCode()).isEqualTo(422);
  }

  @ParameterizedTest
  @CsvSource({
    "application/json,201", "Application/JSON; charset=UTF-8,201",
        "application/json;charset=\"utf-8\",201",
    "application/json; charset=latin1,415", "text/plain,415",
        "application/x-www-form-urlencoded,415"
  })
  void onlyJsonInUtf8IsTaken(String type, int status) throws Exception {
    assertThat(send(to("/things").header("Content-Type", type).POST(BodyPublishers.ofString("{}")))
            .statusCode())
        .isEqualTo(status);
  }

  @Test
  void aBodyBeyondTheLimitIs413WithAndWithoutAKnownLength() throws Exception {
    byte[] body = ("{\"a\":\"" + "x".repeat(101 * 1024) + "\"}").getBytes(UTF_8);

    HttpResponse<String> known = send(to("/things")
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofByteArray(body)));
    String chunked = raw("POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(body.length) + "\r\n"
        + new String(body, UTF_8)
        + "\r\n0\r\n\r\n");

    assertThat(known.statusCode()).isEqualTo(413);
    assertThat(json.readTree(known.body()).get("error").asText()).isEqualTo("Body too large");
    assertThat(chunked).startsWith("HTTP/1.1 413");
    assertThat(send(to("/health")).statusCode()).isEqualTo(200);
  }

  @Test
  void everyAnswerHasHelmetsHeadersAndTellsNothingOfTheServer() throws Exception {
    for (HttpResponse<String> answer : List.of(
        send(to("/health")),
        send(to("/nothing")),
        send(to("/fault")),
        send(to("/things").DELETE()),
        post("{"))) {
      assertThat(answer.headers().map())
          .containsKeys(
              "content-security-policy",
              "cross-origin-opener-policy",
              "cross-origin-resource-policy",
              "origin-agent-cluster",
              "referrer-policy",
              "strict-transport-security",
              "x-content-type-options",
              "x-dns-prefetch-control",
              "x-download-options",
              "x-frame-options",
              "x-permitted-cross-domain-policies",
              "x-xss-protection",
              "x-request-id")
          .doesNotContainKeys("server", "x-powered-by");
      assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).contains("*");
      assertThat(answer.headers().firstValue("Access-Control-Expose-Headers").orElseThrow())
          .contains(
              "X-Cache",
              "Link",
              "ETag",
              "Location",
              "Retry-After",
              "RateLimit",
              "RateLimit-Policy");
    }
  }

  @Test
  void aFaultIs500AndSaysNothing() throws Exception {
    HttpResponse<String> answer = send(to("/fault"));

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("s3cret", "IllegalState", "at io.");
    assertThat(json.readTree(answer.body()).get("error").asText()).isEqualTo("Internal error");
  }

  @Test
  void aPreflightIs204AndAForeignOriginGetsNothingWhereOriginsAreListed() throws Exception {
    String preflight = "OPTIONS /things HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n"
        + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n";
    assertThat(raw(preflight))
        .startsWith("HTTP/1.1 204")
        .contains("Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: POST, OPTIONS");

    server.stop(Duration.ofSeconds(5));
    server = start(config(4, Duration.ofSeconds(10), Set.of("https://b.example")));

    assertThat(raw(preflight)).doesNotContain("Access-Control-Allow-Origin");
    assertThat(raw(preflight.replace("a.example", "b.example")))
        .contains("Access-Control-Allow-Origin: https://b.example", "Vary: Origin");
  }

  @Test
  void compressesLargeJsonForWhoAsksAndNothingElse() throws Exception {
    HttpResponse<byte[]> zipped = client.send(
        to("/large").header("Accept-Encoding", "gzip").build(), BodyHandlers.ofByteArray());
    HttpResponse<byte[]> plain = client.send(to("/large").build(), BodyHandlers.ofByteArray());
    HttpResponse<byte[]> small = client.send(
        to("/health").header("Accept-Encoding", "gzip").build(), BodyHandlers.ofByteArray());

    assertThat(zipped.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(zipped.body())).readAllBytes())
        .isEqualTo(LARGE);
    assertThat(plain.body()).isEqualTo(LARGE);
    assertThat(small.headers().firstValue("Content-Encoding")).isEmpty();
  }

  @Test
  void cachesAreToldOfTheCodingAndOneStrongTagIsOfOneCoding() throws Exception {
    HttpResponse<String> zipped = send(to("/large").header("Accept-Encoding", "gzip"));
    HttpResponse<String> plain = send(to("/large"));
    HttpResponse<String> small = send(to("/health").header("Accept-Encoding", "gzip"));
    String tag = zipped.headers().firstValue("ETag").orElseThrow();

    assertThat(zipped.headers().allValues("Vary")).contains("Accept-Encoding");
    assertThat(plain.headers().allValues("Vary")).contains("Accept-Encoding");
    assertThat(small.headers().allValues("Vary")).doesNotContain("Accept-Encoding");
    assertThat(tag).isEqualTo("W/\"v1\"");
    assertThat(plain.headers().firstValue("ETag")).contains("\"v1\"");
    for (String known : List.of(tag, "\"v1\"")) {
      HttpResponse<String> same =
          send(to("/large").header("Accept-Encoding", "gzip").header("If-None-Match", known));
      assertThat(same.statusCode()).isEqualTo(304);
      assertThat(same.headers().firstValue("ETag")).contains(tag);
      assertThat(same.headers().allValues("Vary")).contains("Accept-Encoding");
      assertThat(same.headers().firstValue("Content-Length")).isEmpty();
    }
  }

  @Test
  void answersHeadWithoutABodyAndAKnownEtagWith304() throws Exception {
    HttpResponse<String> head = send(to("/large").method("HEAD", BodyPublishers.noBody()));
    HttpResponse<String> known = send(to("/large").header("If-None-Match", "\"v0\", W/\"v1\""));
    HttpResponse<String> other = send(to("/large").header("If-None-Match", "\"v0\""));

    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue(LARGE.length);
    assertThat(known.statusCode()).isEqualTo(304);
    assertThat(known.body()).isEmpty();
    assertThat(other.statusCode()).isEqualTo(200);
  }

  @Test
  void beyondTheLimitAndItsQueueRequestsGet503AndHealthIsServedOn() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      answers.add(client.sendAsync(to("/held").build(), BodyHandlers.ofString()));
    }
    Await.until(
        "four are refused",
        () -> answers.stream().filter(CompletableFuture::isDone).count() == 4);

    assertThat(held).hasValue(4);
    assertThat(send(to("/health")).statusCode()).isEqualTo(200);
    release.countDown();
    List<Integer> statuses =
        answers.stream().map(answer -> answer.join().statusCode()).sorted().toList();
    assertThat(statuses)
        .containsExactly(200, 200, 200, 200, 200, 200, 200, 200, 503, 503, 503, 503);
    answers.stream()
        .map(CompletableFuture::join)
        .filter(answer -> answer.statusCode() == 503)
        .forEach(refused ->
            assertThat(refused.headers().firstValueAsLong("Retry-After")).hasValue(1));
  }

  @Test
  void clientsWhoAreSlowWithTheirBodiesKeepNobodyFromReadingOrWriting() throws Exception {
    // Twice: whoever has gone has left his place.
    for (int times = 0; times < 2; times++) {
      List<Socket> slow = new ArrayList<>();
      try {
        // More than are worked on, wait, and may be on their way, all together.
        for (int i = 0; i < 20; i++) {
          slow.add(beginBody("POST"));
        }
        Await.until("as many as may be on their way are", () -> server.inFlight() == 4);

        assertThat(send(to("/large")).statusCode()).isEqualTo(200);
        for (int i = 0; i < 10; i++) {
          assertThat(post("{}").statusCode()).isEqualTo(201);
        }
        assertThat(rest(slow.get(0)))
            .as("the one that has been longest gave way, and is told so")
            .startsWith("HTTP/1.1 503")
            .contains("Retry-After: 1");
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
      Await.until("all have gone", () -> server.inFlight() == 0);
    }
    assertThat(post("{}").statusCode()).isEqualTo(201);
  }

  @Test
  void aBodyThatTricklesHasAsLongAsAHeadInAllAndIsThen408() throws Exception {
    server.stop(Duration.ofSeconds(5));
    server = start(config(4, Duration.ofSeconds(2), Set.of("*")));

    assertThat(trickle(beginBody("POST"))).startsWith("HTTP/1.1 408").contains("Body too slow");
    Await.until("its place is free", () -> server.inFlight() == 0);
    assertThat(post("{}").statusCode()).isEqualTo(201);
  }

  @Test
  void aBodyThatNobodyReadsHoldsNoPlaceAndEndsInItsTimeToo() throws Exception {
    server.stop(Duration.ofSeconds(5));
    server = start(config(4, Duration.ofSeconds(2), Set.of("*")));
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        slow.add(beginBody("GET"));
      }
      Await.until("as many as may be on their way are", () -> server.inFlight() == 4);
      assertThat(send(to("/large")).statusCode()).isEqualTo(200);

      Socket unread = beginBody("DELETE");
      slow.add(unread);

      assertThat(trickle(unread)).startsWith("HTTP/1.1 405");
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private Socket beginBody(String method) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    String path = method.equals("GET") ? "/large" : "/things";
    socket
        .getOutputStream()
        .write((method + " " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                + "Content-Length: 50000\r\n\r\n{")
            .getBytes(ISO_8859_1));
    return socket;
  }

  private static String rest(Socket socket) throws IOException {
    socket.setSoTimeout(60_000);
    return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
  }

  /** Sends a byte and then listens for a moment, in turn, until it is told to go. */
  private static String trickle(Socket socket) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try (socket) {
      socket.setSoTimeout(50);
      long started = System.nanoTime();
      while (System.nanoTime() - started < Duration.ofSeconds(60).toNanos()) {
        try {
          int next = socket.getInputStream().read();
          if (next < 0) {
            return answer.toString(ISO_8859_1);
          }
          answer.write(next);
        } catch (SocketTimeoutException nothingYet) {
          socket.getOutputStream().write(' ');
        }
      }
    } catch (SocketException closed) {
      return answer.toString(ISO_8859_1);
    }
    throw new AssertionError("nobody has closed the connection: " + answer);
  }

  @Test
  void stoppingAnswersWhatIsUnderWayAndRefusesWhatIsNew() throws Exception {
    CompletableFuture<HttpResponse<String>> underWay =
        client.sendAsync(to("/held").build(), BodyHandlers.ofString());
    Await.until("it is under way", () -> held.get() == 1);
    int port = server.port();
    Thread stopper = new Thread(() -> server.stop(Duration.ofSeconds(30)));
    stopper.start();
    Await.until(
        "it drains",
        () -> raw("GET /health HTTP/1.1\r\nHost: h\r\n\r\n").contains("Connection: close"));

    release.countDown();

    assertThat(underWay.join().statusCode()).isEqualTo(200);
    stopper.join();
    server = start(config(4, Duration.ofSeconds(10), Set.of("*")));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
  }

  @Test
  void aPortInUseIsNamedWithWhatToDo() {
    HttpConfig taken = HttpConfig.at("public", "127.0.0.1", server.port());

    assertThatExceptionOfType(ListenException.class)
        .isThrownBy(() -> HttpServer.start(taken, new Router(List.of()), meters))
        .withMessageContaining("127.0.0.1:" + server.port())
        .withMessageContaining("choose another port");
  }

  @ParameterizedTest
  @CsvSource({"no-such-host.invalid,UNKNOWN_HOST", "192.0.2.1,FOREIGN_HOST"})
  void aHostThatIsNotThisMachineIsNamedWithWhatToDo(String host, ListenException.Reason reason) {
    assertThatExceptionOfType(ListenException.class)
        .isThrownBy(
            () -> HttpServer.start(HttpConfig.at("public", host, 0), new Router(List.of()), meters))
        .withMessageContaining(host)
        .withMessageContaining("an address of this machine")
        .withMessageNotContaining("another port")
        .satisfies(refused -> assertThat(refused.reason()).isEqualTo(reason));
  }

  @Test
  void aSlowLorisIsClosedAndSixHundredOfThemStarveNobody() throws Exception {
    server.stop(Duration.ofSeconds(5));
    server = start(config(4, Duration.ofSeconds(2), Set.of("*")));
    List<Socket> lorises = new ArrayList<>();
    try {
      for (int i = 0; i < 600; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout(60_000);
        OutputStream out = socket.getOutputStream();
        out.write("GET /large HTTP/1.1\r\nHost: h\r\nX-Slow: ".getBytes(ISO_8859_1));
        out.flush();
        lorises.add(socket);
        if (i % 100 == 0) {
          assertThat(send(to("/large")).statusCode()).isEqualTo(200);
        }
      }
      for (Socket loris : lorises) {
        assertThat(loris.getInputStream().readAllBytes()).isEmpty();
      }
      assertThat(send(to("/large")).statusCode()).isEqualTo(200);
    } finally {
      for (Socket loris : lorises) {
        loris.close();
      }
    }
  }

  @Test
  void refusesSmugglingHugeHeadersAndOddPathsAndServesOn() throws Exception {
    assertThat(raw(
            "POST /things HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n"
                + "Content-Type: application/json\r\n\r\n0\r\n\r\n"))
        .doesNotContain(" 201 ");
    assertThat(
            raw("GET /health HTTP/1.1\r\nHost: h\r\nX-Big: " + "x".repeat(17 * 1024) + "\r\n\r\n"))
        .doesNotContain(" 200 ");
    assertThat(raw("GET /%ff%fe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        .contains(" 404 ");
    assertThat(raw("GET /../etc/passwd HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        .contains(" 404 ");
    assertThat(raw(
            "POST /things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
                + "Connection: close\r\n\r\n{}\r\n\r\n".substring(0, 20)))
        .isNotNull();
    assertThat(send(to("/health")).statusCode()).isEqualTo(200);
  }

  @Test
  void timesRequestsByRouteAndNeverByWhatAClientSends() throws Exception {
    send(to("/things/secret-id"));
    send(to("/no/such/path"));

    Await.until(
        "both are counted",
        () -> meters.find("toolkit.todo.http.requests").timers().stream()
                .mapToLong(timer -> timer.count())
                .sum()
            == 2);
    assertThat(meters.getMeters().stream().map(Meter::getId).toList().toString())
        .doesNotContain("secret-id", "/no/such/path")
        .contains("/things/{id}");
  }
}
