package io.github.scalingtoolkit.benchmarks.scale;

/** Something cannot be run on this machine; the message says why, to follow "NOT RUN: ". */
public final class NotRunException extends Exception {
  private static final long serialVersionUID = 1;

  /** Says why. */
  public NotRunException(String message) {
    super(message);
  }
}
