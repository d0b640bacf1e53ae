package io.github.scalingtoolkit.core.guard;

import java.time.Duration;

/**
 * Thrown when a guarded call was not made: nothing was sent, so it is always safe to try again later or elsewhere.
 *
 * <p>It carries no stack trace, because it is thrown in great numbers exactly when a process has no time to spare.
 */
public final class RejectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why a call was not made. */
  public enum Reason {
    /**
     * The breaker is open, tries the dependency with few calls or in the background, or is held open by an operator: see
     * {@link #retryAfter()}.
     */
    OPEN,
    /** The deadline that the caller inherited had already passed. */
    DEADLINE,
    /** As many calls as the bulkhead allows are in progress. */
    BULKHEAD
  }

  private final String name;
  private final Reason reason;
  private final Duration retryAfter;

  RejectedException(String name, Reason reason, Duration retryAfter) {
    super(null, null, false, false);
    this.name = name;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** Returns the name of the guard that refused. */
  public String name() {
    return name;
  }

  /** Returns why it refused. */
  public Reason reason() {
    return reason;
  }

  /** Returns how long it will go on refusing at least; zero when another call may succeed at once. */
  public Duration retryAfter() {
    return retryAfter;
  }

  @Override
  public String getMessage() {
    return switch (reason) {
      case OPEN ->
        name + " is failing, so calls to it are refused for another " + retryAfter.toMillis()
            + " ms";
      case DEADLINE -> "the caller's deadline had passed before the call to " + name + " was made";
      case BULKHEAD ->
        "as many calls to " + name
            + " as its bulkhead allows are in progress: raise bulkhead(...) or call less";
    };
  }
}
