package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.time.Backoff;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Decides whether an idempotent call that failed is made again, and when; counts how such calls ended. */
final class Retry {
  /** The answer of {@link #pauseNanos} if the call must not be made again. */
  static final long NO = -1;

  private final int most;
  private final Backoff backoff;
  private final long longestDelayNanos;
  private final Clock clock;
  private final RetryBudget budget;
  private final LongAdder made = new LongAdder();
  private final LongAdder stoppedByBudget = new LongAdder();
  private final LongAdder successfulWithout = new LongAdder();
  private final LongAdder successfulWith = new LongAdder();
  private final LongAdder failedWithout = new LongAdder();
  private final LongAdder failedWith = new LongAdder();

  Retry(GuardBuilder builder) {
    most = builder.retries;
    backoff =
        Backoff.doubling(builder.retryAfterAtMost, builder.retryPauseAtMost).jitter(1);
    longestDelayNanos = builder.delayAtMost.toNanos();
    clock = builder.clock;
    budget =
        new RetryBudget(builder.retryShare, builder.retriesPerSecond, builder.clock.nanoTime());
  }

  /** Notes that a call begins that may be retried. */
  void begin() {
    budget.deposit(clock.nanoTime());
  }

  /**
   * Takes a retry from the budget if one should be made.
   *
   * @param retries how many this call has had
   * @param delayNanos how long the dependency asks for no calls; a delay above the bound is not waited for
   * @param deadline of the caller; a retry that could begin only after it is not made
   * @return how long to wait before it: that delay, and on top evenly at random up to a bound that doubles with each
   *     retry; or {@link #NO}
   */
  long pauseNanos(int retries, long delayNanos, @Nullable Deadline deadline) {
    if (retries >= most || delayNanos > longestDelayNanos) {
      return NO;
    }
    long pause = delayNanos + backoff.nanosAfter(retries + 1);
    if (deadline != null && deadline.remainingNanos() <= pause) {
      return NO;
    }
    if (!budget.tryWithdraw(clock.nanoTime())) {
      stoppedByBudget.increment();
      return NO;
    }
    made.increment();
    return pause;
  }

  void ended(boolean successful, int retries) {
    if (successful) {
      (retries == 0 ? successfulWithout : successfulWith).increment();
    } else {
      (retries == 0 ? failedWithout : failedWith).increment();
    }
  }

  GuardCounts.Retries counts() {
    return new GuardCounts.Retries(
        successfulWithout.sum(),
        successfulWith.sum(),
        failedWithout.sum(),
        failedWith.sum(),
        made.sum(),
        stoppedByBudget.sum(),
        budget.available(clock.nanoTime()));
  }
}
