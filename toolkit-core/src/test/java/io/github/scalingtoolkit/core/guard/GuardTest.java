package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GuardTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));

  private GuardBuilder fiveOfTen() {
    return Guard.builder("store").countWindow(10).minimumCalls(5).clock(clock);
  }

  @Test
  void passesResultsAndExceptionsThroughWhileClosed() {
    Guard guard = fiveOfTen().build();

    assertThat(guard.call(() -> "value")).isEqualTo("value");
    assertThatThrownBy(() -> fail(guard)).isExactlyInstanceOf(StoreDown.class);
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void refusesAtOnceAndWithoutStackTraceOnceHalfOfTheWindowFailed() {
    Guard guard =
        fiveOfTen().openFor(Duration.ofSeconds(5), Duration.ofSeconds(60)).build();
    open(guard);
    AtomicInteger calls = new AtomicInteger();

    RejectedException rejected =
        catchThrowableOfType(RejectedException.class, () -> guard.call(calls::incrementAndGet));

    assertThat(calls).hasValue(0);
    assertThat(rejected.reason()).isEqualTo(Reason.OPEN);
    assertThat(rejected.name()).isEqualTo("store");
    assertThat(rejected.getStackTrace()).isEmpty();
    assertThat(rejected.retryAfter()).isBetween(Duration.ofMillis(2500), Duration.ofSeconds(5));
    assertThat(rejected).hasMessageContaining("store").hasMessageContaining("ms");
  }

  @Test
  void opensOnSlowFailuresThatATimeWindowWouldNeverHoldTogether() {
    Guard guard = fiveOfTen().build();

    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> fail(guard)).isInstanceOf(StoreDown.class);
      clock.advance(Duration.ofSeconds(30));
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
  }

  @Test
  void warnsOnceThatItOpensAndWhyHoweverManyTriesFailAfterwards() {
    Guard guard = Guard.builder("logged-once")
        .countWindow(10)
        .minimumCalls(5)
        .openFor(Duration.ofSeconds(5), Duration.ofSeconds(60))
        .reasons(failure -> "refuses the credentials")
        .probed()
        .clock(clock)
        .build();
    try (CapturedLog log = CapturedLog.start()) {
      open(guard);
      for (int i = 0; i < 3; i++) {
        clock.advance(Duration.ofSeconds(61));
        assertThat(guard.probe(() -> {
              throw new StoreDown();
            }))
            .isFalse();
      }
      assertThat(guard.lastFailure()).isEqualTo("refuses the credentials");
      assertThat(log.lines("guard=logged-once"))
          .singleElement()
          .asString()
          .contains("WARN", "from=CLOSED", "refuses the credentials")
          .doesNotContain("-1");

      clock.advance(Duration.ofSeconds(61));
      assertThat(guard.probe(() -> {})).isTrue();

      assertThat(guard.lastFailure()).isNull();
      assertThat(log.lines("guard=logged-once")).as("lines of warnings").hasSize(1);
    }
  }

  @Test
  void aReasonThatCannotBeGivenIsTheClassAndKeepsNoPermit() {
    Guard guard = fiveOfTen()
        .reasons(failure -> {
          throw new IllegalStateException("broken");
        })
        .build();

    open(guard);

    assertThat(guard.lastFailure()).isEqualTo(StoreDown.class.getName());
  }

  @Test
  void letsCallersTryAgainAfterTheIntervalAndClosesWhenTheySucceed() {
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(5), Duration.ofSeconds(60))
        .halfOpenCalls(2)
        .build();
    open(guard);

    clock.advance(Duration.ofSeconds(5));

    assertThat(guard.call(() -> 1)).isEqualTo(1);
    assertThat(guard.state()).isEqualTo(GuardState.HALF_OPEN);
    assertThat(guard.call(() -> 2)).isEqualTo(2);
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void jumpsOfTheWallClockNeitherOpenNorCloseIt() {
    Guard guard =
        fiveOfTen().openFor(Duration.ofSeconds(5), Duration.ofSeconds(60)).build();
    open(guard);

    clock.jump(Duration.ofDays(400));

    assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    clock.jump(Duration.ofDays(-800));
    clock.advance(Duration.ofSeconds(5));
    assertThat(guard.call(() -> 1)).isEqualTo(1);
  }

  @Test
  void refusesACallAfterItsDeadlineAndDoesNotCountIt() {
    Guard guard = fiveOfTen().build();
    Deadline passed = Deadline.after(Duration.ZERO, clock);

    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> passed.call(() -> guard.call(() -> 1)))
          .isInstanceOfSatisfying(
              RejectedException.class,
              rejected -> assertThat(rejected.reason()).isEqualTo(Reason.DEADLINE));
    }

    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void ignoredExceptionsCountAsNothing() {
    Guard guard =
        fiveOfTen().ignoring(IllegalArgumentException.class::isInstance).build();

    for (int i = 0; i < 50; i++) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> guard.run(() -> {
            throw new IllegalArgumentException("bad input");
          }));
    }

    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void aProbedGuardRefusesCallersUntilTheProbeHasSucceeded() {
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .probed()
        .build();
    open(guard);
    List<String> trials = new ArrayList<>();

    assertThat(guard.probe(() -> trials.add("too early"))).isFalse();
    clock.advance(Duration.ofHours(1));
    assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    boolean closed = guard.probe(() -> {
      trials.add("on time");
      assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    });

    assertThat(closed).isTrue();
    assertThat(trials).containsExactly("on time");
    assertThat(guard.call(() -> 1)).isEqualTo(1);
  }

  @Test
  void aFailedProbeKeepsItOpenForAnIntervalThatDoublesToItsBound() {
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .ignoring(failure -> true)
        .probed()
        .build();
    Guard counting = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .probed()
        .build();
    open(counting);

    for (int ceiling : new int[] {1, 2, 4, 8, 8, 8}) {
      assertThat(counting.retryAfter())
          .isBetween(Duration.ofMillis(ceiling * 500L), Duration.ofSeconds(ceiling));
      clock.advance(Duration.ofSeconds(ceiling));
      assertThat(counting.probe(() -> {
            throw new StoreDown();
          }))
          .isFalse();
      assertThat(counting.state()).isEqualTo(GuardState.OPEN);
    }
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void startsAgainWithTheShortIntervalOnceItWasClosed() {
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .probed()
        .build();
    open(guard);
    clock.advance(Duration.ofSeconds(1));
    assertThat(guard.probe(() -> {
          throw new StoreDown();
        }))
        .isFalse();
    clock.advance(Duration.ofSeconds(2));
    assertThat(guard.probe(() -> {})).isTrue();

    open(guard);

    assertThat(guard.retryAfter()).isLessThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void aFailedProbeIsANoWhateverIsIgnored() {
    AtomicInteger ignored = new AtomicInteger();
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .ignoring(failure -> ignored.get() > 0)
        .probed()
        .build();
    open(guard);
    ignored.set(1);
    clock.advance(Duration.ofSeconds(1));

    assertThat(guard.probe(() -> {
          throw new StoreDown();
        }))
        .isFalse();

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(guard.retryAfter()).isPositive();
  }

  @Test
  void aProbeThatHangsIsToldOfOnceWithThePlaceWhereItHangs() throws Exception {
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .halfOpenForAtMost(Duration.ofSeconds(10))
        .probed()
        .build();
    open(guard);
    clock.advance(Duration.ofSeconds(1));
    CountDownLatch hanging = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    FutureTask<Boolean> probe =
        new FutureTask<>(() -> guard.probe(() -> aRecoveryStep(hanging, letGo)));
    Thread prober = new Thread(probe, "prober");
    prober.start();
    hanging.await();
    Await.until("it waits", () -> prober.getState() == Thread.State.WAITING);

    clock.advance(Duration.ofSeconds(10));
    assertThat(logOfARefusal(guard)).doesNotContain("probe=hanging");
    clock.advance(Duration.ofMillis(1));
    String told = logOfARefusal(guard);
    assertThat(logOfARefusal(guard)).doesNotContain("probe=hanging");

    assertThat(told)
        .contains("guard=store probe=hanging for=10001ms thread=prober")
        .contains("GuardTest.aRecoveryStep");
    letGo.countDown();
    assertThat(probe.get(2, TimeUnit.MINUTES)).isTrue();
    assertThat(guard.call(() -> 1)).isEqualTo(1);
  }

  private static void aRecoveryStep(CountDownLatch hanging, CountDownLatch letGo) {
    hanging.countDown();
    try {
      letGo.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String logOfARefusal(Guard guard) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void tellsListenersOfEachChange() {
    Guard guard = fiveOfTen()
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(8))
        .probed()
        .build();
    List<GuardState> seen = new ArrayList<>();
    guard.onStateChange(seen::add);

    open(guard);
    clock.advance(Duration.ofSeconds(1));
    guard.probe(() -> {});

    assertThat(seen).containsExactly(GuardState.OPEN, GuardState.HALF_OPEN, GuardState.CLOSED);
  }

  @Test
  void refusesSettingsThatCouldNeverWork() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Guard.builder("store").countWindow(5).minimumCalls(6).build())
        .withMessageContaining("6 > 5");
    assertThatIllegalArgumentException().isThrownBy(() -> Guard.builder(" "));
    assertThatIllegalArgumentException().isThrownBy(() -> fiveOfTen().failureRate(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fiveOfTen().openFor(Duration.ofSeconds(2), Duration.ofSeconds(1)));
    assertThatIllegalStateException().isThrownBy(() -> fiveOfTen().build().probe(() -> {}));
    Duration tooLong = Duration.ofDays(3651);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fiveOfTen().openFor(Duration.ofSeconds(1), tooLong))
        .withMessage(
            "openFor must be >= 1 ms, not longer than its bound, and that at most 3650 d, but was PT1S"
                + " up to PT87624H");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fiveOfTen().timeout(tooLong))
        .withMessage("timeout must be 1 ms to 3650 d but was PT87624H");
    assertThatIllegalArgumentException().isThrownBy(() -> fiveOfTen().slowCalls(tooLong, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fiveOfTen().halfOpenForAtMost(Duration.ofSeconds(Long.MAX_VALUE)));
  }

  private static void open(Guard guard) {
    while (guard.state() == GuardState.CLOSED) {
      assertThatThrownBy(() -> fail(guard)).isInstanceOf(StoreDown.class);
    }
  }

  private static void fail(Guard guard) {
    guard.run(() -> {
      throw new StoreDown();
    });
  }

  private static final class StoreDown extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
