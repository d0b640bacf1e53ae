package io.github.scalingtoolkit.core.limit;

/**
 * A limit with the time value of its permits.
 *
 * @param limit the limit
 * @param permitNanos what a permit is worth
 * @param burstNanos what all permits are worth: the period, or a little more where a permit is worth no whole nanoseconds
 */
record Rate(RateLimit limit, long permitNanos, long burstNanos) {
  static Rate of(RateLimit limit) {
    long permitNanos = limit.permitNanos();
    return new Rate(limit, permitNanos, permitNanos * limit.permits());
  }
}
