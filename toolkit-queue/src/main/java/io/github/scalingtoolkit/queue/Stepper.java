package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * Ends finished jobs and claims as many jobs as there are free slots, in one round trip per turn. Ends accumulate
 * during the previous turn.
 */
final class Stepper {
  private static final int MOST_CLAIMS = 200;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final Claims claims;
  private final Ends ends;
  private final Semaphore free;
  private final Consumer<Claim> runs;
  private final Runnable onIdle;
  private final Clock clock;

  /** Work may be there: set by the waiter, by a delayed job's time, by a slot that became free. */
  private volatile boolean signalled = true;

  private volatile boolean idle;
  private volatile boolean stopping;
  private boolean moreReady;
  private Duration untilNextDelayed = Claims.NEVER;
  private long steppedAt;

  Stepper(
      Claims claims,
      Ends ends,
      Semaphore free,
      Consumer<Claim> runs,
      Runnable onIdle,
      Clock clock) {
    this.claims = claims;
    this.ends = ends;
    this.free = free;
    this.runs = runs;
    this.onIdle = onIdle;
    this.clock = clock;
    steppedAt = clock.nanoTime();
  }

  /** Claims nothing more; finished jobs are still ended. */
  void stop() {
    stopping = true;
  }

  /** Looks for work at the next turn. */
  void signal() {
    signalled = true;
    idle = false;
  }

  /** Tells whether slots are free and no job is ready: then the waiter should wait in Redis for the next. */
  boolean isIdle() {
    return idle && !stopping;
  }

  /** A {@link Loop.Step}. Throws when Redis does not answer, with nothing forgotten. */
  Duration turn() {
    long sinceStep = clock.nanoTime() - steppedAt;
    int claimable = stopping ? 0 : Math.min(free.availablePermits(), MOST_CLAIMS);
    boolean due = sinceStep >= untilNextDelayed.toNanos();
    if (ends.isEmpty() && !(claimable > 0 && (signalled || moreReady || due))) {
      idle = claimable > 0;
      onIdle.run();
      Duration left = untilNextDelayed.minusNanos(sinceStep);
      return left.isNegative() || left.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : left;
    }
    idle = false;
    // Slots are taken before jobs are claimed: a caller that waits for all slots also waits for
    // jobs
    // that are on their way.
    int reserved = claimable > 0 && free.tryAcquire(claimable) ? claimable : 0;
    List<End> ending = ends.take();
    signalled = false;
    steppedAt = clock.nanoTime();
    Claims.Step step;
    try {
      step = claims.step(ending, reserved);
    } catch (Throwable failure) {
      ends.putBack(ending);
      free.release(reserved);
      signalled = true;
      throw failure;
    }
    untilNextDelayed = step.untilNextDelayed();
    moreReady = step.moreReady();
    free.release(ending.size() + reserved - step.claimed().size());
    step.claimed().forEach(runs);
    return Duration.ZERO;
  }
}
