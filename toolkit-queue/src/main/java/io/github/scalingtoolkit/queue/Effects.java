package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Once;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what became of the side effects that a queue's jobs ran by {@link RunOnce}. Safe for use by several threads. */
final class Effects {
  private static final Logger log = LoggerFactory.getLogger(Effects.class);

  private final String queue;
  private final AtomicLongArray counts = new AtomicLongArray(Outcome.values().length);
  private final Once unrecorded = new Once();

  /** What can become of one. */
  enum Outcome {
    /** It ran, and is recorded. */
    RAN,
    /** It was recorded already. */
    SKIPPED,
    /** It threw. */
    FAILED,
    /** Its record could not be read, and it has not run. */
    UNREAD,
    /** It ran, and could not be recorded: the next run of its job may repeat it. */
    UNRECORDED
  }

  /**
   * Starts at zero.
   *
   * @param queue its name for log lines
   */
  Effects(String queue) {
    this.queue = queue;
  }

  long count(Outcome outcome) {
    return counts.get(outcome.ordinal());
  }

  void ended(Outcome outcome) {
    counts.incrementAndGet(outcome.ordinal());
    if (outcome == Outcome.RAN) {
      unrecorded.over(() -> log.info("queue={} effects=recorded", queue));
    }
  }

  void unrecorded(JobId job, String name, Throwable failure) {
    counts.incrementAndGet(Outcome.UNRECORDED.ordinal());
    unrecorded.tell(() -> log.warn(
        "queue={} job={} effect={} record=failed cause=\"{}\" action=\"its next run may repeat the effect: look at the store of the records\"",
        queue,
        job,
        name,
        failure.toString()));
  }
}
