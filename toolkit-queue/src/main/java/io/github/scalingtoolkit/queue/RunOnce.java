package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.internal.Check;
import java.time.Duration;
import java.util.Objects;
import redis.clients.jedis.params.SetParams;

/**
 * Runs a side effect of a job and records that, by the job's id, so that another run of the job does not repeat it.
 *
 * <p><b>A crash between effect and record</b> repeats the effect: the record is written after it, since an effect that is
 * missing is worse than one that is there twice. So is an effect repeated if two workers run the job at the same time,
 * because one of them lost its lease: ask {@link Job#leaseValid} before. An effect that must never be there twice has to be
 * idempotent itself, by {@link Job#idempotencyKey}, or be one write with its record.
 *
 * <p>Implementations are safe for use by several threads, and block for one round trip before the effect and one after it.
 */
@FunctionalInterface
public interface RunOnce {
  /**
   * Runs {@code effect}, unless it is recorded for {@code job}; then records it. If it throws, nothing is recorded.
   *
   * @return whether it ran
   * @throws RuntimeException if the record cannot be read, and the effect has not run; or cannot be written, and it has
   * @throws E what the effect throws
   * @throws InterruptedException if the effect throws it
   */
  <E extends Exception> boolean runOnce(JobId job, Action.Effect<E> effect)
      throws E, InterruptedException;

  /**
   * Returns one whose records are in the Redis of {@code queue}. They have a time to live, so a Redis that evicts keys may
   * forget them: then an effect is repeated.
   *
   * @param kept how long a record is kept, 1 minute to 365 days: longer than the job may be retried
   * @throws IllegalArgumentException if that is out of bounds
   */
  static RunOnce inRedis(JobQueue queue, Duration kept) {
    Objects.requireNonNull(queue, "queue");
    Check.between("kept", kept, Duration.ofMinutes(1), Duration.ofDays(365));
    return new RunOnce() {
      @Override
      public <E extends Exception> boolean runOnce(JobId job, Action.Effect<E> effect)
          throws E, InterruptedException {
        String record = queue.key("once:" + job.value());
        if (queue.redis().callIdempotent(client -> client.exists(record))) {
          return false;
        }
        effect.run();
        queue
            .redis()
            .runIdempotent(
                client -> client.set(record, "", SetParams.setParams().px(kept.toMillis())));
        return true;
      }
    };
  }
}
