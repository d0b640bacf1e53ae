package io.github.scalingtoolkit.core.guard;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long a breaker stays open: doubling from the first to the longest, less up to half at random. */
record OpenInterval(Duration first, Duration longest) {

  /** Returns the wait before the {@code attempt}th try, which counts from 1. Jitter keeps processes from trying at once. */
  long nanos(int attempt) {
    int doublings = Math.min(Math.max(attempt - 1, 0), 30);
    boolean longer = longest.toNanos() >> doublings < first.toNanos();
    long ceiling = longer ? longest.toNanos() : first.toNanos() << doublings;
    return ceiling - ThreadLocalRandom.current().nextLong(ceiling / 2 + 1);
  }
}
