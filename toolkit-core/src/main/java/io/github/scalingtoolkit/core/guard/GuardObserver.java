package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;

/**
 * Receives each attempt of a {@link Guard}, on the thread that ended it: it must not block. Its exceptions are logged once and
 * reach no caller. For metrics; every call pays its cost.
 */
public interface GuardObserver {
  /** An attempt was made and took {@code nanos}. */
  void made(Outcome outcome, long nanos);

  /** An attempt was refused. */
  void refused(Reason reason);
}
