package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GuardAsyncTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));
  private final ManualPauses pauses = new ManualPauses(clock);
  private final List<CompletableFuture<String>> stages = new ArrayList<>();

  private GuardBuilder store() {
    return Guard.builder("store")
        .countWindow(2)
        .minimumCalls(2)
        .bulkhead(1)
        .retryPause(Duration.ofSeconds(1), Duration.ofSeconds(1))
        .pauses(pauses)
        .clock(clock);
  }

  private CompletableFuture<String> stage() {
    CompletableFuture<String> stage = new CompletableFuture<>();
    stages.add(stage);
    return stage;
  }

  private static @Nullable Throwable failureOf(CompletableFuture<?> future) {
    assertThat(future).isDone();
    return future.handle((value, failure) -> failure).join();
  }

  private static int available(Guard guard) {
    return Objects.requireNonNull(guard.counts().bulkhead()).available();
  }

  @Test
  void bringsWhatTheStageBringsAndHoldsThePermitUntilThen() {
    Guard guard = store().build();

    CompletableFuture<String> result = guard.callAsync(this::stage);
    assertThat(available(guard)).isZero();
    assertThat(failureOf(guard.callAsync(this::stage)))
        .isInstanceOfSatisfying(
            RejectedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(Reason.BULKHEAD));
    stages.get(0).complete("value");

    assertThat(result).isCompletedWithValue("value");
    assertThat(available(guard)).isEqualTo(1);
    assertThat(stages).hasSize(1);
    assertThat(pauses.pending()).isZero();
  }

  @Test
  void failsWithWhatTheStageFailedWithUnwrappedAndOpens() {
    Guard guard = store().build();

    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> result = guard.callAsync(this::stage);
      stages
          .get(i)
          .completeExceptionally(new CompletionException(new IllegalStateException("down")));
      assertThat(failureOf(result)).isInstanceOf(IllegalStateException.class);
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(failureOf(guard.callAsync(this::stage))).isInstanceOf(RejectedException.class);
  }

  @Test
  void anActionThatThrowsFailsTheFutureAndCounts() {
    Guard guard = store().build();

    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> result = guard.callAsync(() -> {
        throw new IllegalStateException("down");
      });
      assertThat(failureOf(result)).isInstanceOf(IllegalStateException.class);
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
  }

  @Test
  void aCancelledStageReturnsItsPermitAndCountsAsNothing() {
    Guard guard = store().timeout(Duration.ofSeconds(2)).build();

    for (int i = 0; i < 20; i++) {
      CompletableFuture<String> result = guard.callIdempotentAsync(this::stage);
      assertThat(result.cancel(true)).isTrue();
      assertThat(stages.get(i)).isCancelled();
      assertThat(available(guard)).isEqualTo(1);
    }

    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
    assertThat(guard.counts().window().failed()).isZero();
    assertThat(pauses.pending()).isZero();
  }

  @Test
  void cancellingDuringAPauseEndsTheRetries() {
    Guard guard = store().build();

    CompletableFuture<String> result = guard.callIdempotentAsync(this::stage);
    stages.get(0).completeExceptionally(new IllegalStateException("down"));
    assertThat(pauses.pending()).isEqualTo(1);
    result.cancel(false);
    pauses.advance(Duration.ofSeconds(1));

    assertThat(pauses.pending()).isZero();
    assertThat(stages).hasSize(1);
  }

  @Test
  void aStageThatTakesTooLongIsCancelledAndCountsAsFailed() {
    Guard guard = store().timeout(Duration.ofSeconds(2)).build();

    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> result = guard.callAsync(this::stage);
      pauses.advance(Duration.ofSeconds(2));
      assertThat(failureOf(result))
          .isInstanceOf(TimeoutException.class)
          .hasMessage("store did not answer within PT2S");
      assertThat(stages.get(i)).isCancelled();
      assertThat(available(guard)).isEqualTo(1);
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
  }

  @Test
  void itsCallersDeadlineEndsItSoonerAndThenSaysNothingOfTheStore() {
    Guard guard = store().timeout(Duration.ofSeconds(2)).build();

    for (int i = 0; i < 5; i++) {
      CompletableFuture<String> result =
          Deadline.after(Duration.ofMillis(100), clock).call(() -> guard.callAsync(this::stage));
      pauses.advance(Duration.ofMillis(100));
      assertThat(failureOf(result)).isInstanceOf(TimeoutException.class);
    }

    assertThat(guard.state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void anIdempotentOneIsMadeAgainAfterAPauseWithoutAPermit() {
    Guard guard = store().build();

    CompletableFuture<String> result = guard.callIdempotentAsync(this::stage);
    stages.get(0).completeExceptionally(new IllegalStateException("down"));
    assertThat(available(guard)).isEqualTo(1);
    assertThat(result).isNotDone();
    pauses.advance(Duration.ofSeconds(1));
    stages.get(1).complete("second");

    assertThat(result).isCompletedWithValue("second");
    assertThat(guard.counts().retries().successfulWithRetry()).isEqualTo(1);
  }

  @Test
  void aRetryThatIsRefusedLeavesTheFailureThatWas() {
    Guard guard = store().build();

    CompletableFuture<String> result = guard.callIdempotentAsync(this::stage);
    stages.get(0).completeExceptionally(new IllegalStateException("down"));
    guard.forceOpen();
    pauses.advance(Duration.ofSeconds(1));

    assertThat(failureOf(result)).isInstanceOf(IllegalStateException.class);
    assertThat(stages).hasSize(1);
  }

  @Test
  void anActionThatReturnsNoStageFailsTheFutureAndKeepsNoPlace() {
    Guard guard = store().timeout(Duration.ofSeconds(2)).build();

    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> result = guard.callAsync(GuardAsyncTest::noStage);

      assertThat(failureOf(result))
          .isInstanceOf(NullPointerException.class)
          .hasMessage("the action of store returned no stage");
      assertThat(available(guard)).isEqualTo(1);
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
    assertThat(pauses.pending()).isZero();
  }

  @SuppressWarnings("NullAway") // What a caller without null checks may do.
  private static CompletableFuture<String> noStage() {
    return null;
  }

  @Test
  void aPredicateThatThrowsEndsTheFutureWithTheFailureThatWas() {
    Guard guard = store()
        .ignoring(failure -> {
          throw new ClassCastException("the predicate");
        })
        .build();

    for (int i = 0; i < 2; i++) {
      CompletableFuture<String> result = guard.callAsync(this::stage);
      stages.get(i).completeExceptionally(new IllegalStateException("down"));

      assertThat(failureOf(result)).isInstanceOf(IllegalStateException.class);
      assertThat(available(guard)).isEqualTo(1);
    }

    assertThat(guard.state()).isEqualTo(GuardState.OPEN);
  }

  @Test
  void aStageThatCannotBeCancelledKeepsNoPlace() {
    Guard guard = store().timeout(Duration.ofSeconds(2)).build();
    CompletableFuture<String> stubborn = new CompletableFuture<>() {
      @Override
      public boolean cancel(boolean mayInterrupt) {
        throw new IllegalStateException("not this one");
      }
    };

    CompletableFuture<String> result = guard.callAsync(() -> stubborn);
    pauses.advance(Duration.ofSeconds(2));

    assertThat(failureOf(result)).isInstanceOf(TimeoutException.class);
    assertThat(available(guard)).isEqualTo(1);
  }

  @Test
  void theTimeThatAnActionBlocksCountsAsTheStagesTime() {
    Guard guard = store().timeout(Duration.ofSeconds(2)).build();

    CompletableFuture<String> result = guard.callAsync(() -> {
      clock.advance(Duration.ofMillis(1500));
      return stage();
    });
    pauses.advance(Duration.ofMillis(499));
    assertThat(result).isNotDone();
    pauses.advance(Duration.ofMillis(1));

    assertThat(failureOf(result)).isInstanceOf(TimeoutException.class);
    CompletableFuture<String> late = guard.callAsync(() -> {
      clock.advance(Duration.ofSeconds(3));
      return CompletableFuture.completedFuture("answered");
    });
    assertThat(late).isCompletedWithValue("answered");
    assertThat(pauses.pending()).isZero();
  }

  @Test
  void theTimerOfTheJdkEndsAStageThatHangs() {
    Guard guard = Guard.builder("store").timeout(Duration.ofMillis(5)).build();

    CompletableFuture<String> result = guard.callAsync(this::stage);

    assertThatThrownBy(() -> result.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(TimeoutException.class);
    assertThat(stages.get(0)).isCancelled();
  }
}
