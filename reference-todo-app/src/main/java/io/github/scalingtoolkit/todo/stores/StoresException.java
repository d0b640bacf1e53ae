package io.github.scalingtoolkit.todo.stores;

import org.jspecify.annotations.Nullable;

/**
 * A data directory or an embedded store that cannot be had. The message names the thing and what to do, and is meant to
 * be printed as it is; nothing on disk was harmed.
 */
public final class StoresException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What stands in the way. */
  public enum Reason {
    /** Another process owns the data directory. */
    IN_USE(3),
    /** The data directory cannot be made, read or written. */
    NOT_WRITABLE(3),
    /** A file in it is not what a store wrote. */
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

  /** Returns what stands in the way. */
  public Reason reason() {
    return reason;
  }

  /** Returns the exit code of a process that cannot go on without it: 3 for a directory or its files, else 1. */
  public int exitCode() {
    return reason.exitCode;
  }
}
