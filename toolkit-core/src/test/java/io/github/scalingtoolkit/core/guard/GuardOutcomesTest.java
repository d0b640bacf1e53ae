package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What counts as a failure, what as nothing, and what a failure may ask for. */
class GuardOutcomesTest {
  /** As much of an answer as these tests need: a status, and when to come again. */
  private record Answer(int status, @Nullable Duration retryAfter) {
    Answer(int status) {
      this(status, null);
    }
  }

  /** A client's exception that knows when to come again. */
  private static final class Throttled extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Duration retryAfter;

    Throttled(Duration retryAfter) {
      this.retryAfter = retryAfter;
    }
  }

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));
  private final ManualPauses pauses = new ManualPauses(clock);
  private final AtomicInteger attempts = new AtomicInteger();
  private final List<Outcome> seen = new ArrayList<>();

  private GuardBuilder prices() {
    return Guard.builder("prices")
        .countWindow(10)
        .minimumCalls(2)
        .openFor(Duration.ofSeconds(5), Duration.ofSeconds(60))
        .retryPause(Duration.ZERO, Duration.ZERO)
        .pauses(pauses)
        .clock(clock);
  }

  private GuardBuilder http() {
    return prices()
        .failingWhen(result -> result instanceof Answer answer && answer.status() >= 500)
        .retryAfter(GuardOutcomesTest::retryAfter, Duration.ofMinutes(5));
  }

  private static @Nullable Duration retryAfter(Object failure) {
    if (failure instanceof Throttled throttled) {
      return throttled.retryAfter;
    }
    return failure instanceof Answer answer ? answer.retryAfter() : null;
  }

  private Guard observed(GuardBuilder builder) {
    Guard guard = builder.build();
    guard.observe(new GuardObserver() {
      @Override
      public void made(Outcome outcome, long nanos) {
        seen.add(outcome);
      }

      @Override
      public void refused(Reason reason) {}
    });
    return guard;
  }

  private static int failed(Guard guard) {
    return guard.counts().window().failed();
  }

  private static CompletableFuture<Answer> answers(Answer answer) {
    return CompletableFuture.completedFuture(answer);
  }

  @Test
  void aRefusalOfAnInnerGuardCountsAsNothingHoweverItIsWrapped() {
    Guard inner = Guard.builder("inner").clock(clock).build();
    Guard outer = observed(prices());
    inner.forceOpen();

    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> outer.callIdempotent(() -> inner.call(() -> 1)))
          .isInstanceOfSatisfying(
              RejectedException.class, refused -> assertThat(refused.name()).isEqualTo("inner"));
      assertThatThrownBy(() -> outer.run(() -> {
            try {
              inner.run(() -> {});
            } catch (RejectedException refused) {
              throw new IllegalStateException("no price", refused);
            }
          }))
          .isInstanceOf(IllegalStateException.class);
      assertThat(outer.callAsync(() -> inner.callAsync(() -> answers(new Answer(200)))))
          .isCompletedExceptionally();
    }

    assertThat(outer.state()).isEqualTo(GuardState.CLOSED);
    assertThat(seen).hasSize(15).containsOnly(Outcome.IGNORED);
    assertThat(outer.counts().retries().retries()).isZero();
  }

  @Test
  void aFallbackTakesThePlaceOfAnInnerGuardsRefusal() {
    Guard inner = Guard.builder("inner").clock(clock).build();
    Guard outer = prices().build();
    inner.forceOpen();

    assertThat(outer.call(() -> inner.call(() -> 1), refused -> -1)).isEqualTo(-1);
    assertThat(outer.callIdempotent(() -> inner.call(() -> 1), refused -> -1)).isEqualTo(-1);
  }

  @Test
  void anInnerRefusalOfARetryKeepsTheFirstFailure() {
    Guard inner = Guard.builder("inner").clock(clock).build();
    Guard outer = prices().build();

    assertThatThrownBy(() -> outer.callIdempotent(() -> inner.call(() -> {
          inner.forceOpen();
          throw new IOException("reset");
        })))
        .isInstanceOf(IOException.class);
    inner.automatic();
    CompletableFuture<Answer> later = outer.callIdempotentAsync(() -> inner.callAsync(() -> {
      inner.forceOpen();
      return CompletableFuture.failedFuture(new IOException("reset"));
    }));
    pauses.advance(Duration.ZERO);

    assertThatThrownBy(later::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void aBlockingCallBeyondItsTimeOutCountsAsFailed() {
    Guard guard = observed(prices().timeout(Duration.ofMillis(100)));

    for (int i = 0; i < 2; i++) {
      assertThat(guard.callIdempotent(() -> {
            attempts.incrementAndGet();
            clock.advance(Duration.ofMillis(400));
            return "late";
          }))
          .isEqualTo("late");
    }

    assertThat(attempts).hasValue(2);
    assertThat(seen).containsExactly(Outcome.FAILED, Outcome.FAILED);
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(guard.lastFailure()).isEqualTo("java.util.concurrent.TimeoutException");
  }

  @Test
  void aCallThatUsesUpItsTimeOutAndNoMoreIsASuccess() {
    Guard guard = observed(prices().timeout(Duration.ofMillis(100)));

    guard.run(() -> clock.advance(Duration.ofMillis(100)));

    assertThat(seen).containsExactly(Outcome.SUCCESSFUL);
  }

  @Test
  void aCallPastTheDeadlineButWithinItsTimeOutIsASuccess() {
    Guard guard = observed(prices().timeout(Duration.ofMillis(100)));

    Deadline.after(Duration.ofMillis(10), clock)
        .run(() -> guard.run(() -> clock.advance(Duration.ofMillis(90))));

    assertThat(seen).containsExactly(Outcome.SUCCESSFUL);
  }

  @Test
  void aCallerInAHurryIsNoExcuseForACallThatHadItsWholeTimeOut() {
    Guard guard = observed(prices().timeout(Duration.ofMillis(100)));
    Deadline near = Deadline.after(Duration.ofMillis(10), clock);

    assertThatThrownBy(() -> near.run(() -> guard.run(() -> {
          clock.advance(Duration.ofMillis(101));
          throw new IOException("reset");
        })))
        .isInstanceOf(IOException.class);

    assertThat(seen).containsExactly(Outcome.FAILED);
  }

  @Test
  void aStageBlockedBeyondItsTimeOutCountsAsFailed() {
    Guard guard = observed(prices().timeout(Duration.ofMillis(100)));

    CompletableFuture<Answer> late = guard.callAsync(() -> {
      clock.advance(Duration.ofMillis(101));
      return answers(new Answer(200));
    });

    assertThat(late).isCompletedWithValue(new Answer(200));
    assertThat(seen).containsExactly(Outcome.FAILED);
  }

  @Test
  void aResultThatIsAFailureCountsAsFailedAndIsReturned() {
    Guard guard = observed(http());

    assertThat(guard.call(() -> new Answer(404))).isEqualTo(new Answer(404));
    assertThat(guard.call(() -> new Answer(503), failure -> new Answer(200)))
        .isEqualTo(new Answer(503));

    assertThat(seen).containsExactly(Outcome.SUCCESSFUL, Outcome.FAILED);
    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(guard.lastFailure()).isEqualTo("a failed result: " + Answer.class.getName());
  }

  @Test
  void anIdempotentCallIsMadeAgainForAFailedResultAndReturnsTheLast() {
    Guard guard = http().minimumCalls(10).retries(2).build();
    Deque<Answer> answers =
        new ArrayDeque<>(List.of(new Answer(500), new Answer(501), new Answer(502)));

    Answer last = guard.callIdempotent(() -> answers.remove());
    answers.addAll(List.of(new Answer(503), new Answer(200)));
    Answer recovered = guard.callIdempotent(() -> answers.remove());

    assertThat(last).isEqualTo(new Answer(502));
    assertThat(recovered).isEqualTo(new Answer(200));
    assertThat(guard.counts().retries().failedWithRetry()).isEqualTo(1);
    assertThat(guard.counts().retries().successfulWithRetry()).isEqualTo(1);
  }

  @Test
  void aRetryThatIsRefusedLeavesTheFailedResultThatWas() {
    Guard guard = http().build();

    Answer answer = guard.callIdempotent(() -> {
      attempts.incrementAndGet();
      return new Answer(503);
    });

    assertThat(answer).isEqualTo(new Answer(503));
    assertThat(attempts).as("the second opened the breaker").hasValue(2);
  }

  @Test
  void aStageWithAFailedResultIsMadeAgainAndBringsTheLast() {
    Guard guard = observed(http().minimumCalls(10).retries(1));

    CompletableFuture<Answer> result =
        guard.callIdempotentAsync(() -> answers(new Answer(500 + attempts.getAndIncrement())));
    assertThat(result).isNotDone();
    pauses.advance(Duration.ZERO);

    assertThat(result).isCompletedWithValue(new Answer(501));
    assertThat(seen).containsExactly(Outcome.FAILED, Outcome.FAILED);
    assertThat(guard.callAsync(() -> answers(new Answer(503))))
        .isCompletedWithValue(new Answer(503));
  }

  @Test
  void aNullResultCanBeAFailure() {
    Guard guard =
        prices().failingWhen(Objects::isNull).minimumCalls(10).retries(1).build();

    @Nullable
    String found = guard.<@Nullable String, RuntimeException>callIdempotent(() -> {
      attempts.incrementAndGet();
      return null;
    });

    assertThat(found).isNull();
    assertThat(attempts).hasValue(2);
  }

  @Test
  void functionsOfTheUserThatThrowChangeNothingForTheCaller() {
    Guard guard = prices()
        .bulkhead(1)
        .minimumCalls(10)
        .failingWhen(result -> {
          throw new ClassCastException("failingWhen");
        })
        .retryAfter(
            failure -> {
              throw new NumberFormatException("Wed, 21 Oct 2015 07:28:00 GMT");
            },
            Duration.ofSeconds(1))
        .retrying(failure -> {
          throw new ClassCastException("retrying");
        })
        .build();

    assertThat(guard.call(() -> new Answer(503))).isEqualTo(new Answer(503));
    assertThatThrownBy(() -> guard.callIdempotent(() -> {
          attempts.incrementAndGet();
          throw new IOException("reset");
        }))
        .isInstanceOf(IOException.class);

    assertThat(attempts).hasValue(1);
    assertThat(failed(guard)).isEqualTo(1);
    assertThat(Objects.requireNonNull(guard.counts().bulkhead()).available()).isEqualTo(1);
  }

  @Test
  void aDelayThatAResultOrAnExceptionNamesIsWaitedForBeforeARetry() {
    Guard guard = http().minimumCalls(10).retries(1).build();
    Deque<Answer> answers = new ArrayDeque<>(
        List.of(new Answer(503, Duration.ofSeconds(7)), new Answer(200), new Answer(200)));

    assertThat(guard.callIdempotent(() -> answers.remove())).isEqualTo(new Answer(200));
    assertThatThrownBy(() -> guard.callIdempotent(() -> {
          throw new Throttled(Duration.ofSeconds(3));
        }))
        .isInstanceOf(Throttled.class);

    assertThat(pauses.slept)
        .containsExactly(TimeUnit.SECONDS.toNanos(7), TimeUnit.SECONDS.toNanos(3));
  }

  @Test
  void theUsualPauseComesOnTopOfADelaySoThatNotAllComeBackAtOnce() {
    Guard guard = http()
        .minimumCalls(10)
        .retries(1)
        .retryPause(Duration.ofMillis(100), Duration.ofMillis(100))
        .build();

    guard.callIdempotent(() -> new Answer(503, Duration.ofSeconds(7)));

    assertThat(pauses.slept)
        .singleElement()
        .satisfies(nanos -> assertThat(Duration.ofNanos(nanos))
            .isBetween(Duration.ofSeconds(7), Duration.ofMillis(7100)));
  }

  @Test
  void aDelayBeyondDeadlineOrBoundIsNotWaitedFor() {
    Guard guard = http().minimumCalls(10).build();
    Deadline twoSeconds = Deadline.after(Duration.ofSeconds(2), clock);

    Answer first =
        twoSeconds.call(() -> guard.callIdempotent(() -> new Answer(503, Duration.ofSeconds(2))));
    Answer second = guard.callIdempotent(() -> new Answer(503, Duration.ofSeconds(301)));
    Answer third = guard.callIdempotent(() -> new Answer(503, Duration.ofSeconds(Long.MAX_VALUE)));

    assertThat(List.of(first, second, third)).allMatch(answer -> answer.status() == 503);
    assertThat(pauses.slept).isEmpty();
    assertThat(failed(guard)).isEqualTo(3);
  }

  @Test
  void anAsynchronousRetryWaitsForTheDelayToo() {
    Guard guard = http().minimumCalls(10).retries(1).build();

    CompletableFuture<Answer> result =
        guard.callIdempotentAsync(() -> attempts.incrementAndGet() == 1
            ? CompletableFuture.failedFuture(new Throttled(Duration.ofSeconds(7)))
            : answers(new Answer(200)));
    pauses.advance(Duration.ofMillis(6999));
    assertThat(attempts).hasValue(1);
    pauses.advance(Duration.ofMillis(1));

    assertThat(result).isCompletedWithValue(new Answer(200));
  }

  @Test
  void aBreakerThatOpensStaysOpenForAsLongAsTheDependencyAskedFor() {
    Guard guard = http().build();

    guard.call(() -> new Answer(503, Duration.ofSeconds(90)));
    clock.advance(Duration.ofSeconds(10));
    guard.call(() -> new Answer(503));

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(guard.retryAfter())
        .isBetween(Duration.ofSeconds(80), Duration.ofSeconds(80).plusMillis(2));
    clock.advance(Duration.ofSeconds(79));
    assertThatThrownBy(() -> guard.call(() -> new Answer(200)))
        .isInstanceOf(RejectedException.class);
    clock.advance(Duration.ofSeconds(2));
    assertThat(guard.call(() -> new Answer(200))).isEqualTo(new Answer(200));
  }

  @Test
  void aDelayLengthensNeitherAnOpeningBeyondItsBoundNorShortensOne() {
    Guard longest = http().build();
    Guard shortest = http().build();

    for (int i = 0; i < 2; i++) {
      longest.call(() -> new Answer(503, Duration.ofDays(1)));
      shortest.call(() -> new Answer(503, Duration.ofMillis(1)));
    }

    assertThat(longest.retryAfter())
        .isBetween(Duration.ofMinutes(5), Duration.ofMinutes(5).plusMillis(2));
    assertThat(shortest.retryAfter()).isBetween(Duration.ofMillis(2500), Duration.ofSeconds(5));
  }

  @Test
  void aProbeThatIsToldToComeLaterKeepsItOpenForAsLong() {
    Guard guard = http().probed().build();
    for (int i = 0; i < 2; i++) {
      guard.call(() -> new Answer(503));
    }
    clock.advance(Duration.ofSeconds(5));

    boolean closed = guard.probe(() -> {
      throw new IllegalStateException(new Throttled(Duration.ofSeconds(1)));
    });

    assertThat(closed).isFalse();
    assertThat(guard.retryAfter())
        .as("a wrapped one does not say")
        .isLessThan(Duration.ofSeconds(11));
    clock.advance(Duration.ofSeconds(10));
    Guard told = prices()
        .probed()
        .retryAfter(failure -> Duration.ofSeconds(90), Duration.ofMinutes(5))
        .build();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> told.run(() -> {
            throw new IOException("reset");
          }))
          .isInstanceOf(IOException.class);
    }
    clock.advance(Duration.ofSeconds(91));
    assertThat(told.probe(() -> {
          throw new IllegalStateException("not yet");
        }))
        .isFalse();
    assertThat(told.retryAfter()).isGreaterThanOrEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void aRetryIsNotWaitedForWhenTheBreakerWouldRefuseIt() {
    Guard guard = http().openFor(Duration.ofSeconds(60), Duration.ofSeconds(60)).build();

    guard.call(() -> new Answer(503));
    guard.callIdempotent(() -> new Answer(503, Duration.ofSeconds(10)));

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(pauses.slept).isEmpty();
  }

  @Test
  void whatIsRetriedMayBeChosenApartFromWhatCounts() {
    Guard guard = observed(prices()
        .minimumCalls(10)
        .ignoring(IllegalArgumentException.class::isInstance)
        .retrying(failure -> failure.getMessage().equals("again")));

    for (String message : List.of("again", "never")) {
      assertThatThrownBy(() -> guard.callIdempotent(() -> {
            throw new IllegalStateException(message);
          }))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> guard.callIdempotent(() -> {
            throw new IllegalArgumentException(message);
          }))
          .isInstanceOf(IllegalArgumentException.class);
    }

    assertThat(seen)
        .containsExactly(
            Outcome.FAILED,
            Outcome.FAILED,
            Outcome.FAILED,
            Outcome.IGNORED,
            Outcome.IGNORED,
            Outcome.IGNORED,
            Outcome.FAILED,
            Outcome.IGNORED);
  }

  @Test
  void aStageThatItsClientCancelsCountsAsFailedAndIsMadeAgain() {
    Guard guard = observed(prices().minimumCalls(10).retries(1));
    List<CompletableFuture<String>> stages = new ArrayList<>();

    CompletableFuture<String> result = guard.callIdempotentAsync(() -> {
      stages.add(new CompletableFuture<>());
      return stages.get(stages.size() - 1);
    });
    stages.get(0).cancel(true);
    pauses.advance(Duration.ZERO);
    stages.get(1).completeExceptionally(new CompletionException(new CancellationException()));

    assertThatThrownBy(result::join).isInstanceOf(CancellationException.class);
    assertThat(seen).containsExactly(Outcome.FAILED, Outcome.FAILED);
  }

  @Test
  void aClientThatGivesUpByCancellationOrByInterruptedIoOpensIt() {
    for (Exception gaveUp : List.of(
        new CancellationException("call time-out"), new InterruptedIOException("timeout"))) {
      Guard guard = prices().build();

      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> guard.call(() -> {
              throw gaveUp;
            }))
            .isSameAs(gaveUp);
      }

      assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    }
  }

  @Test
  void anInterruptCountsAsNothingAndPassesThroughUndeclared() {
    Guard guard = observed(prices().failingWhen(result -> true));

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> guard.runIdempotent(GuardOutcomesTest::interrupted))
          .isInstanceOf(InterruptedException.class);
      assertThatThrownBy(() -> guard.call(
              () -> {
                throw new InterruptedException();
              },
              failure -> "instead"))
          .isInstanceOf(InterruptedException.class);
      assertThat(guard.callAsync(() -> {
            throw new InterruptedException();
          }))
          .isCompletedExceptionally();
      assertThat(Thread.interrupted()).as("told to the thread that called").isTrue();
    }

    assertThat(seen).hasSize(9).containsOnly(Outcome.IGNORED);
  }

  private static void interrupted() throws InterruptedException {
    throw new InterruptedException();
  }

  @Test
  void checkedExceptionsPassThroughAsTheyAreDeclared() throws IOException {
    Guard guard = prices().minimumCalls(10).retries(0).build();

    try {
      int never = guard.call(() -> read(false));
      assertThat(never).as("it is not reached").isNegative();
    } catch (IOException reset) {
      attempts.incrementAndGet();
    }
    try {
      guard.callIdempotent(() -> read(false));
    } catch (IOException reset) {
      attempts.incrementAndGet();
    }
    try {
      guard.run(() -> read(false));
    } catch (IOException reset) {
      attempts.incrementAndGet();
    }

    assertThat(attempts).hasValue(3);
    assertThat(guard.call(() -> read(true))).isEqualTo(1);
    assertThat(guard.call(() -> read(false), reset -> -1)).isEqualTo(-1);
    assertThat(String.valueOf(guard.call(() -> "no ambiguity"))).isEqualTo("no ambiguity");
  }

  private static int read(boolean well) throws IOException {
    if (!well) {
      throw new IOException("reset");
    }
    return 1;
  }

  @Test
  void refusesDelaysAndPatienceThatMakeNoSense() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prices().retryAfter(failure -> null, Duration.ofHours(2)))
        .withMessage("retryAfter must be at most 1 ms to 1 h but was PT2H");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prices().retryAfter(failure -> null, Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prices().bulkhead(1, Duration.ofSeconds(-1)))
        .withMessage("bulkhead's patience must be 0 to 1 h but was PT-1S");
  }
}
