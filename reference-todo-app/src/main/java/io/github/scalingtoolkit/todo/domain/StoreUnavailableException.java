package io.github.scalingtoolkit.todo.domain;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when the store cannot be used now: the client gets a 503 and may try again.
 *
 * <p>It carries no stack trace: it is expected, and thrown in great numbers while the store is down. Its message is for
 * logs and health, names the server and what to do, and contains no secret.
 */
public final class StoreUnavailableException extends StoreException {
  private static final long serialVersionUID = 1L;

  /** Why the store cannot be used. */
  public enum Reason {
    /** It did not answer, or not in time. */
    UNREACHABLE,
    /** A connection broke, and there was no second try: it may have done what it was asked. */
    CONNECTION_LOST,
    /** It is known to be down, so nothing was sent to it. */
    KNOWN_DOWN,
    /** All connections were in use for too long, so nothing was sent. */
    BUSY,
    /** The caller's own time was over before anything was sent. */
    LATE,
    /** The caller had little time left for it, and it did not answer in that time. */
    CUT_SHORT,
    /** It refuses the user name, the password or the permissions: an operator must act. */
    CREDENTIALS,
    /** It uses a protocol that this program does not support: an operator must act. */
    INCOMPATIBLE,
    /** This program is closing it. */
    CLOSED
  }

  private final Reason reason;
  private final Duration retryAfter;

  /** Creates it; {@code retryAfter} is at least zero. */
  public StoreUnavailableException(
      Reason reason, String message, Duration retryAfter, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** Returns why. */
  public Reason reason() {
    return reason;
  }

  /** Tells whether nothing was sent to the store, so that nothing of the operation can arrive there later. */
  public boolean nothingWasSent() {
    return reason == Reason.KNOWN_DOWN || reason == Reason.BUSY || reason == Reason.LATE;
  }

  /** Returns how long to wait before trying again, at least. */
  public Duration retryAfter() {
    return retryAfter;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
