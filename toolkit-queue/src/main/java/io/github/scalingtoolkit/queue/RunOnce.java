package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.Action;
import java.time.Duration;

/**
 * Runs side effects of a job and records each, by the job's id and the effect's name, so that another run of the job does
 * not repeat it.
 *
 * <p><b>A crash between effect and record</b> repeats the effect: the record is written after it, since an effect that is
 * missing is worse than one that is there twice. So is an effect repeated if two workers run the job at the same time,
 * because one of them lost its lease: ask {@link Job#leaseValid} before. An effect that must never be there twice has to be
 * idempotent itself, by {@link Job#idempotencyKey}, or be one write with its record.
 *
 * <p><b>How long a record holds.</b> It outlives its job: a dead job that is retried by {@link QueueInspector#retryDead}, or
 * that an outbox enqueues again, does not repeat what it did, whatever its payload is by now. It ends with its time to live;
 * with {@link #forget}; and, in Redis, with {@link QueueInspector#remove}, after which the id is as good as new. Another job
 * that gets the same id before that finds the record, and its effect does not run.
 *
 * <p>Implementations are safe for use by several threads, and block for one round trip before the effect and one after it.
 */
public interface RunOnce {
  /**
   * Runs {@code effect}, unless it is recorded for {@code job} under {@code name}; then records it. If it throws, nothing is
   * recorded.
   *
   * @param name of the effect among those of the job, 1 to 64 letters, digits, dots, dashes or underscores
   * @return whether it ran
   * @throws IllegalArgumentException if the name has another form: nothing has run
   * @throws RuntimeException if the record cannot be read, and the effect has not run; or cannot be written, and it has
   * @throws E what the effect throws
   * @throws InterruptedException if the effect throws it
   */
  <E extends Exception> boolean runOnce(JobId job, String name, Action.Effect<E> effect)
      throws E, InterruptedException;

  /** As {@link #runOnce(JobId, String, Action.Effect)} for a job with one effect: its name is {@code effect}. */
  default <E extends Exception> boolean runOnce(JobId job, Action.Effect<E> effect)
      throws E, InterruptedException {
    return runOnce(job, "effect", effect);
  }

  /** Forgets all effects of {@code job}, so that they run again; what is not recorded is no failure. One round trip. */
  void forget(JobId job);

  /**
   * Returns this, with what becomes of its effects shown by the metrics of {@code queue} ({@link QueueDepthMetrics}), and one
   * warning while effects that ran cannot be recorded. {@link #inRedis} does so by itself.
   */
  default RunOnce countedIn(JobQueue queue) {
    return new CountedRunOnce(this, queue.effects());
  }

  /**
   * Returns one whose records are in the Redis of {@code queue}. They have a time to live, so a Redis that evicts keys may
   * forget them: then an effect is repeated.
   *
   * @param kept how long the records of a job are kept after its last effect, 1 minute to 365 days: longer than the job may
   *     be retried
   * @throws IllegalArgumentException if that is out of bounds
   */
  static RunOnce inRedis(JobQueue queue, Duration kept) {
    return new RedisRunOnce(queue, kept).countedIn(queue);
  }
}
