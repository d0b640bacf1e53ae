package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Lets the callers of one key wait for its permits in the order in which they arrived.
 *
 * <p>The first in line tries, and sleeps until a permit is due; the others sleep behind it. So
 * however many wait, only one asks, once for each permit that comes back, and at least once a second, so that permits
 * returned by others are found.
 */
final class WaitingLines {
  private static final long LONGEST_SLEEP_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Duration LONGEST_WAIT = Duration.ofDays(365);

  private final ConcurrentHashMap<String, Line> lines = new ConcurrentHashMap<>();

  /** The waiters of a key. */
  private static final class Line {
    private final ReentrantLock first = new ReentrantLock(true);
    /** How many there are; changed inside the map's lock for the key. */
    private int members;
  }

  Decision await(String key, Duration wait, Supplier<Decision> attempt)
      throws InterruptedException {
    if (wait.isNegative() || wait.compareTo(LONGEST_WAIT) > 0) {
      throw new IllegalArgumentException("wait must be 0 to 365 days but was " + wait);
    }
    long waitNanos = Deadline.within(wait).toNanos();
    long began = System.nanoTime();
    Line line = join(key);
    try {
      if (!line.first.tryLock(waitNanos, TimeUnit.NANOSECONDS)) {
        return ask(attempt);
      }
      try {
        return asFirst(attempt, began, waitNanos);
      } finally {
        line.first.unlock();
      }
    } finally {
      leave(key);
    }
  }

  private static Decision asFirst(Supplier<Decision> attempt, long began, long waitNanos)
      throws InterruptedException {
    while (true) {
      Decision decision = ask(attempt);
      long needed = decision.retryAfter().toNanos();
      if (decision.allowed() || needed > waitNanos - (System.nanoTime() - began)) {
        return decision;
      }
      sleep(Math.min(needed, LONGEST_SLEEP_NANOS));
    }
  }

  /** The deadline ends the wait, not a question: one cut short by it would say nothing about the permits. */
  private static Decision ask(Supplier<Decision> attempt) {
    return Deadline.<Decision, RuntimeException>suspended(attempt::get);
  }

  private Line join(String key) {
    return lines.compute(key, (id, known) -> {
      Line line = known == null ? new Line() : known;
      line.members++;
      return line;
    });
  }

  private void leave(String key) {
    lines.computeIfPresent(key, (id, line) -> {
      line.members--;
      return line.members == 0 ? null : line;
    });
  }

  private static void sleep(long nanos) throws InterruptedException {
    long began = System.nanoTime();
    for (long left = nanos; left > 0; left = nanos - (System.nanoTime() - began)) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }
}
