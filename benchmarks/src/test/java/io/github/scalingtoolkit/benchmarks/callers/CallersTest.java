package io.github.scalingtoolkit.benchmarks.callers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.benchmarks.callers.Slice.Threads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

class CallersTest {
  @Test
  void aSliceCountsWhatAllDidAndWhatTheSlowestDid() throws InterruptedException {
    LongAdder done = new LongAdder();
    long began = System.nanoTime();

    Slice slice =
        Slice.run(Threads.PLATFORM, 4, Duration.ofMillis(200), caller -> done.increment());

    double seconds = (System.nanoTime() - began) / 1e9;
    assertThat(slice.perSecond()).isGreaterThanOrEqualTo(done.sum() / seconds);
    assertThat(slice.perSecond()).isLessThanOrEqualTo(done.sum() / 0.2);
    assertThat(slice.fewest()).isBetween(0.0, 1.0);
  }

  @Test
  void aSliceInWhichACallerFailsHasNoFigure() {
    assertThatThrownBy(() -> Slice.run(Threads.PLATFORM, 2, Duration.ofMillis(50), caller -> {
          throw new IllegalStateException("no Redis");
        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no Redis");
  }

  @Test
  void aDelayLineHoldsAnswersBackAndChangesNothing() throws IOException {
    try (ServerSocket echo = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        DelayLine line = new DelayLine(echo.getLocalPort(), Duration.ofMillis(20));
        Socket client = new Socket(InetAddress.getLoopbackAddress(), line.port())) {
      Socket server = echo.accept();
      byte[] sent = "0123456789".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
      Thread echoing = new Thread(() -> {
        try {
          server.getInputStream().transferTo(server.getOutputStream());
        } catch (IOException ended) {
          // The client has what it wanted.
        }
      });
      echoing.start();
      long began = System.nanoTime();

      client.getOutputStream().write(sent);
      byte[] back = client.getInputStream().readNBytes(sent.length);

      assertThat(back).isEqualTo(sent);
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(20_000_000);
      server.close();
    }
  }
}
