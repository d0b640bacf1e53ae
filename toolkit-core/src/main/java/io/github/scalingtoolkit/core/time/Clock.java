package io.github.scalingtoolkit.core.time;

import java.time.Instant;

/**
 * Keeps wall time and monotonic time apart, so that code never measures a duration with a clock that can jump.
 *
 * <p>Everything in the toolkit that reads time takes one of these; {@link #system()} is the default everywhere and
 * {@link ManualClock} replaces it in tests. Correctness across processes never depends on it: scripts in Redis use
 * the server's own {@code TIME}.
 *
 * <p>Implementations are safe for use by several threads and never block.
 */
public interface Clock {

  /** Returns the current wall time. It may jump in either direction. */
  Instant now();

  /**
   * Returns monotonic time in nanoseconds. Only differences between two readings of the same clock mean anything, as
   * with {@link System#nanoTime()}.
   */
  long nanoTime();

  /** Returns the current wall time in milliseconds since 1970-01-01T00:00:00Z. */
  default long millis() {
    return now().toEpochMilli();
  }

  /** Returns the clock of this JVM. */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
