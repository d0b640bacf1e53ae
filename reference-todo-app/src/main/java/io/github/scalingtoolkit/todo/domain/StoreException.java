package io.github.scalingtoolkit.todo.domain;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the store refused an operation: a fault of this program or of the store's set-up, not of the user.
 *
 * <p>Its message names no document, no value and no secret.
 */
public class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates it with the driver's exception, if any, as its cause. */
  public StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
