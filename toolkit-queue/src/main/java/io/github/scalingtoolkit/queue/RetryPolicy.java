package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long a failed job waits: a random time up to a bound that doubles with each failure ("full jitter", Marc Brooker,
 * Exponential Backoff and Jitter, 2015), and never less than half the first bound.
 *
 * @param first the bound after the first failure, above zero
 * @param longest the largest bound
 */
public record RetryPolicy(Duration first, Duration longest) {
  private static final RetryPolicy DEFAULT =
      new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(10));

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public RetryPolicy {
    if (first.toMillis() < 1 || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException(
          "backoff must be >= 1 ms and not longer than its bound but was " + first + " up to "
              + longest);
    }
  }

  /** Returns backoff from {@code first}, doubled up to {@code longest}. */
  public static RetryPolicy exponential(Duration first, Duration longest) {
    return new RetryPolicy(first, longest);
  }

  /** Returns backoff from 1 s, doubled up to 10 min. */
  public static RetryPolicy defaults() {
    return DEFAULT;
  }

  /** Returns the wait after the {@code failures}th failure, which counts from 1. */
  Duration backoff(int failures) {
    long bound = Backoff.doubling(first, longest).ceiling(failures).toMillis();
    long least = Math.max(1, first.toMillis() / 2);
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(least, bound + 1));
  }
}
