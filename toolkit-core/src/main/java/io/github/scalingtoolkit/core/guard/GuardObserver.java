package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;

/**
 * Hears of each attempt of a {@link Guard}, on the thread that ended it: it must not block. What it throws is logged once and
 * reaches no caller. For metrics; what it costs each call pays.
 */
public interface GuardObserver {
  /** An attempt was made and took {@code nanos}. */
  void made(Outcome outcome, long nanos);

  /** An attempt was refused. */
  void refused(Reason reason);
}
