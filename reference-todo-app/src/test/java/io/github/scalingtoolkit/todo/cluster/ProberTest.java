package io.github.scalingtoolkit.todo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ProberTest {
  private static final byte[] METRICS = "a 1.0\n".getBytes(UTF_8);

  @Test
  void metricsThatDoNotComeToTheirEndAreWaitedForOnlySoLong() throws Exception {
    assertThat(metricsOf(METRICS.length)).contains("a 1.0\n");
    assertThat(metricsOf(METRICS.length + 1)).isEmpty();
  }

  /** Asks a worker that announces {@code length} bytes and then sends what there is, and no more. */
  private static Optional<String> metricsOf(int length) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    HttpServer served =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    served.createContext("/metrics", exchange -> {
      exchange.sendResponseHeaders(200, length);
      exchange.getResponseBody().write(METRICS);
      exchange.getResponseBody().flush();
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.close();
    });
    served.start();
    WorkerProcess worker = BalancerTest.announcing(served.getAddress().getPort());
    try {
      Await.until("the worker has said where it is", () -> worker.adminAddress().isPresent());
      Prober prober = new Prober(Clock.system());
      CompletableFuture<Optional<String>> metrics =
          CompletableFuture.supplyAsync(() -> prober.metrics(worker));

      Await.until("it is answered or given up", metrics::isDone);
      return metrics.join();
    } finally {
      over.countDown();
      worker.kill();
      served.stop(0);
    }
  }
}
