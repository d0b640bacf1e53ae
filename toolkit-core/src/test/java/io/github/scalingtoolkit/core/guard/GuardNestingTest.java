package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GuardNestingTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));
  private final ManualPauses pauses = new ManualPauses(clock);
  private final AtomicInteger attempts = new AtomicInteger();

  private GuardBuilder store() {
    return Guard.builder("store")
        .countWindow(10)
        .minimumCalls(10)
        .ignoring(IllegalArgumentException.class::isInstance)
        .pauses(pauses)
        .clock(clock);
  }

  private String down() {
    attempts.incrementAndGet();
    throw new IllegalStateException("down");
  }

  @Test
  void callNeverMakesACallTwice() {
    Guard guard = store().retries(5).build();

    assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);

    assertThat(attempts).hasValue(1);
    assertThat(guard.counts().retries().retries()).isZero();
  }

  @Test
  void anIdempotentCallIsMadeAgainAfterPausesOfFullJitterThatDouble() {
    Guard guard = store()
        .countWindow(10_000)
        .minimumCalls(10_000)
        .retries(3)
        .retryPause(Duration.ofMillis(100), Duration.ofMillis(250))
        .retryBudget(1, 10_000)
        .build();

    for (int i = 0; i < 200; i++) {
      assertThatThrownBy(() -> guard.callIdempotent(this::down))
          .isInstanceOf(IllegalStateException.class);
    }

    assertThat(attempts).hasValue(800);
    long[] ceilings = {100, 200, 250};
    for (int nth = 0; nth < 3; nth++) {
      long ceiling = Duration.ofMillis(ceilings[nth]).toNanos();
      List<Long> waits = new ArrayList<>();
      for (int i = nth; i < pauses.slept.size(); i += 3) {
        waits.add(pauses.slept.get(i));
      }
      assertThat(waits).hasSize(200).allMatch(wait -> wait >= 0 && wait <= ceiling);
      // 200 draws from the whole range: some are in its first and its last fifth.
      assertThat(waits)
          .anyMatch(wait -> wait < ceiling / 5)
          .anyMatch(wait -> wait > ceiling / 5 * 4);
    }
  }

  @Test
  void aRefusedRetryKeepsTheEarlierFailure() {
    Guard guard = store().countWindow(2).minimumCalls(2).retries(5).build();

    assertThatThrownBy(() -> guard.callIdempotent(this::down))
        .isInstanceOf(IllegalStateException.class);

    assertThat(attempts).hasValue(2);
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThatThrownBy(() -> guard.callIdempotent(this::down))
        .isInstanceOf(RejectedException.class);
    assertThat(attempts).hasValue(2);
  }

  @Test
  void aPauseBetweenRetriesHoldsNoPermitOfTheBulkhead() {
    List<Integer> available = new ArrayList<>();
    Guard[] guard = new Guard[1];
    guard[0] = store()
        .bulkhead(1)
        .pauses(new Pauses() {
          @Override
          public void sleep(long nanos) {
            available.add(Objects.requireNonNull(guard[0].counts().bulkhead()).available());
          }

          @Override
          public Runnable later(long nanos, Runnable task) {
            throw new IllegalStateException("a blocking call sets no timer");
          }
        })
        .build();

    assertThatThrownBy(() -> guard[0].callIdempotent(this::down))
        .isInstanceOf(IllegalStateException.class);

    assertThat(available).containsExactly(1, 1);
  }

  @Test
  void theFallbackHearsRefusalsAndFailuresButNoIgnoredException() {
    Guard guard = store().countWindow(2).minimumCalls(2).retries(0).build();

    assertThat(guard.call(this::down, failure -> "instead of " + failure.getMessage()))
        .isEqualTo("instead of down");
    assertThat(guard.callIdempotent(this::down, failure -> "instead")).isEqualTo("instead");
    assertThat(guard.call(this::down, failure -> failure.getClass().getSimpleName()))
        .isEqualTo("RejectedException");
    guard.forceClosed();
    assertThatThrownBy(() -> guard.call(
            () -> {
              throw new IllegalArgumentException("bad input");
            },
            failure -> "instead"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anIgnoredFailureAndAnErrorAreNotRetried() {
    Guard guard = store().build();

    assertThatThrownBy(() -> guard.callIdempotent(() -> {
          attempts.incrementAndGet();
          throw new IllegalArgumentException("bad input");
        }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> guard.callIdempotent(() -> {
          attempts.incrementAndGet();
          throw new NoClassDefFoundError("gone");
        }))
        .isInstanceOf(NoClassDefFoundError.class);

    assertThat(attempts).hasValue(2);
  }

  @Test
  void aRetryThatCouldBeginOnlyAfterTheCallersDeadlineIsNotMade() {
    Guard guard = store()
        .retryPause(Duration.ofMinutes(10), Duration.ofMinutes(10))
        .retryBudget(1, 100)
        .build();

    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> Deadline.after(Duration.ofNanos(1), clock)
              .call(() -> guard.callIdempotent(this::down)))
          .isInstanceOf(IllegalStateException.class);
    }

    assertThat(attempts).hasValue(5);
  }

  @Test
  void anAttemptFindsTheShorterOfItsTimeOutAndItsCallersDeadline() {
    Guard guard = store().timeout(Duration.ofMillis(800)).build();
    Duration own = guard.call(() -> Deadline.within(Duration.ofHours(1)));
    Duration inherited = Deadline.after(Duration.ofMillis(300), clock)
        .call(() -> guard.call(() -> Deadline.within(Duration.ofHours(1))));
    Duration clients = guard.call(() -> Deadline.within(Duration.ofMillis(100)));

    assertThat(own).isEqualTo(Duration.ofMillis(800));
    assertThat(inherited).isEqualTo(Duration.ofMillis(300));
    assertThat(clients).isEqualTo(Duration.ofMillis(100));
    assertThat(Deadline.current()).isNull();
  }

  @Test
  void callersInAHurryDoNotOpenItForTheOthers() {
    Guard guard =
        store().countWindow(2).minimumCalls(2).timeout(Duration.ofMillis(100)).build();

    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(
              () -> Deadline.after(Duration.ofMillis(10), clock).call(() -> guard.call(this::slow)))
          .isInstanceOf(UncheckedIOException.class);
    }
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(
              () -> Deadline.after(Duration.ofMillis(90), clock).call(() -> guard.call(this::slow)))
          .isInstanceOf(UncheckedIOException.class);
    }
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
  }

  private String slow() {
    clock.advance(Deadline.within(Duration.ofSeconds(1)));
    throw new UncheckedIOException(new SocketTimeoutException("Read timed out"));
  }

  @Test
  void anInterruptGivesTheTrysPermitBackAndCountsAsNothing() {
    Guard guard =
        store().countWindow(2).minimumCalls(2).halfOpenCalls(1).bulkhead(1).build();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);
    }
    clock.advance(Duration.ofMinutes(1));

    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> guard.callIdempotent(() -> {
            attempts.incrementAndGet();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the client gave up");
          }))
          .isInstanceOf(IllegalStateException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(guard.state()).isEqualTo(GuardState.HALF_OPEN);
    }

    assertThat(attempts).hasValue(7);
    assertThat(guard.call(() -> "well")).isEqualTo("well");
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void anInterruptDuringAPauseEndsItWithTheFailureThatWas() {
    Guard[] guard = new Guard[1];
    guard[0] = store()
        .pauses(new Pauses() {
          @Override
          public void sleep(long nanos) throws InterruptedException {
            throw new InterruptedException();
          }

          @Override
          public Runnable later(long nanos, Runnable task) {
            throw new IllegalStateException("a blocking call sets no timer");
          }
        })
        .build();

    assertThatThrownBy(() -> guard[0].callIdempotent(this::down))
        .isInstanceOf(IllegalStateException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(attempts).hasValue(1);
  }

  @Test
  void opensOnSlowCallsThoughEachSucceeds() {
    Guard guard = store().slowCalls(Duration.ofMillis(100), 0.5).build();

    for (int i = 0; i < 10; i++) {
      int nth = i;
      guard.run(() -> clock.advance(Duration.ofMillis(nth % 2 == 0 ? 101 : 1)));
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
  }

  @Test
  void triesThatNeverEndKeepItHalfOpenForItsBoundAndNoLonger() {
    Guard guard = store()
        .countWindow(2)
        .minimumCalls(2)
        .halfOpenCalls(2)
        .halfOpenForAtMost(Duration.ofSeconds(10))
        .build();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);
    }
    clock.advance(Duration.ofMinutes(1));
    List<CompletableFuture<String>> hung = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> stage = new CompletableFuture<>();
      hung.add(stage);
      assertThat(guard.callAsync(() -> stage)).isNotDone();
    }

    assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    clock.advance(Duration.ofSeconds(10));
    assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    assertThat(guard.state()).isEqualTo(GuardState.HALF_OPEN);
    clock.advance(Duration.ofNanos(1));
    assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    clock.advance(Duration.ofMinutes(1));
    hung.forEach(stage -> stage.completeExceptionally(new IllegalStateException("too late")));
    assertThat(guard.call(() -> 1)).isEqualTo(1);
    assertThat(guard.call(() -> 2)).isEqualTo(2);
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void anOperatorHoldsItOpenOrClosedUntilReleased() {
    Guard guard = store().countWindow(2).minimumCalls(2).build();
    List<GuardState> seen = new ArrayList<>();
    guard.onStateChange(seen::add);

    guard.forceOpen();
    clock.advance(Duration.ofDays(1));
    RejectedException refused =
        catchThrowableOfType(RejectedException.class, () -> guard.call(() -> 1));
    assertThat(refused.reason()).isEqualTo(Reason.OPEN);
    assertThat(refused.retryAfter()).isEqualTo(Duration.ofSeconds(5));
    assertThat(guard.forced()).isTrue();

    guard.forceClosed();
    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);
    }
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
    assertThat(guard.forced()).isTrue();

    guard.automatic();
    assertThat(guard.forced()).isFalse();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);
    }
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    guard.automatic();
    assertThat(seen).containsExactly(GuardState.OPEN, GuardState.CLOSED, GuardState.OPEN);
  }

  @Test
  void aPredicateThatThrowsKeepsNoPlaceAndItsFailureCounts() {
    Guard guard = store()
        .countWindow(3)
        .minimumCalls(3)
        .bulkhead(1)
        .ignoring(failure -> {
          throw new ClassCastException("the predicate");
        })
        .build();

    assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> guard.callIdempotent(this::down))
        .isInstanceOf(IllegalStateException.class);
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    guard.forceClosed();
    assertThat(guard.call(this::down, failure -> "instead of " + failure.getMessage()))
        .isEqualTo("instead of down");

    assertThat(Objects.requireNonNull(guard.counts().bulkhead()).available()).isEqualTo(1);
  }

  @Test
  void anObserverOrAListenerThatThrowsChangesNothingForTheCaller() {
    Guard guard = store().countWindow(1).minimumCalls(1).bulkhead(1).build();
    List<GuardState> seen = new ArrayList<>();
    guard.onStateChange(state -> {
      throw new NoClassDefFoundError("listener");
    });
    guard.onStateChange(seen::add);
    guard.observe(new GuardObserver() {
      @Override
      public void made(Outcome outcome, long nanos) {
        throw new NoClassDefFoundError("observer");
      }

      @Override
      public void refused(Reason reason) {
        throw new NoClassDefFoundError("observer");
      }
    });

    assertThat(guard.call(() -> "well")).isEqualTo("well");
    assertThat(guard.callAsync(() -> CompletableFuture.completedFuture("well")))
        .isCompletedWithValue("well");
    assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(RejectedException.class);

    assertThat(seen).containsExactly(GuardState.OPEN);
    assertThat(Objects.requireNonNull(guard.counts().bulkhead()).available()).isEqualTo(1);
  }

  @Test
  void theLongestDurationsThatItTakesAreWithinItsArithmetic() {
    Duration longest = Duration.ofDays(3650);
    Guard guard = store()
        .countWindow(2)
        .minimumCalls(2)
        .slowCalls(longest, 1)
        .openFor(longest, longest)
        .halfOpenForAtMost(longest)
        .timeout(longest)
        .bulkhead(1)
        .build();

    assertThat(Deadline.after(Duration.ofSeconds(1), clock).call(() -> guard.call(() -> 1)))
        .isEqualTo(1);
    assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(guard.retryAfter()).isBetween(longest.dividedBy(2), longest);
    assertThat(Objects.requireNonNull(guard.counts().bulkhead()).available()).isEqualTo(1);
  }

  @Test
  void aProbedGuardThatWasHeldOpenClosesByItsProbeAlone() {
    Guard guard = store().probed().build();

    guard.forceOpen();
    assertThat(guard.probe(attempts::incrementAndGet)).isFalse();
    guard.automatic();

    assertThatThrownBy(() -> guard.call(() -> 1)).isInstanceOf(RejectedException.class);
    assertThat(guard.probe(attempts::incrementAndGet)).isTrue();
    assertThat(attempts).hasValue(1);
    assertThat(guard.call(() -> 1)).isEqualTo(1);
  }

  @Test
  void aProbedGuardThatWasHeldClosedClosesByItsProbeAlone() {
    Guard guard = store().countWindow(1).minimumCalls(1).probed().build();
    assertThatThrownBy(() -> guard.call(this::down)).isInstanceOf(IllegalStateException.class);

    guard.forceClosed();
    assertThat(guard.call(() -> 1)).isEqualTo(1);
    guard.automatic();

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(guard.retryAfter()).isZero();
    attempts.set(0);
    assertThat(guard.probe(attempts::incrementAndGet)).isTrue();
    assertThat(attempts).hasValue(1);
  }

  @Test
  void noMoreThanTheBulkheadAllowsAreUnderWayOnManyThreads() throws Exception {
    Guard guard = Guard.builder("store").bulkhead(4).build();
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(4);
    CountDownLatch goOn = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(12);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        done.add(threads.submit(() -> {
          for (int n = 0; n < 2_000; n++) {
            try {
              guard.run(() -> {
                most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                full.countDown();
                awaitQuietly(goOn);
                underWay.decrementAndGet();
              });
            } catch (RejectedException full4) {
              assertThat(full4.reason()).isEqualTo(Reason.BULKHEAD);
              refused.incrementAndGet();
            }
          }
        }));
      }
      assertThat(full.await(30, TimeUnit.SECONDS)).isTrue();
      Await.until("one is refused", () -> refused.get() > 0);
      goOn.countDown();
      for (Future<?> one : done) {
        one.get(30, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(most).hasValue(4);
    assertThat(Objects.requireNonNull(guard.counts().bulkhead()).available()).isEqualTo(4);
    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody let go");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
