package io.github.scalingtoolkit.benchmarks;

/** The command line cannot be obeyed; the message says why. Ends the process with exit code 2. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Says why. */
  public UsageException(String message) {
    super(message);
  }
}
