package io.github.scalingtoolkit.core.guard;

/** What a call that was made says of the dependency's health. */
public enum Outcome {
  /** It answered. */
  SUCCESSFUL,
  /** It failed. */
  FAILED,
  /** Nothing: the call failed for a reason that lies with the caller. */
  IGNORED
}
