package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before a worker that ended is started again: half a second, twice as long after each further end, up
 * to a minute, less a random fifth so that workers that died together do not come back together. One that was ready for
 * a minute starts at the beginning again.
 */
final class RestartPolicy {
  static final Duration STEADY = Duration.ofMinutes(1);

  private final Backoff backoff;

  /** {@code random} returns numbers from 0 to below 1. */
  RestartPolicy(DoubleSupplier random) {
    backoff = Backoff.doubling(Duration.ofMillis(500), Duration.ofMinutes(1)).jitter(0.2, random);
  }

  /** Returns the wait after that many ends in a row, at least 1. */
  Duration delayAfter(int ends) {
    return backoff.after(ends);
  }
}
