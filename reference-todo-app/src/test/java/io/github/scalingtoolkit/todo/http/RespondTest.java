package io.github.scalingtoolkit.todo.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.undertow.Undertow;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class RespondTest {
  @Test
  void anAnswerWithoutABodyEndsOnItsConnectionsThread() throws Exception {
    CompletableFuture<Boolean> endedOnIoThread = new CompletableFuture<>();
    Undertow server = Undertow.builder()
        .addHttpListener(0, "127.0.0.1")
        .setHandler(exchange -> {
          exchange.addExchangeCompleteListener((ended, next) -> {
            endedOnIoThread.complete(ended.isInIoThread());
            next.proceed();
          });
          exchange.dispatch(blocking -> Respond.empty(blocking, 204));
        })
        .build();
    server.start();
    try {
      int port = ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
      HttpClient client = HttpClient.newHttpClient();
      URI uri = URI.create("http://127.0.0.1:" + port + "/");

      HttpResponse<Void> answer =
          client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding());

      assertThat(answer.statusCode()).isEqualTo(204);
      assertThat(endedOnIoThread.get(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      server.stop();
    }
  }

  @Test
  void onlyALargeAnswerThatIsToBeCompressedIsNotQuick() throws Exception {
    byte[] large = ("[\"" + "x".repeat(40_000) + "\"]").getBytes(StandardCharsets.UTF_8);
    BlockingQueue<Boolean> quick = new LinkedBlockingQueue<>();
    Undertow server = Undertow.builder()
        .addHttpListener(0, "127.0.0.1")
        .setHandler(exchange -> {
          quick.add(Respond.isQuick(exchange, "\"v1\"", large));
          quick.add(Respond.isQuick(exchange, "\"v1\"", new byte[16 * 1024]));
          Respond.json(exchange, "\"v1\"", large);
          quick.add(!exchange.isDispatched());
        })
        .build();
    server.start();
    try {
      int port = ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
      HttpClient client = HttpClient.newHttpClient();
      HttpRequest plain =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/")).build();
      HttpRequest encoded = HttpRequest.newBuilder(plain, (name, value) -> true)
          .header("Accept-Encoding", "gzip")
          .build();
      HttpRequest known = HttpRequest.newBuilder(encoded, (name, value) -> true)
          .header("If-None-Match", "W/\"v1\"")
          .build();

      assertThat(client.send(plain, BodyHandlers.ofByteArray()).body()).isEqualTo(large);
      assertThat(three(quick)).containsExactly(true, true, true);
      HttpResponse<byte[]> answer = client.send(encoded, BodyHandlers.ofByteArray());
      assertThat(three(quick)).containsExactly(false, true, true);
      assertThat(client.send(known, BodyHandlers.ofByteArray()).statusCode()).isEqualTo(304);
      assertThat(three(quick)).containsExactly(true, true, true);

      assertThat(new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes())
          .isEqualTo(large);
      assertThat(answer.headers().allValues("Vary")).containsExactly("Accept-Encoding");
    } finally {
      server.stop();
    }
  }

  /** Returns what one exchange has said; the last of it may come after the answer. */
  private static List<Boolean> three(BlockingQueue<Boolean> said) throws InterruptedException {
    List<Boolean> three = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      three.add(said.poll(60, TimeUnit.SECONDS));
    }
    return three;
  }

  @Test
  void aFixedBodyIsCompressedOnce() {
    FixedBody body = new FixedBody("text/plain", "\"v1\"", new byte[2000]);

    assertThat(body.encoded()).isSameAs(body.encoded()).hasSizeLessThan(2000);
  }
}
