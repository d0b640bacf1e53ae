package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A write to the database in progress: from {@link CacheAside#begin} on no reader takes or stores the key's value in
 * the cache, until this bracket is ended.
 *
 * <p>Exactly one of {@link #end()}, {@link #notApplied()}, {@link #abandon()} and {@link #ended} counts; calls after
 * it do nothing. None of them throws when Redis is out of reach. {@link #close()} without any is {@link #abandon()}:
 *
 * <pre>{@code
 * try (WriteBracket write = todos.begin(user)) {
 *   repository.save(todo);
 *   write.end();
 * }
 * }</pre>
 *
 * <p>To end in one round trip with other scripts on the same Redis, send {@link #endCall()} with them:
 *
 * <pre>{@code
 * ScriptReply reply = null;
 * try {
 *   reply = redis.evalAll(List.of(write.endCall(), enqueue)).get(0);
 * } finally {
 *   write.ended(reply);
 * }
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

  /**
   * Returns the script that {@link #end()} would run, for {@link RedisAccess#evalAll} on the cache's Redis once the write
   * is committed. Pass its reply to {@link #ended}.
   */
  public ScriptCall endCall() {
    return invalidations.end(id, token);
  }

  /**
   * Reports the outcome of {@link #endCall()}.
   *
   * @param reply its reply, or null if it was lost: the end is then noted for replay
   */
  public void ended(@Nullable ScriptReply reply) {
    if (over.compareAndSet(false, true)) {
      invalidations.writeEnded(id, token, reply);
    }
  }

  /** Ends it as unknown if it has not been ended. */
  @Override
  public void close() {
    abandon();
  }
}
