package io.github.scalingtoolkit.core.guard;

/** What a {@link Guard} does with a call right now. */
public enum GuardState {
  /** Calls are made. */
  CLOSED,
  /** Calls are refused. */
  OPEN,
  /** A few calls, or the background probe alone, find out whether the dependency has recovered. */
  HALF_OPEN
}
