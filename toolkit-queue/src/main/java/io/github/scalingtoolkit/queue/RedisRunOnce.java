package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.internal.Check;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import redis.clients.jedis.exceptions.JedisDataException;

/** Keeps the records of a job in one hash, which {@code admin.lua} removes with the job. */
final class RedisRunOnce implements RunOnce {
  /** The effect that records are of that were written before effects had names. */
  private static final String ONLY = "effect";

  private final JobQueue queue;
  private final byte[] kept;

  RedisRunOnce(JobQueue queue, Duration kept) {
    this.queue = Objects.requireNonNull(queue, "queue");
    this.kept = bytes(
        Check.between("kept", kept, Duration.ofMinutes(1), Duration.ofDays(365)).toMillis());
  }

  @Override
  public <E extends Exception> boolean runOnce(JobId job, String name, Action.Effect<E> effect)
      throws E, InterruptedException {
    byte[] records = records(job);
    byte[] field = bytes(Check.name("an effect's name", name));
    if (isRecorded(records, name)) {
      return false;
    }
    effect.run();
    queue.redis().eval(Scripts.ONCE, List.of(records), List.of(field, kept));
    return true;
  }

  private boolean isRecorded(byte[] records, String name) {
    byte[] field = bytes(name);
    try {
      return queue.redis().callIdempotent(client -> client.hexists(records, field));
    } catch (JedisDataException refused) {
      boolean otherType = String.valueOf(refused.getMessage()).startsWith("WRONGTYPE");
      if (!otherType
          || !queue.redis().callIdempotent(client -> client.type(records)).equals("string")) {
        throw refused;
      }
      // A string is the record of before effects had names; the script makes it a hash.
      return name.equals(ONLY);
    }
  }

  @Override
  public void forget(JobId job) {
    byte[] records = records(job);
    queue.redis().runIdempotent(client -> client.del(records));
  }

  private byte[] records(JobId job) {
    return bytes(queue.key("once:" + job.value()));
  }
}
