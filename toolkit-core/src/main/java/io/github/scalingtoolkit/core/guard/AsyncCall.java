package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One asynchronous call with its attempts, one at a time.
 *
 * <p>Three events can end an attempt: its stage ends, it times out, or its caller cancels it. The first takes it
 * by {@code ended}; the others find it taken. So each permit is returned once, and no late answer is counted.
 */
final class AsyncCall<T extends @Nullable Object> {
  private final Guard guard;
  private final Action<? extends CompletionStage<T>, ?> action;
  private final @Nullable Retry retry;
  private final @Nullable Deadline inherited = Deadline.current();
  private final CompletableFuture<T> result = new CompletableFuture<>();

  private volatile @Nullable Attempt current;
  private volatile @Nullable Throwable failed;
  private volatile @Nullable Runnable stopPause;

  AsyncCall(Guard guard, Action<? extends CompletionStage<T>, ?> action, @Nullable Retry retry) {
    this.guard = guard;
    this.action = action;
    this.retry = retry;
  }

  CompletableFuture<T> start() {
    attempt(0);
    result.whenComplete((value, failure) -> {
      if (result.isCancelled()) {
        cancelled();
      }
    });
    return result;
  }

  private void attempt(int retries) {
    if (result.isDone()) {
      return;
    }
    Attempt attempt;
    try {
      attempt = new Attempt(guard.admitAtOnce(inherited), retries);
    } catch (Throwable refused) {
      Throwable earlier = failed;
      fail(earlier == null ? refused : earlier, retries);
      return;
    }
    current = attempt;
    attempt.begin();
    if (result.isCancelled()) {
      cancelled();
    }
  }

  private void cancelled() {
    Attempt attempt = current;
    if (attempt != null) {
      attempt.cancel();
    }
    Runnable stop = stopPause;
    if (stop != null) {
      stop.run();
    }
  }

  private void failedAttempt(Throwable failure, int retries) {
    Throwable earlier = failed;
    // A refusal by a guard within must not hide that an attempt was made.
    Throwable told = failure instanceof RejectedException && earlier != null ? earlier : failure;
    failed = told;
    long pause = retry == null ? Retry.NO : guard.pauseNanos(failure, retries, inherited);
    if (pause == Retry.NO) {
      fail(told, retries);
      return;
    }
    try {
      stopPause = guard.pauses().later(pause, () -> attempt(retries + 1));
    } catch (Throwable noTimer) {
      fail(told, retries);
      return;
    }
    if (result.isCancelled()) {
      cancelled();
    }
  }

  @SuppressWarnings("NullAway") // It is what the stage was completed with: null only if T may be.
  private void succeed(@Nullable T value, int retries) {
    if (retry != null) {
      retry.ended(true, retries);
    }
    result.complete(value);
  }

  private void fail(Throwable failure, int retries) {
    if (retry != null) {
      retry.ended(false, retries);
    }
    if (failure instanceof FailedResult failedResult) {
      result.complete(failedResult.returned());
    } else {
      result.completeExceptionally(failure);
    }
  }

  private final class Attempt {
    private final Object permit;
    private final int retries;
    private final boolean hurried = guard.hurried(inherited);
    private final long started = guard.clock().nanoTime();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable CompletionStage<T> stage;
    private volatile @Nullable Runnable stopTimer;

    Attempt(Object permit, int retries) {
      this.permit = permit;
      this.retries = retries;
    }

    void begin() {
      try {
        long limit = limitNanos();
        CompletionStage<T> begun = limit == Long.MAX_VALUE
            ? action.run()
            : Deadline.after(Duration.ofNanos(limit), guard.clock()).call(action);
        stage = Objects.requireNonNull(
            begun, () -> "the action of " + guard.name() + " returned no stage");
        begun.whenComplete(this::end);
        if (limit < Long.MAX_VALUE && !ended.get()) {
          // The time that the action itself took is part of it.
          long left = Math.max(0, limit - (guard.clock().nanoTime() - started));
          stopTimer = guard.pauses().later(left, () -> timeOut(limit));
        }
      } catch (InterruptedException interrupted) {
        // The interrupt goes into the future: set this thread's flag as well.
        Thread.currentThread().interrupt();
        end(null, interrupted);
      } catch (Throwable failure) {
        end(null, failure);
      }
      if (ended.get()) {
        // Cancelled while it was being started, or at its end before there was a timer.
        stopTimer();
        cancelStage();
      }
    }

    /** The stage has ended. */
    private void end(@Nullable T value, @Nullable Throwable thrown) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      stopTimer();
      if (thrown != null) {
        Throwable failure = Classifier.unwrapped(thrown);
        settleFailed(failure, guard.classifier().of(failure));
      } else if (guard.classifier().isFailure(value)) {
        settleFailed(new FailedResult(value), Outcome.FAILED);
      } else {
        guard.succeeded(permit, started);
        succeed(value, retries);
      }
    }

    private void timeOut(long limit) {
      if (ended.compareAndSet(false, true)) {
        cancelStage();
        settleFailed(
            new TimeoutException(
                guard.name() + " did not answer within " + Duration.ofNanos(limit)),
            Outcome.FAILED);
      }
    }

    void cancel() {
      if (ended.compareAndSet(false, true)) {
        stopTimer();
        guard.settle(permit, Outcome.IGNORED, guard.nanosSince(started));
        cancelStage();
      }
    }

    private void settleFailed(Throwable failure, Outcome said) {
      guard.failed(permit, said, started, failure, hurried ? inherited : null);
      failedAttempt(failure, retries);
    }

    private long limitNanos() {
      Duration own = guard.timeout();
      long limit = own == null ? Long.MAX_VALUE : own.toNanos();
      return inherited == null ? limit : Math.min(limit, inherited.remainingNanos());
    }

    private void stopTimer() {
      Runnable stop = stopTimer;
      if (stop != null) {
        stop.run();
      }
    }

    private void cancelStage() {
      CompletionStage<T> begun = stage;
      if (begun != null) {
        try {
          begun.toCompletableFuture().cancel(true);
        } catch (RuntimeException notCancellable) {
          // Not a future, usually. Its result is not awaited.
          stage = null;
        }
      }
    }
  }
}
