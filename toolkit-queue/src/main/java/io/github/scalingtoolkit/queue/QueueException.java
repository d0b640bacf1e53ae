package io.github.scalingtoolkit.queue;

import org.jspecify.annotations.Nullable;

/** The root of what toolkit-queue throws by itself. */
public class QueueException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names the thing, the value, the bound, the state, and what to do. */
  public QueueException(String message) {
    super(message);
  }

  /** As {@link #QueueException(String)}, with what led to it. */
  public QueueException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
