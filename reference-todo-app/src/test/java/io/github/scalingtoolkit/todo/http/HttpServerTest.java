package io.github.scalingtoolkit.todo.http;

import static io.github.scalingtoolkit.todo.http.TestServer.LARGE;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** What a server answers: routes, headers, origins, codings. */
class HttpServerTest {
  private final ObjectMapper json = new ObjectMapper();
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void anUnknownPathIs404WithTheTutorialsErrorAsProblemJson() throws Exception {
    HttpResponse<String> answer = server.get("/nothing");

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = json.readTree(answer.body());
    assertThat(problem.get("error").asText()).isEqualTo("Not found");
    assertThat(problem.get("status").asInt()).isEqualTo(404);
    assertThat(problem.get("title").asText()).isEqualTo("Not Found");
  }

  @Test
  void aRequestIsAnsweredWithinThreeSecondsTwoTriesIncluded() throws Exception {
    long write = millisLeft(server.send(
        server.to("/time", "Content-Type", "application/json").PUT(BodyPublishers.ofString("{}"))));
    long read = millisLeft(server.get("/time"));
    long again = millisLeft(server.get("/time", "X-Asked-Again", "1"));
    long againSoon = millisLeft(server.get("/time", "X-Asked-Again", "2000"));
    long claimed = millisLeft(server.get("/time", "X-Asked-Again", "9999999999"));
    long unread = millisLeft(server.get("/time", "X-Asked-Again", "soon"));

    assertThat(write).isBetween(1L, 2900L);
    assertThat(read).isBetween(1L, 2400L);
    assertThat(again).isBetween(0L, 500L);
    assertThat(againSoon).isBetween(501L, 2000L);
    assertThat(claimed).isBetween(501L, 2400L);
    assertThat(unread).isBetween(0L, 500L);
  }

  @Test
  void aRequestWhoseTimeIsOverAtItsTurnIsRefusedUndone() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> before = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      before.add(server.ask("/held"));
    }
    Await.until("all places are taken", () -> server.held() == 4);
    CompletableFuture<HttpResponse<String>> late = server.ask("/held", "X-Asked-Again", "1");
    Await.until("one waits for its place", () -> server.inFlight() == 5);
    Deadline itsTime = Deadline.after(Duration.ofMillis(700), Clock.system());
    Await.until("its time is over", itsTime::isExpired);

    server.release();

    HttpResponse<String> answer = late.get();
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    assertThat(answer.body()).contains("nothing was done");
    assertThat(server.held()).isEqualTo(4);
    for (CompletableFuture<HttpResponse<String>> held : before) {
      assertThat(held.get().statusCode()).isEqualTo(200);
    }
  }

  private static long millisLeft(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(200);
    return Long.parseLong(answer.body());
  }

  @Test
  void aKnownPathWithAWrongMethodIs405WithAllow() throws Exception {
    HttpResponse<String> answer = server.send(server.to("/things").DELETE());

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("POST, OPTIONS");
    assertThat(json.readTree(answer.body()).get("error").asText()).isEqualTo("Method not allowed");
    assertThat(server.raw("TRACE /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
        .contains(" 405 ");
  }

  @Test
  void oneTrailingSlashIsToleratedAndPathPartsAreNoQueryParameters() throws Exception {
    assertThat(server.get("/health/").statusCode()).isEqualTo(200);
    assertThat(server.get("/health//").statusCode()).isEqualTo(404);
    assertThat(server.get("/things/5?id=9").body()).isEqualTo("\"5\"");
  }

  @Test
  void everyAnswerHasHelmetsHeadersAndTellsNothingOfTheServer() throws Exception {
    for (HttpResponse<String> answer : List.of(
        server.get("/health"),
        server.get("/nothing"),
        server.get("/fault"),
        server.send(server.to("/things").DELETE()),
        server.post("{"))) {
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
    HttpResponse<String> answer = server.get("/fault");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("s3cret", "IllegalState", "at io.");
    assertThat(json.readTree(answer.body()).get("error").asText()).isEqualTo("Internal error");
  }

  @Test
  void theLogTellsWhyForAFaultThatSaysSoAndTheClassOfAnyOther() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(Front.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    try {
      HttpResponse<String> refused = server.get("/refused");
      server.get("/fault");

      assertThat(refused.statusCode()).isEqualTo(500);
      assertThat(refused.body()).doesNotContain("store", "code 2");
      assertThat(log.list).hasSize(2);
      assertThat(log.list.get(0).getFormattedMessage())
          .contains(
              "route=/refused status=500 cause=java.lang.IllegalStateException",
              "reason=\"the store at mongodb://***@db/x refused 'it' (code 2)\"")
          .doesNotContain("s3cret", "ada");
      assertThat(log.list.get(1).getFormattedMessage())
          .contains("cause=java.lang.IllegalStateException")
          .doesNotContain("s3cret", "reason");
    } finally {
      logger.detachAppender(log);
    }
  }

  @Test
  void aPreflightIs204AndAForeignOriginGetsNothing() throws Exception {
    String preflight = "OPTIONS /things HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n"
        + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n";
    assertThat(server.raw(preflight))
        .startsWith("HTTP/1.1 204")
        .contains("Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: POST, OPTIONS");

    server.restart(Duration.ofSeconds(10), Set.of("https://b.example"));

    assertThat(server.raw(preflight)).doesNotContain("Access-Control-Allow-Origin");
    assertThat(server.raw(preflight.replace("a.example", "b.example")))
        .contains("Access-Control-Allow-Origin: https://b.example", "Vary: Origin");
  }

  @Test
  void compressesOnlyLargeJsonAndOnlyOnRequest() throws Exception {
    HttpResponse<byte[]> zipped = server.getBytes("/large", "Accept-Encoding", "gzip");
    HttpResponse<byte[]> plain = server.getBytes("/large");
    HttpResponse<byte[]> small = server.getBytes("/health", "Accept-Encoding", "gzip");

    assertThat(zipped.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(zipped.body())).readAllBytes())
        .isEqualTo(LARGE);
    assertThat(plain.body()).isEqualTo(LARGE);
    assertThat(small.headers().firstValue("Content-Encoding")).isEmpty();
  }

  @Test
  void headTellsTheLengthOfGetInEveryCoding() throws Exception {
    for (String codings : List.of("gzip", "identity")) {
      HttpResponse<byte[]> get = server.getBytes("/large", "Accept-Encoding", codings);
      HttpResponse<String> head = server.send(
          server.to("/large", "Accept-Encoding", codings).method("HEAD", BodyPublishers.noBody()));

      assertThat(head.headers().firstValue("Content-Encoding"))
          .isEqualTo(get.headers().firstValue("Content-Encoding"));
      assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue(get.body().length);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip | true",
        "GZIP | true",
        "x-gzip | true",
        "deflate, gzip;q=0.5 | true",
        "* | true",
        "*;q=0.1, deflate | true",
        "identity;q=0.5, gzip | true",
        "identity, gzip;q=0.5 | false",
        "gzip;q=0, * | false",
        "*;q=0 | false",
        "identity;q=0, *;q=0 | false",
        "gzip;q=x | false",
        "br, deflate | false",
        ", , | false",
      })
  void aCodingIsChosenByItsWeightAndNoneIsNeverRefused(String accepted, boolean gzip)
      throws Exception {
    HttpResponse<byte[]> answer = server.getBytes("/large", "Accept-Encoding", accepted);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Encoding").orElse("none"))
        .isEqualTo(gzip ? "gzip" : "none");
    assertThat(answer.headers().allValues("Vary")).contains("Accept-Encoding");
  }

  @Test
  void headersThatAreListsMayComeInSeveralLines() throws Exception {
    String lines = server.raw("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        + "If-None-Match: \"a,b\", \"v0\"\r\nIf-None-Match: W/\"v1\"\r\n\r\n");
    String codings = server.raw("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        + "Accept-Encoding: deflate\r\nAccept-Encoding: br, gzip\r\n\r\n");

    assertThat(lines).startsWith("HTTP/1.1 304");
    assertThat(codings).contains("Content-Encoding: gzip");
  }

  @Test
  void anItemIsNeverCompressedSoThatItsTagIsStrong() throws Exception {
    HttpResponse<byte[]> item = server.getBytes("/items", "Accept-Encoding", "gzip");

    assertThat(item.headers().firstValue("ETag")).contains("\"v1\"");
    assertThat(item.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(item.body()).isEqualTo(LARGE);
    assertThat(server.get("/items", "If-None-Match", "W/\"v1\"").statusCode()).isEqualTo(304);
  }

  @Test
  void aPreflightOffersTheHeadersThatTheRouteReadsAndNoOthers() throws Exception {
    String preflight = "OPTIONS /items HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n"
        + "Access-Control-Request-Method: METHOD\r\nConnection: close\r\n\r\n";

    assertThat(server.raw(preflight.replace("METHOD", "PATCH")))
        .contains("Access-Control-Allow-Methods: GET, HEAD, PATCH, OPTIONS")
        .contains(
            "Access-Control-Allow-Headers: Authorization, X-Request-Id, Content-Type, If-Match\r\n");
    assertThat(server.raw(preflight.replace("METHOD", "GET")))
        .contains("Access-Control-Allow-Headers: Authorization, X-Request-Id, If-None-Match\r\n");
  }

  @Test
  void aPatchMayBeAMergePatchAndAPostMayNot() throws Exception {
    String merge = "application/merge-patch+json";

    HttpResponse<String> patched = server.send(server
        .to("/items", "Content-Type", merge)
        .method("PATCH", BodyPublishers.ofString("{\"a\":null}")));

    assertThat(patched.statusCode()).isEqualTo(200);
    assertThat(server.post(merge, BodyPublishers.ofString("{}")).statusCode()).isEqualTo(415);
    assertThat(server.raw("POST /things HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Type: text/plain\r\n"
            + "Content-Length: 2\r\n\r\n{}"))
        .startsWith("HTTP/1.1 415");
  }

  @Test
  void cachesAreToldOfTheCodingAndOneStrongTagIsOfOneCoding() throws Exception {
    HttpResponse<String> zipped = server.get("/large", "Accept-Encoding", "gzip");
    HttpResponse<String> plain = server.get("/large");
    HttpResponse<String> small = server.get("/health", "Accept-Encoding", "gzip");
    String tag = zipped.headers().firstValue("ETag").orElseThrow();

    assertThat(zipped.headers().allValues("Vary")).contains("Accept-Encoding");
    assertThat(plain.headers().allValues("Vary")).contains("Accept-Encoding");
    assertThat(small.headers().allValues("Vary")).doesNotContain("Accept-Encoding");
    assertThat(tag).isEqualTo("W/\"v1\"");
    assertThat(plain.headers().firstValue("ETag")).contains("\"v1\"");
    for (String known : List.of(tag, "\"v1\"")) {
      HttpResponse<String> same =
          server.get("/large", "Accept-Encoding", "gzip", "If-None-Match", known);
      assertThat(same.statusCode()).isEqualTo(304);
      assertThat(same.headers().firstValue("ETag")).contains(tag);
      assertThat(same.headers().allValues("Vary")).contains("Accept-Encoding");
      assertThat(same.headers().firstValue("Content-Length")).isEmpty();
    }
  }

  @Test
  void answersHeadWithoutABodyAndAKnownEtagWith304() throws Exception {
    HttpResponse<String> head =
        server.send(server.to("/large").method("HEAD", BodyPublishers.noBody()));
    HttpResponse<String> known = server.get("/large", "If-None-Match", "\"v0\", W/\"v1\"");
    HttpResponse<String> other = server.get("/large", "If-None-Match", "\"v0\"");

    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue(LARGE.length);
    assertThat(known.statusCode()).isEqualTo(304);
    assertThat(known.body()).isEmpty();
    assertThat(other.statusCode()).isEqualTo(200);
  }

  @Test
  void timesRequestsByRouteAndNeverByWhatAClientSends() throws Exception {
    SimpleMeterRegistry meters = server.meters();
    server.get("/things/secret-id");
    server.get("/no/such/path");

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
