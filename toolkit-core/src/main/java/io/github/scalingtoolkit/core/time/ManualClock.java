package io.github.scalingtoolkit.core.time;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock that stands still until it is told to move: for tests of code that takes a {@link Clock}.
 *
 * <p>Safe for use by several threads.
 */
public final class ManualClock implements Clock {
  private final Instant start;
  private final AtomicLong wallNanos = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();

  private ManualClock(Instant start) {
    this.start = start;
  }

  /** Returns a clock whose wall time stands at {@code start} and whose monotonic time stands at 0. */
  public static ManualClock startingAt(Instant start) {
    return new ManualClock(start);
  }

  /**
   * Moves wall and monotonic time forward together.
   *
   * @throws IllegalArgumentException if {@code step} is negative: monotonic time never goes back
   */
  public void advance(Duration step) {
    if (step.isNegative()) {
      throw new IllegalArgumentException(
          "step must be >= 0 but was " + step + "; to move wall time back use jump");
    }
    nanos.addAndGet(step.toNanos());
    wallNanos.addAndGet(step.toNanos());
  }

  /** Moves wall time alone, forward or back, as an operator or NTP would. */
  public void jump(Duration by) {
    wallNanos.addAndGet(by.toNanos());
  }

  @Override
  public Instant now() {
    return start.plusNanos(wallNanos.get());
  }

  @Override
  public long nanoTime() {
    return nanos.get();
  }
}
