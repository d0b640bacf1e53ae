package io.github.scalingtoolkit.core.limit;

/** A policy's decision while Redis does not answer. */
public sealed interface FailureMode {

  /** Every call is admitted: where refusing a caller is worse than admitting too many. */
  record Open() implements FailureMode {}

  /** Every call is denied: where guessing must be prevented, as at a login. */
  record Closed() implements FailureMode {}

  /**
   * This process counts for itself, up to its share of the limit: for ordinary traffic. All processes together then
   * admit about the limit, and a burst of it more at each change to this mode.
   *
   * @param replicas processes that share the limit, at least 1
   */
  record Local(int replicas) implements FailureMode {
    /**
     * Checks the bound.
     *
     * @throws IllegalArgumentException if {@code replicas} is below 1
     */
    public Local {
      if (replicas < 1) {
        throw new IllegalArgumentException("replicas must be >= 1 but was " + replicas);
      }
    }
  }

  /** Returns {@link Open}. */
  static FailureMode open() {
    return new Open();
  }

  /** Returns {@link Closed}. */
  static FailureMode closed() {
    return new Closed();
  }

  /** Returns {@link Local}. */
  static FailureMode local(int replicas) {
    return new Local(replicas);
  }
}
