package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardCounts;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The examples of {@code guard.md}, run; {@link SnippetsTest} holds the page to them. */
class GuardExamplesTest {
  private final HttpClient http = HttpClient.newHttpClient();

  /** A busy machine can need more for a first request than the examples' 800 ms. */
  @BeforeAll
  static void bothSidesOfHttpAreLoaded() throws Exception {
    HttpServer server = shop(new AtomicInteger(1));
    try {
      URI any = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
      HttpClient client = HttpClient.newHttpClient();
      HttpRequest request = HttpRequest.newBuilder(any).build();
      assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void guardShowsAReadAWriteAndAnAsynchronousCall() {
    // tag::guard[]
    Guard prices = Guard.builder("prices")
        .timeout(Duration.ofMillis(800))
        .bulkhead(64)
        .retries(2)
        .ignoring(UnknownArticle.class::isInstance)
        .build();

    Deadline request = Deadline.after(Duration.ofSeconds(2), Clock.system());
    int price = request.call(() -> prices.callIdempotent(() -> ask("tea"), refused -> -1));
    boolean ordered = request.call(() -> prices.call(() -> order("tea")));
    CompletableFuture<Integer> later = prices.callIdempotentAsync(() -> askLater("tea"));
    // end::guard[]

    assertThat(price).isEqualTo(3);
    assertThat(ordered).isTrue();
    assertThat(later.join()).isEqualTo(3);
  }

  // tag::http[]
  private final Guard shop = Guard.builder("shop")
      .timeout(Duration.ofMillis(800))
      .failingWhen(result -> result instanceof HttpResponse<?> r && r.statusCode() >= 500)
      .retryAfter(
          failure -> failure instanceof HttpResponse<?> r
              ? Duration.ofSeconds(r.headers().firstValueAsLong("Retry-After").orElse(0))
              : null,
          Duration.ofSeconds(30))
      .build();

  HttpResponse<String> get(URI article) throws IOException, InterruptedException {
    HttpRequest.Builder get = HttpRequest.newBuilder(article);
    return shop.callIdempotent(() -> http.send(
        get.timeout(Deadline.within(Duration.ofMillis(800))).build(), BodyHandlers.ofString()));
  }
  // end::http[]

  @Test
  void httpReturnsA503ItCannotWaitForAndPassesCheckedExceptions() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    HttpServer server = shop(requests);
    URI tea = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/tea");
    Deadline request = Deadline.after(Duration.ofSeconds(20), Clock.system());

    try {
      assertThat(request.call(() -> get(tea)).statusCode()).isEqualTo(503);
      assertThat(requests).hasValue(1);
      assertThat(get(tea).body()).isEqualTo("3");
    } finally {
      server.stop(0);
    }

    assertThat(shop.counts().window().failed()).isEqualTo(1);
    assertThatThrownBy(() -> get(tea)).isInstanceOf(IOException.class);
  }

  @Test
  void asyncBoundsTheWholeAnswer() throws Exception {
    HttpServer server = shop(new AtomicInteger(1));
    URI article = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/tea");

    // tag::async[]
    HttpRequest get = HttpRequest.newBuilder(article).build();
    CompletableFuture<String> price = shop.callIdempotentAsync(
            () -> http.sendAsync(get, BodyHandlers.ofString()))
        .thenApply(answer -> answer.statusCode() == 200 ? answer.body() : "ask at the till")
        .exceptionally(failure -> "ask at the till");
    // end::async[]

    try {
      assertThat(price.join()).isEqualTo("3");
    } finally {
      server.stop(0);
    }
  }

  /** A shop that is busy when its first request comes, and for 25 s by what it says. */
  private static HttpServer shop(AtomicInteger requests) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> {
      boolean busy = requests.getAndIncrement() == 0;
      byte[] body = (busy ? "busy" : "3").getBytes(StandardCharsets.US_ASCII);
      if (busy) {
        exchange.getResponseHeaders().set("Retry-After", "25");
      }
      exchange.sendResponseHeaders(busy ? 503 : 200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
    return server;
  }

  @Test
  void adaptiveBulkheadBoundsWhatIsUnderWay() {
    // tag::adaptive[]
    Guard search = Guard.builder("search").adaptiveBulkhead(4, 500).build();
    // end::adaptive[]
    int bound = Objects.requireNonNull(search.counts().bulkhead()).limit();
    for (int i = 0; i < bound; i++) {
      assertThat(search.callAsync(() -> new CompletableFuture<String>())).isNotDone();
    }

    assertThatThrownBy(() -> search.call(() -> "one more")).isInstanceOf(RejectedException.class);

    GuardCounts.Bulkhead full = Objects.requireNonNull(search.counts().bulkhead());
    assertThat(full.limit()).isBetween(4, 500);
    assertThat(full.available()).isZero();
    assertThat(search.state()).isEqualTo(GuardState.CLOSED);
  }

  private static int ask(String article) {
    assertThat(Deadline.within(Duration.ofHours(1))).isLessThanOrEqualTo(Duration.ofMillis(800));
    return article.length();
  }

  private static boolean order(String article) {
    return !article.isEmpty();
  }

  private static CompletableFuture<Integer> askLater(String article) {
    return CompletableFuture.completedFuture(article.length());
  }

  private static final class UnknownArticle extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
