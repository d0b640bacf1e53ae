package io.github.scalingtoolkit.todo.http;

/** Ends the handling of a request with a 500, and tells the log why. */
public final class FaultException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient RuntimeException fault;

  /**
   * Tells the log of {@code fault}, with its message: for exceptions whose messages quote nothing of a request or a document.
   * Any other exception of a handler is a 500 as well, but is logged by its class alone.
   */
  public FaultException(RuntimeException fault) {
    super(fault.getMessage(), fault, false, false);
    this.fault = fault;
  }

  /** Returns the exception that the log is told of. */
  RuntimeException fault() {
    return fault;
  }
}
