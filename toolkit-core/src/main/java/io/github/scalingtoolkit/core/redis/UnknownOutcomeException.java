package io.github.scalingtoolkit.core.redis;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * A connection was lost, or an answer was late, after a command had been sent: whether it took effect is unknown. Run it
 * again only if running it twice is harmless. If nothing was sent, another exception says so.
 *
 * <p>Comes from clients that {@link RedisAccess} opened; from others the same event is a plain
 * {@link JedisConnectionException}.
 */
public final class UnknownOutcomeException extends JedisConnectionException
    implements LostConnection {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Loss loss;
  private final boolean ofThisProcess;
  private volatile boolean counted;

  /**
   * Makes one.
   *
   * @param loss the loss shared with other callers on the same connection; null if there were none
   */
  UnknownOutcomeException(String message, Throwable cause, @Nullable Loss loss) {
    super(message, cause);
    this.loss = loss;
    this.ofThisProcess = false;
  }

  private UnknownOutcomeException(String message, Throwable late) {
    super(message, late);
    this.loss = null;
    this.ofThisProcess = true;
  }

  /** Returns the failure of a wait that the caller's own deadline ended. */
  static UnknownOutcomeException callersOwn(Throwable late) {
    return new UnknownOutcomeException(
        "the caller's own deadline was over: it may have taken effect", late);
  }

  /** Returns the failure of a wait that a payload still on its way has outlasted. */
  static UnknownOutcomeException amidPayload(String message, Throwable late) {
    return new UnknownOutcomeException(message, late);
  }

  @Override
  public boolean isOfThisProcess() {
    return ofThisProcess;
  }

  @Override
  public boolean counts() {
    return !counted && (loss == null || loss.countsAs(this));
  }

  /** Notes that no breaker counts this: one of its own has, or a second try will tell. */
  UnknownOutcomeException counted() {
    counted = true;
    return this;
  }
}
