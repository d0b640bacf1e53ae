package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Limits within this process, without any I/O: N processes together admit N times the limit.
 *
 * <p>Over any stretch t it admits at most {@code permits + permits * t / period} calls of a key. Up to 100,000 keys at a time
 * are counted one by one; further keys share counts, and get less.
 *
 * <p>Safe for use by several threads. Only {@link #await} blocks, for at most its wait.
 */
public final class LocalRateLimiter implements RateLimiter {
  private final Function<String, RateLimit> limitOf;
  private final @Nullable Rate fixed;
  private final LocalCounts counts;
  private final WaitingLines lines = new WaitingLines();

  private LocalRateLimiter(
      Function<String, RateLimit> limitOf, @Nullable Rate fixed, LocalCounts counts) {
    this.limitOf = limitOf;
    this.fixed = fixed;
    this.counts = counts;
  }

  /** Returns a limiter of {@code limit}, that takes time from {@code clock}. */
  public static LocalRateLimiter of(RateLimit limit, Clock clock) {
    return of(limit, clock, LocalCounts.MOST_KEYS);
  }

  /**
   * Returns a limiter that asks for the limit of each key, that takes time from {@code clock}: for plans.
   *
   * @param limitOf is called at each call, by several threads, so it must not block; its exceptions pass to the caller. When
   *     the limit of a key changes, used permits still count: half the old burst used is half of the new one, if the period
   *     is the same
   */
  public static LocalRateLimiter of(Function<String, RateLimit> limitOf, Clock clock) {
    return new LocalRateLimiter(
        Objects.requireNonNull(limitOf), null, new LocalCounts(clock, 1, LocalCounts.MOST_KEYS));
  }

  static LocalRateLimiter of(RateLimit limit, Clock clock, int mostKeys) {
    return new LocalRateLimiter(key -> limit, Rate.of(limit), new LocalCounts(clock, 1, mostKeys));
  }

  @Override
  public Decision tryAcquire(String key, int cost) {
    Rate rate = rateOf(key);
    check("cost", cost, rate);
    return counts.tryAcquire(LimitKeys.bounded(key), cost, rate);
  }

  @Override
  public Decision await(String key, int cost, Duration wait) throws InterruptedException {
    return lines.await(LimitKeys.bounded(key), wait, () -> tryAcquire(key, cost));
  }

  @Override
  public Decision peek(String key) {
    return counts.peek(LimitKeys.bounded(key), rateOf(key));
  }

  @Override
  public void giveBack(String key, int permits) {
    Rate rate = rateOf(key);
    check("permits", permits, rate);
    counts.giveBack(LimitKeys.bounded(key), permits, rate);
  }

  @Override
  public void reset(String key) {
    counts.reset(LimitKeys.bounded(key));
  }

  /** Returns how many keys are remembered one by one. */
  int keys() {
    return counts.keys();
  }

  private Rate rateOf(String key) {
    return fixed != null
        ? fixed
        : Rate.of(Objects.requireNonNull(
            limitOf.apply(key),
            "the limit of a key must not be null but its function returned null"));
  }

  private static void check(String what, int permits, Rate rate) {
    int most = rate.limit().permits();
    if (permits < 1 || permits > most) {
      throw new IllegalArgumentException(what + " must be 1 to " + most
          + ", the permits of policy '" + rate.limit().name() + "', but was " + permits);
    }
  }
}
