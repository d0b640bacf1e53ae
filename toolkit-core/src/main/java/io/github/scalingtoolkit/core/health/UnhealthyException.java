package io.github.scalingtoolkit.core.health;

/**
 * Says why a check failed, in words that anybody may read: {@link HealthRegistry} shows and logs its message, where of
 * any other exception it takes the class alone. So the message must hold no secret and no payload; it had better name
 * what was asked, what it answered and which setting to look at.
 */
public final class UnhealthyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates it without a cause or a stack trace: the message is all that is used. */
  public UnhealthyException(String message) {
    super(message, null, false, false);
  }
}
