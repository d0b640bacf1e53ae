package io.github.scalingtoolkit.todo.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.todo.http.HttpConfig;
import io.github.scalingtoolkit.todo.http.HttpServer;
import io.github.scalingtoolkit.todo.http.Router;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageRoutesTest {
  private static final String BROWSER =
      "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
  private static final Pattern LOADED = Pattern.compile("(?:src|href)=\"(/page/[^\"]+)\"");
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static HttpServer server;

  @BeforeAll
  static void start() {
    server = serve(new PageRoutes(true, true));
  }

  @AfterAll
  static void stop() {
    server.stop(Duration.ofSeconds(5));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/html,application/xhtml+xml,*/*;q=0.8 | text/html",
        "TEXT/HTML;level=1 | text/html",
        "application/json;q=0.5, text/html;q=0.6 | text/html",
        "application/json, text/html;q=0.9 | application/json",
        "text/html;q=0, */* | application/json",
        "text/* | application/json",
        "*/* | application/json",
        "; | application/json",
        "application/json | application/json"
      })
  void aBrowserGetsThePageAndAProgramTheIndex(String accept, String type) {
    HttpResponse<byte[]> answer = get("/", "Accept", accept);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Content-Type")).startsWith(type);
    assertThat(answer.headers().allValues("Vary")).contains("Accept");
  }

  @Test
  void aClientThatSaysNothingGetsTheIndex() {
    assertThat(text(get("/"))).contains("\"/openapi.json\"", "\"/api/todos\"");
  }

  @Test
  void thePageOffersWhatTheServiceOffers() {
    assertThat(text(get("/", "Accept", BROWSER)))
        .contains("data-registration=\"on\"", "data-demo=\"on\"");
    HttpServer closed = serve(new PageRoutes(false, false));
    try {
      assertThat(text(get(closed.port(), "GET", "/", "Accept", BROWSER)))
          .contains("data-registration=\"off\"", "data-demo=\"off\"")
          .doesNotContain("=\"on\"");
    } finally {
      closed.stop(Duration.ofSeconds(5));
    }
  }

  @Test
  void everyFileIsItsOwnHasAPolicyAndIsNamedInThePage() {
    String html = text(get("/", "Accept", BROWSER));
    List<String> files = new ArrayList<>();
    Matcher loaded = LOADED.matcher(html);
    while (loaded.find()) {
      files.add(loaded.group(1));
    }

    assertThat(files)
        .containsExactlyInAnyOrder("/page/icon.svg", "/page/todo.css", "/page/todo.js");
    assertThat(html)
        .doesNotContain("://", "style=\"", "<style")
        .doesNotContainPattern("<script[^>]*>[^<]")
        .doesNotContainPattern("\\son[a-z]+=");
    assertThat(text(get("/page/todo.js"))).doesNotContain("innerHTML", "eval(", "://");
    assertThat(text(get("/page/todo.css"))).doesNotContain("url(", "@import");
    files.add("/");
    for (String file : files) {
      HttpResponse<byte[]> full = get(file, "Accept", BROWSER);
      HttpResponse<byte[]> known =
          get(file, "Accept", BROWSER, "If-None-Match", header(full, "ETag"));
      assertThat(full.statusCode()).as(file).isEqualTo(200);
      assertThat(known.statusCode()).as(file).isEqualTo(304);
      for (HttpResponse<byte[]> answer : List.of(full, known)) {
        assertThat(header(answer, "Content-Security-Policy"))
            .as("%s, %s", file, answer.statusCode())
            .contains("default-src 'none'", "script-src 'self'")
            .contains("require-trusted-types-for 'script'", "trusted-types 'none'")
            .doesNotContain("unsafe", "*");
      }
    }
    assertThat(header(get("/"), "Content-Security-Policy"))
        .isEqualTo("default-src 'none'; frame-ancestors 'none'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/page/todo.css", "/page/todo.js", "/page/icon.svg"})
  void aFileIsSentOnceAndThenAskedFor(String path) throws IOException {
    HttpResponse<byte[]> plain = get(path, "Accept", BROWSER);
    String etag = header(plain, "ETag");

    assertThat(header(plain, "Cache-Control")).isEqualTo("no-cache");
    HttpResponse<byte[]> known = get(path, "Accept", BROWSER, "If-None-Match", etag);
    assertThat(known.statusCode()).isEqualTo(304);
    assertThat(known.body()).isEmpty();
    HttpResponse<byte[]> small = get(path, "Accept", BROWSER, "Accept-Encoding", "gzip");
    if (path.endsWith(".svg")) {
      assertThat(small.headers().firstValue("Content-Encoding")).isEmpty();
    } else {
      assertThat(new GZIPInputStream(new ByteArrayInputStream(small.body())).readAllBytes())
          .isEqualTo(plain.body());
      assertThat(header(small, "ETag")).isEqualTo("W/" + etag);
    }
    HttpResponse<byte[]> head =
        get(server.port(), "HEAD", path, "Accept", BROWSER, "Accept-Encoding", "gzip");
    assertThat(header(head, "Content-Length")).isEqualTo(header(small, "Content-Length"));
    assertThat(head.body()).isEmpty();
  }

  private static HttpServer serve(PageRoutes page) {
    return HttpServer.start(
        HttpConfig.at("page", "127.0.0.1", 0),
        new Router(page.routes()),
        new SimpleMeterRegistry());
  }

  private static HttpResponse<byte[]> get(String path, String... headers) {
    return get(server.port(), "GET", path, headers);
  }

  private static HttpResponse<byte[]> get(int port, String method, String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofMinutes(2))
        .method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return HTTP.send(request.build(), BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), UTF_8);
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("none");
  }
}
