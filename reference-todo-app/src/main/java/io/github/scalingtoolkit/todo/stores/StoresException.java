package io.github.scalingtoolkit.todo.stores;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a data directory or an embedded store is unavailable. The message names the thing and what to do, and is meant to
 * be shown to the user; nothing on disk was damaged.
 */
public final class StoresException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reason. */
  public enum Reason {
    /** Another process owns the data directory. */
    IN_USE(3),
    /** The data directory cannot be made, read or written. */
    NOT_WRITABLE(3),
    /** A file in it is not as a store wrote it. */
    CORRUPT(3),
    /** No {@code redis-server} runs on this machine. */
    NO_REDIS(1),
    /** A store did not start or stopped working for another reason. */
    FAILED(1);

    private final int exitCode;

    Reason(int exitCode) {
      this.exitCode = exitCode;
    }
  }

  private final Reason reason;

  /** Makes one with a message for the user. */
  public StoresException(Reason reason, String message) {
    this(reason, message, null);
  }

  /** Makes one with a message for the user and what led to it. */
  public StoresException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Returns the reason. */
  public Reason reason() {
    return reason;
  }

  /** Returns the exit code of a process that cannot continue without it: 3 for a directory or its files, else 1. */
  public int exitCode() {
    return reason.exitCode;
  }
}
