package io.github.scalingtoolkit.auth;

import org.jspecify.annotations.Nullable;

/** The root of what toolkit-auth throws by itself. A token that does not verify is a value, never an exception. */
public class AuthException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names the thing, the value, the bound, the state, and what to do. */
  public AuthException(String message) {
    super(message);
  }

  /** As {@link #AuthException(String)}, with what led to it. */
  public AuthException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
