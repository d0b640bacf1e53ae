package io.github.scalingtoolkit.cache;

import org.jspecify.annotations.Nullable;

/** The root of what toolkit-cache throws by itself. A loader's own exception passes through unwrapped. */
public class CacheException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names the thing, the value, the bound, the state, and what to do. */
  public CacheException(String message) {
    super(message);
  }

  /** As {@link #CacheException(String)}, with what led to it. */
  public CacheException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
