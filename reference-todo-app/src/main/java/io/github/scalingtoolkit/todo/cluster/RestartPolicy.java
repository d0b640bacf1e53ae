package io.github.scalingtoolkit.todo.cluster;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before a worker that ended is started again: half a second, twice as long after each further end, up
 * to a minute, less a random fifth so that workers that died together do not come back together. One that was ready for
 * a minute starts at the beginning again.
 */
final class RestartPolicy {
  static final Duration STEADY = Duration.ofMinutes(1);
  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final double JITTER = 0.2;

  private final DoubleSupplier random;

  /** {@code random} returns numbers from 0 to below 1. */
  RestartPolicy(DoubleSupplier random) {
    this.random = random;
  }

  /** Returns the wait after that many ends in a row, at least 1. */
  Duration delayAfter(int ends) {
    Duration delay = FIRST.multipliedBy(1L << Math.min(ends - 1, 10));
    Duration bounded = delay.compareTo(LONGEST) < 0 ? delay : LONGEST;
    return bounded.minusNanos((long) (bounded.toNanos() * JITTER * random.getAsDouble()));
  }
}
