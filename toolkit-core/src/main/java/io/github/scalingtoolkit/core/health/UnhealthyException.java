package io.github.scalingtoolkit.core.health;

/**
 * Thrown by a check that failed, with a message that may be public: {@link HealthRegistry} shows and logs it, where of
 * any other exception it shows only the class. So the message must contain no secret and no payload; it should name
 * the server, its answer and the setting to look at.
 */
public final class UnhealthyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates it without a cause or a stack trace: only the message is used. */
  public UnhealthyException(String message) {
    super(message, null, false, false);
  }
}
