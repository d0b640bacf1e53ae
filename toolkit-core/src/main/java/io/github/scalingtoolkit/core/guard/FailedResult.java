package io.github.scalingtoolkit.core.guard;

import org.jspecify.annotations.Nullable;

/**
 * A result that {@link GuardBuilder#failingWhen} calls a failure, treated in counting and retries like failures
 * that are thrown. It never leaves the guard: its caller gets the result.
 */
final class FailedResult extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Object result;

  FailedResult(@Nullable Object result) {
    super(null, null, false, false);
    this.result = result;
  }

  @Nullable
  Object result() {
    return result;
  }

  /** Returns the result with its original type. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
  <T extends @Nullable Object> T returned() {
    return (T) result;
  }

  /** Names its class only: the result itself may hold secrets and payloads. */
  @Override
  public String getMessage() {
    return "a failed result: " + (result == null ? "null" : result.getClass().getName());
  }
}
