package io.github.scalingtoolkit.core.redis;

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

  private final transient @Nullable Loss loss;

  /**
   * Makes one.
   *
   * @param loss what others who were on the same connection are told of as well; null if nobody was
   */
  UnknownOutcomeException(String message, Throwable cause, @Nullable Loss loss) {
    super(message, cause);
    this.loss = loss;
  }

  /**
   * Tells whether this speaks for its connection: the first that is asked does, and the others, of callers who shared
   * the connection, repeat it. So one loss does not count as many, nor as none.
   */
  boolean counts() {
    return loss == null || loss.countsAs(this);
  }
}
