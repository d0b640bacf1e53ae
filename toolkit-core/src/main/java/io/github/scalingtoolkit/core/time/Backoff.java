package io.github.scalingtoolkit.core.time;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * The wait after a failure: a ceiling that doubles with each failure in a row, up to a longest one, less a random
 * share of it if there is jitter. Random waits keep processes that failed together from trying again together.
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class Backoff {
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  private final long firstNanos;
  private final long longestNanos;
  private final double share;
  private final DoubleSupplier random;

  private Backoff(long firstNanos, long longestNanos, double share, DoubleSupplier random) {
    this.firstNanos = firstNanos;
    this.longestNanos = longestNanos;
    this.share = share;
    this.random = random;
  }

  /**
   * Returns a backoff without jitter.
   *
   * @param first the wait after the first failure: zero (never waits) or more
   * @param longest the longest wait: {@code first} or longer; 292 years if that is less
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public static Backoff doubling(Duration first, Duration longest) {
    if (first.isNegative() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException(
          "backoff must be >= 0 and not longer than its longest but was " + first + " up to "
              + longest);
    }
    return new Backoff(nanos(first), nanos(longest), 0, () -> 0);
  }

  private static long nanos(Duration duration) {
    return duration.compareTo(LONGEST) < 0 ? duration.toNanos() : Long.MAX_VALUE;
  }

  /**
   * Returns this backoff, but each wait is shorter than its ceiling by up to {@code share} of it, evenly at random: with
   * 0.5 it is half the ceiling to all of it, with 1 anything up to the ceiling ("full jitter").
   *
   * @throws IllegalArgumentException if {@code share} is not 0 to 1
   */
  public Backoff jitter(double share) {
    return jitter(share, () -> ThreadLocalRandom.current().nextDouble());
  }

  /** As {@link #jitter(double)}, with numbers from 0 to below 1 from {@code random}, which several threads may call. */
  public Backoff jitter(double share, DoubleSupplier random) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("jitter must be 0 to 1 but was " + share);
    }
    return new Backoff(firstNanos, longestNanos, share, Objects.requireNonNull(random));
  }

  /** Returns the longest wait after the {@code failures}th failure in a row; counts from 1, and lower values count as 1. */
  public Duration ceiling(int failures) {
    return Duration.ofNanos(ceilingNanos(failures));
  }

  /** Returns the wait after the {@code failures}th failure in a row; counts from 1, and lower values count as 1. */
  public Duration after(int failures) {
    return Duration.ofNanos(nanosAfter(failures));
  }

  /** As {@link #after}, in nanoseconds. */
  public long nanosAfter(int failures) {
    long ceiling = ceilingNanos(failures);
    return share == 0 ? ceiling : ceiling - (long) (ceiling * share * random.getAsDouble());
  }

  private long ceilingNanos(int failures) {
    // From 63 doublings on everything but zero has reached its longest.
    int doublings = Math.min(Math.max(failures - 1, 0), 62);
    boolean longer = longestNanos >> doublings < firstNanos;
    return longer ? longestNanos : firstNanos << doublings;
  }
}
