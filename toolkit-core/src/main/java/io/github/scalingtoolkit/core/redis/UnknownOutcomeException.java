package io.github.scalingtoolkit.core.redis;

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

  private final boolean neighbour;

  UnknownOutcomeException(String message, Throwable cause, boolean neighbour) {
    super(message, cause);
    this.neighbour = neighbour;
  }

  /**
   * Tells whether this only repeats what another caller of the same batch is told of the same connection, so that one
   * loss does not count as many.
   */
  boolean neighbour() {
    return neighbour;
  }
}
