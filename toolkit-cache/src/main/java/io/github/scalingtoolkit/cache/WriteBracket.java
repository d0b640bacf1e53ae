package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A write to the database in progress: from {@link CacheAside#begin} on no reader takes or stores the key's value in
 * the cache, until this bracket is ended.
 *
 * <p>The first of {@link #end()}, {@link #end(RedisAccess, ScriptCall)}, {@link #notApplied()} and {@link #abandon()}
 * counts; a later one does not end it again. None of them throws when Redis is out of reach, and none is bound by the
 * caller's {@link io.github.scalingtoolkit.core.time.Deadline}. {@link #close()} without any is {@link #abandon()}:
 *
 * <pre>{@code
 * try (WriteBracket write = todos.begin(user)) {
 *   repository.save(todo);
 *   write.end();
 * }
 * }</pre>
 *
 * <p>A script that goes with the write, such as the enqueue of a job, shares the round trip of its end:
 *
 * <pre>{@code
 * queue.outcome(write.end(redis, queue.enqueueCall(EMAIL, payload, options)));
 * }</pre>
 *
 * <p>Safe for use by several threads.
 */
public final class WriteBracket implements AutoCloseable {
  private final Invalidations invalidations;
  private final String id;
  private final String token;
  private final boolean begun;
  private final AtomicBoolean over = new AtomicBoolean();

  WriteBracket(Invalidations invalidations, String id, String token, boolean begun) {
    this.invalidations = invalidations;
    this.id = id;
    this.token = token;
    this.begun = begun;
  }

  /** Tells whether Redis knows of the write; if not, only this process bypasses the key for now. */
  public boolean begun() {
    return begun;
  }

  /** The write is committed: the next reader loads what it wrote. One round trip. */
  public void end() {
    if (over.compareAndSet(false, true)) {
      invalidations.writeEnd(id, token);
    }
  }

  /**
   * As {@link #end()}, and runs {@code with} as well: in the same round trip if {@code redis} is the access that this cache was
   * built with, else after the end, in a round trip of its own. The two are not a transaction: one may run without the other,
   * and a lost end is replayed as that of {@link #end()} is. If the write had been ended before, only {@code with} runs.
   *
   * <p>Blocks for as long as one call on each access. Does not throw if Redis is out of reach.
   *
   * @param redis where {@code with} runs
   * @return the reply to {@code with}; its failure is why Redis refused it, or why it is unknown whether it ran
   */
  public ScriptReply end(RedisAccess redis, ScriptCall with) {
    return over.compareAndSet(false, true)
        ? invalidations.writeEnd(id, token, redis, with)
        : Invalidations.run(redis, with);
  }

  /** The write certainly did not happen: the key is released at once. One round trip. */
  public void notApplied() {
    end();
  }

  /**
   * It is unknown whether the write is or will be committed: readers bypass the key until the write lifetime has passed.
   * No round trip.
   */
  public void abandon() {
    if (over.compareAndSet(false, true)) {
      invalidations.abandoned(id, token, begun);
    }
  }

  /** Ends it as unknown if it has not been ended. */
  @Override
  public void close() {
    abandon();
  }
}
