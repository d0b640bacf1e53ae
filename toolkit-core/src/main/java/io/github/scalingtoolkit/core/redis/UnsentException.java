package io.github.scalingtoolkit.core.redis;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** A command was not sent, as the connection that its caller shared with others was lost before. */
final class UnsentException extends JedisConnectionException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Loss loss;

  UnsentException(String message, Throwable cause, Loss loss) {
    super(message, cause);
    this.loss = loss;
  }

  /** As {@link UnknownOutcomeException#counts}. */
  boolean counts() {
    return loss == null || loss.countsAs(this);
  }
}
