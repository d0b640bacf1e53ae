package io.github.scalingtoolkit.core.redis;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * A command was not sent: the connection that its caller shared with others was lost before, or it got no turn in time.
 */
final class UnsentException extends JedisConnectionException implements LostConnection {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Loss loss;
  private final boolean ofThisProcess;
  private volatile boolean counted;

  UnsentException(String message, Throwable cause, @Nullable Loss loss) {
    super(message, cause);
    this.loss = loss;
    this.ofThisProcess = false;
  }

  private UnsentException(String message, Throwable late) {
    super(message, late);
    this.loss = null;
    this.ofThisProcess = true;
  }

  /** As {@link UnknownOutcomeException#callersOwn}, where nothing was sent. */
  static UnsentException callersOwn(Throwable late) {
    return new UnsentException("the caller's own deadline was over before it was sent", late);
  }

  /** As {@link UnknownOutcomeException#amidPayload}, where nothing was sent. */
  static UnsentException behindPayload(String message, Throwable late) {
    return new UnsentException(message, late);
  }

  @Override
  public boolean isOfThisProcess() {
    return ofThisProcess;
  }

  @Override
  public boolean counts() {
    return !counted && (loss == null || loss.countsAs(this));
  }

  /** Notes that a breaker of its own has counted this, so that no other one does. */
  UnsentException counted() {
    counted = true;
    return this;
  }
}
