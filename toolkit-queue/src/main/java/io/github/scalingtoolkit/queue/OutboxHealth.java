package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is told of an outbox' sweeps: one line when they begin to fail and one when that is over, and the numbers for
 * {@link OutboxMetrics}. One thread sweeps; any may read.
 */
final class OutboxHealth {
  private static final Logger log = LoggerFactory.getLogger(OutboxHealth.class);

  /** Sweeps in a row that Redis does not answer: one alone is told by others. */
  private static final int TOLD_AFTER = 3;

  private final String queue;
  private final Clock clock;
  private final AtomicLongArray sweeps = new AtomicLongArray(Outcome.values().length);
  private final Once refused = new Once();
  private final Once failing = new Once();
  private final Once unexpected = new Once();
  private volatile @Nullable Seen seen;
  private volatile boolean closed;

  /** In a row; of the thread that sweeps. */
  private int failures;

  /** How a sweep can end. */
  enum Outcome {
    /** All that was owed is in the queue, and what has ended is gone. */
    DONE,
    /** The store has kept entries of ended jobs. */
    KEPT,
    /** Store or Redis did not answer. */
    FAILED
  }

  /** What a sweep has seen, and when. */
  private record Seen(int stuck, Duration oldest, long at) {}

  /**
   * Starts with nothing seen.
   *
   * @param queue its name for log lines
   */
  OutboxHealth(String queue, Clock clock) {
    this.queue = queue;
    this.clock = clock;
  }

  void swept(Sweep.Result result) {
    RuntimeException kept = result.kept();
    count(kept == null ? Outcome.DONE : Outcome.KEPT);
    seen = new Seen(result.stuck(), result.oldest(), clock.nanoTime());
    failures = 0;
    boolean toldUnexpected = unexpected.over();
    if (failing.over() || toldUnexpected) {
      log.info("queue={} outbox sweep=well", queue);
    }
    if (kept == null) {
      refused.over(() -> log.info("queue={} outbox removal=well", queue));
    } else {
      refused.tell(() -> log.warn(
          "queue={} outbox removal=refused action=\"the store does not remove entries of ended jobs: see the cause\"",
          queue,
          kept));
    }
  }

  void failed(RuntimeException failure) {
    count(Outcome.FAILED);
    failures++;
    if (!Sweep.isOfAll(failure)) {
      // Of the store, or a fault: which of them only its trace tells.
      unexpected.tell(() -> log.warn(
          "queue={} outbox sweep=failing cause=\"{}\" action=\"owed jobs wait until a sweep works: look at the store, or mend the fault\"",
          queue,
          failure,
          failure));
    } else if (failures >= TOLD_AFTER) {
      failing.tell(() -> log.warn(
          "queue={} outbox sweep=failing cause=\"{}\" action=\"{}\"",
          queue,
          failure,
          failure instanceof QueueVersionException version
              ? version.action()
              : "owed jobs wait in the store until Redis answers: look at Redis"));
    }
  }

  private void count(Outcome outcome) {
    sweeps.incrementAndGet(outcome.ordinal());
  }

  /** Nobody sweeps any more, so that nothing is known from now on. */
  void closed() {
    closed = true;
  }

  /** Returns how many sweeps have ended so. */
  long sweeps(Outcome outcome) {
    return sweeps.get(outcome.ordinal());
  }

  /** Returns how many entries the last sweep that worked could not enqueue; NaN if there was none. */
  double stuck() {
    Seen last = seen;
    return last == null || closed ? Double.NaN : last.stuck;
  }

  /** Returns for how many seconds the oldest entry that it met has been owed by now: 0 if it met none, NaN as above. */
  double oldestSeconds() {
    Seen last = seen;
    if (last == null || closed) {
      return Double.NaN;
    }
    Duration since = Duration.ofNanos(clock.nanoTime() - last.at);
    return last.oldest.isZero() ? 0 : last.oldest.plus(since).toNanos() / 1e9;
  }
}
