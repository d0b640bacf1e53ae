package io.github.scalingtoolkit.core.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import io.github.scalingtoolkit.core.lifecycle.Lifecycle.Outcome;
import io.github.scalingtoolkit.core.lifecycle.Lifecycle.Stopped;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LifecycleTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private final List<String> events = new CopyOnWriteArrayList<>();

  private Lifecycle.Builder with(String... names) {
    Lifecycle.Builder builder = Lifecycle.builder();
    for (String name : names) {
      builder.phase(name, () -> events.add("+" + name), LONG, () -> events.add("-" + name));
    }
    return builder;
  }

  @Test
  void stopsInTheReverseOrderOfTheStart() {
    Lifecycle lifecycle = with("redis", "queue", "http").build();

    lifecycle.start();
    List<Stopped> report = lifecycle.stop();

    assertThat(events).containsExactly("+redis", "+queue", "+http", "-http", "-queue", "-redis");
    assertThat(report).extracting(Stopped::phase).containsExactly("http", "queue", "redis");
    assertThat(report).extracting(Stopped::outcome).containsOnly(Outcome.DONE);
  }

  @Test
  void aStartThatFailsStopsWhatHadStartedAndPassesOn() {
    Lifecycle lifecycle = with("redis")
        .phase(
            "http",
            () -> {
              throw new IllegalStateException("port taken");
            },
            LONG,
            () -> events.add("-http"))
        .build();

    assertThatIllegalStateException().isThrownBy(lifecycle::start).withMessage("port taken");

    assertThat(events).containsExactly("+redis", "-redis");
  }

  @Test
  void aStopThatHangsOrThrowsDoesNotKeepTheOthersFromStopping() {
    CountDownLatch never = new CountDownLatch(1);
    Lifecycle lifecycle = with("redis")
        .phase("hung", () -> {}, Duration.ofMillis(50), () -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        })
        .phase("broken", () -> {}, LONG, () -> {
          throw new IllegalStateException("no");
        })
        .build();
    lifecycle.start();

    List<Stopped> report = lifecycle.stop();

    assertThat(report)
        .extracting(Stopped::outcome)
        .containsExactly(Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DONE);
    assertThat(events).containsExactly("+redis", "-redis");
  }

  @Test
  void severalStopsAreOne() throws InterruptedException {
    Lifecycle lifecycle = with("redis").build();
    lifecycle.start();
    List<List<Stopped>> reports = new CopyOnWriteArrayList<>();
    List<Thread> threads = List.of(
        new Thread(() -> reports.add(lifecycle.stop())),
        new Thread(() -> reports.add(lifecycle.stop())));

    for (Thread thread : threads) {
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(events).containsExactly("+redis", "-redis");
    assertThat(reports).hasSize(2).allMatch(report -> report.size() == 1);
  }

  @Test
  void aStopDuringTheStartEndsItAndStopsThePhaseThatWasStarting() throws InterruptedException {
    CountDownLatch starting = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Lifecycle lifecycle = with("redis")
        .phase(
            "slow",
            () -> {
              starting.countDown();
              try {
                goOn.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            LONG,
            () -> events.add("-slow"))
        .phase("http", () -> events.add("+http"), LONG, () -> events.add("-http"))
        .build();
    Thread starter = new Thread(() -> assertThatIllegalStateException()
        .isThrownBy(lifecycle::start)
        .withMessage("stopped before http was started"));
    starter.start();
    starting.await();
    Thread stopper = new Thread(lifecycle::stop);
    stopper.start();
    Await.until("the stop waits", () -> stopper.getState() == Thread.State.TIMED_WAITING);

    goOn.countDown();
    starter.join();
    stopper.join();

    assertThat(events).containsExactly("+redis", "-slow", "-redis");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPhaseThatStartsDuringTheStopIsStoppedToo(boolean last) throws Exception {
    CountDownLatch starting = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Lifecycle.Builder builder = with("redis")
        .phase(
            "slow",
            () -> {
              starting.countDown();
              awaitQuietly(goOn);
              events.add("+slow");
            },
            Duration.ofSeconds(1),
            () -> events.add("-slow"));
    Lifecycle lifecycle = last
        ? builder.build()
        : builder
            .phase("http", () -> events.add("+http"), LONG, () -> events.add("-http"))
            .build();
    FutureTask<@Nullable Throwable> start =
        new FutureTask<>(() -> catchThrowable(lifecycle::start));
    new Thread(start).start();
    starting.await();

    List<Stopped> report = lifecycle.stop();
    goOn.countDown();

    assertThat(start.get(2, TimeUnit.MINUTES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("stopped while slow was starting");
    assertThat(events).containsExactly("+redis", "-redis", "+slow", "-slow");
    assertThat(report)
        .extracting(Stopped::phase, Stopped::outcome)
        .containsExactly(tuple("slow", Outcome.TIMED_OUT), tuple("redis", Outcome.DONE));
  }

  @Test
  void aStopDuringTheLastStartMakesTheStartFail() throws Exception {
    CountDownLatch starting = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Lifecycle lifecycle = with("redis")
        .phase(
            "http",
            () -> {
              starting.countDown();
              awaitQuietly(goOn);
            },
            LONG,
            () -> events.add("-http"))
        .build();
    FutureTask<@Nullable Throwable> start =
        new FutureTask<>(() -> catchThrowable(lifecycle::start));
    new Thread(start).start();
    starting.await();
    Thread stopper = new Thread(lifecycle::stop);
    stopper.start();
    Await.until("the stop waits", () -> stopper.getState() == Thread.State.TIMED_WAITING);

    goOn.countDown();

    assertThat(start.get(2, TimeUnit.MINUTES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("stopped while http was starting");
    stopper.join();
    assertThat(events).containsExactly("+redis", "-http", "-redis");
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anErrorAtTheStartStopsWhatHadStartedAsWell() {
    Lifecycle lifecycle = with("redis")
        .phase(
            "http",
            () -> {
              throw new NoClassDefFoundError("gone");
            },
            LONG,
            () -> {})
        .build();

    assertThatExceptionOfType(NoClassDefFoundError.class).isThrownBy(lifecycle::start);

    assertThat(events).containsExactly("+redis", "-redis");
    assertThatIllegalStateException().isThrownBy(lifecycle::start);
  }

  @Test
  void anInterruptOfTheStopTimesNoPhaseOutButTheOneItHits() {
    Lifecycle lifecycle = with("redis", "queue", "http").build();
    lifecycle.start();
    Thread.currentThread().interrupt();

    List<Stopped> report = lifecycle.stop();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(report).extracting(Stopped::outcome).containsOnly(Outcome.DONE);
  }

  @Test
  void tellsHowLongAllStopsTogetherMayTake() {
    assertThat(with("redis", "http").build().stopWithin()).isEqualTo(LONG.multipliedBy(2));
    assertThat(Lifecycle.builder().build().stopWithin()).isZero();
  }

  @Test
  void refusesAStopWithoutTimeOrWithoutEnd() {
    Duration tooLong = Duration.ofSeconds(Long.MAX_VALUE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Lifecycle.builder().phase("redis", () -> {}, tooLong, () -> {}))
        .withMessage("stopWithin of redis must be > 0 and <= 1 d but was " + tooLong);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Lifecycle.builder().phase("redis", () -> {}, Duration.ZERO, () -> {}))
        .withMessage("stopWithin of redis must be > 0 and <= 1 d but was PT0S");
  }
}
