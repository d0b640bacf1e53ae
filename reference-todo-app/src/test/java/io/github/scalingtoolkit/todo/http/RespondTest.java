package io.github.scalingtoolkit.todo.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.undertow.Undertow;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
}
