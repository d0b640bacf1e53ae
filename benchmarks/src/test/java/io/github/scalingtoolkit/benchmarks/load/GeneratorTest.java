package io.github.scalingtoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import io.undertow.util.Headers;
import java.net.ConnectException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GeneratorTest {
  private static final Duration SHORT = Duration.ofSeconds(1);

  @BeforeAll
  static void bothSidesAreLoaded() throws Exception {
    Warm.bothSides();
  }

  @Test
  void countsEveryAnswerThatTheServerGave() throws Exception {
    AtomicLong served = new AtomicLong();
    try (TinyServer server = TinyServer.start(exchange -> {
      served.incrementAndGet();
      exchange.getResponseSender().send("fine");
    })) {
      LoadResult result = run(server.url(), "fine", new Model.Closed(4), SHORT);

      assertThat(result.errors()).isZero();
      assertThat(result.answered()).isPositive().isLessThanOrEqualTo(served.get());
      // At most the four that were under way when the time was over are not counted.
      assertThat(result.answered()).isGreaterThanOrEqualTo(served.get() - 4);
      assertThat(result.fromSent().getTotalCount()).isEqualTo(result.answered());
      assertThat(result.offered() - result.answered()).isBetween(0L, 4L);
    }
  }

  @Test
  void refusesAnotherBodyAndTellsWhatItWas() throws Exception {
    try (TinyServer server =
        TinyServer.start(exchange -> exchange.getResponseSender().send("something else"))) {
      LoadResult result = run(server.url(), "fine", new Model.Closed(2), SHORT);

      assertThat(result.answered()).isZero();
      assertThat(result.errors()).isPositive();
      assertThat(result.firstError()).contains("another body").contains("something else");
      assertThat(Validity.refusal(new Measured(result, List.of()), Figure.CPU))
          .get()
          .asString()
          .startsWith("INVALID");
    }
  }

  @Test
  void refusesAnotherStatusAndEndsEarly() throws Exception {
    try (TinyServer server = TinyServer.start(exchange -> {
      exchange.setStatusCode(503);
      exchange.getResponseSender().send("fine");
    })) {
      LoadResult result = run(server.url(), "fine", new Model.Closed(2), Duration.ofMinutes(10));

      assertThat(result.errors()).isGreaterThanOrEqualTo(100);
      assertThat(result.firstError()).contains("status 503 where 200 was expected");
    }
  }

  @Test
  void readsAnswersThatComeInPiecesAndAreLargerThanItsBuffer() throws Exception {
    byte[] large = "x".repeat(300_000).getBytes(StandardCharsets.UTF_8);
    try (TinyServer server = TinyServer.start(
        exchange -> exchange.getResponseSender().send(new String(large, StandardCharsets.UTF_8)))) {
      Call call = Call.get("large", server.url(), "/", "", BodyCheck.equalTo(large));

      LoadResult result =
          Generator.run(Load.on(server.url(), call, new Model.Closed(2), SHORT), Observer.NONE);

      assertThat(result.errors()).describedAs(result.firstError()).isZero();
      assertThat(result.answered()).isPositive();
    }
  }

  @Test
  void goesOnWithANewConnectionWhenTheServerAnnouncesThatItCloses() throws Exception {
    try (TinyServer server = TinyServer.start(exchange -> {
      exchange.getResponseHeaders().put(Headers.CONNECTION, "close");
      exchange.setPersistent(false);
      exchange.getResponseSender().send("fine");
    })) {
      LoadResult result = run(server.url(), "fine", new Model.Closed(2), SHORT);

      assertThat(result.errors()).describedAs(result.firstError()).isZero();
      assertThat(result.answered()).isGreaterThan(2);
    }
  }

  @Test
  void anAnswerThatTheServerLeavesOutIsAnError() throws Exception {
    try (TinyServer server =
        TinyServer.start(exchange -> exchange.getConnection().close())) {
      LoadResult result = run(server.url(), "fine", new Model.Closed(1), Duration.ofMinutes(10));

      assertThat(result.answered()).isZero();
      assertThat(result.firstError()).isNotEmpty();
    }
  }

  @Test
  void aServerThatIsNotThereIsSaidAtOnce() {
    URI nobody = URI.create("http://127.0.0.1:" + Ports.free());

    assertThatThrownBy(() -> run(nobody, "fine", new Model.Closed(1), SHORT))
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void sendsAtTheRateThatWasAskedFor() throws Exception {
    try (TinyServer server =
        TinyServer.start(exchange -> exchange.getResponseSender().send("fine"))) {
      LoadResult result = run(server.url(), "fine", new Model.Open(200, 8), Duration.ofSeconds(1));

      // The rate decides, however busy this machine is: never more than fell due, and all of it
      // soon after.
      assertThat(result.offered()).isGreaterThanOrEqualTo(199);
      assertThat(result.answered()).isPositive().isLessThanOrEqualTo(result.offered() + 1);
    }
  }

  @Test
  void aStallCountsForAllThatFellDueAndTheNaiveFigureHidesIt() throws Exception {
    long stall = Duration.ofMillis(200).toNanos();
    AtomicLong served = new AtomicLong();
    try (TinyServer server = TinyServer.start(exchange -> {
      if (served.incrementAndGet() == 600) {
        // On the server's only IO thread: all its connections stand still.
        long until = System.nanoTime() + stall;
        while (System.nanoTime() - until < 0) {
          LockSupport.parkNanos(until - System.nanoTime());
        }
      }
      exchange.getResponseSender().send("fine");
    })) {
      LoadResult result =
          run(server.url(), "fine", new Model.Open(1_000, 4), Duration.ofSeconds(2));

      assertThat(result.errors()).describedAs(result.firstError()).isZero();
      assertThat(result.fromDue().getMaxValue()).isGreaterThanOrEqualTo(stall / 2);
      double due = result.fromDue().getValueAtPercentile(99);
      double sent = result.fromSent().getValueAtPercentile(99);
      assertThat(due).isGreaterThan(stall / 2.0);
      assertThat(sent).isLessThan(due / 2);
    }
  }

  @Test
  void tellsItsObserverTheBeginOfEachSliceAndTheEnd() throws Exception {
    List<Integer> slices = new ArrayList<>();
    LoadResult result;
    try (TinyServer server =
        TinyServer.start(exchange -> exchange.getResponseSender().send("fine"))) {
      Call call = Call.get("fine", server.url(), "/", "", BodyCheck.containing("fine"));

      result = Generator.run(Load.on(server.url(), call, new Model.Closed(1), SHORT), slices::add);
    }

    assertThat(slices).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, Generator.SLICES);
    assertThat(result.slices()).hasSize(Generator.SLICES);
    assertThat(result.slices().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(result.answered());
  }

  @Test
  void anInterruptEndsIt() throws Exception {
    try (TinyServer server =
        TinyServer.start(exchange -> exchange.getResponseSender().send("fine"))) {
      AtomicReference<Throwable> ended = new AtomicReference<>();
      Thread runner = new Thread(() -> {
        try {
          run(server.url(), "fine", new Model.Closed(1), Duration.ofMinutes(10));
        } catch (Exception e) {
          ended.set(e);
        }
      });
      runner.start();
      runner.interrupt();

      Await.until("the load has ended", () -> !runner.isAlive());
      assertThat(ended.get()).isNotNull();
    }
  }

  @Test
  void readsWhatThisProcessUsed() {
    List<Long> me = List.of(ProcessHandle.current().pid());
    if (ProcUsage.of(me).isEmpty()) {
      org.junit.jupiter.api.Assumptions.abort("NOT RUN: there is no /proc");
    }

    ProcUsage usage = ProcUsage.of(me).orElseThrow();

    assertThat(usage.cpuMillis()).isPositive();
    assertThat(usage.rssBytes()).isBetween(1L << 20, usage.peakBytes());
    assertThat(ProcUsage.of(List.of(0L))).isEmpty();
  }

  private static LoadResult run(URI url, String body, Model model, Duration time) throws Exception {
    Call call = Call.get("test", url, "/", "", BodyCheck.startingWith(body));
    return Generator.run(Load.on(url, call, model, time), Observer.NONE);
  }
}
