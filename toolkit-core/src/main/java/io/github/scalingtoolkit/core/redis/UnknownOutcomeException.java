package io.github.scalingtoolkit.core.redis;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * A connection was lost, or an answer was late, after a command had been sent: whether it took effect is unknown. Run it
 * again only if running it twice is as good as once. Where nothing was sent, another exception says so.
 *
 * <p>Comes from clients that {@link RedisAccess} opened with {@linkplain RedisAccess.Builder#coalesced coalescing}; from
 * others the same event is a plain {@link JedisConnectionException}.
 */
public final class UnknownOutcomeException extends JedisConnectionException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable AtomicReference<@Nullable UnknownOutcomeException> told;

  /**
   * Makes one.
   *
   * @param told where the first stands that is told of the same connection; null if no other caller was on it
   */
  UnknownOutcomeException(
      String message,
      Throwable cause,
      @Nullable AtomicReference<@Nullable UnknownOutcomeException> told) {
    super(message, cause);
    this.told = told;
  }

  /**
   * Tells whether this speaks for its connection: the first that is asked does, and the others, of callers who shared
   * the connection, repeat it. So one loss does not count as many, nor as none.
   */
  boolean counts() {
    return told == null || told.compareAndSet(null, this) || told.get() == this;
  }
}
