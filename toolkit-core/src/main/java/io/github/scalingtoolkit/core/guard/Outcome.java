package io.github.scalingtoolkit.core.guard;

/** A call's evidence for the dependency's health. */
public enum Outcome {
  /** It answered. */
  SUCCESSFUL,
  /** It failed. */
  FAILED,
  /** None: the call failed for a reason of the caller's own. */
  IGNORED
}
