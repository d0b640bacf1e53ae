package io.github.scalingtoolkit.core.redis;

/**
 * What an executor has to know of the call that a command is part of. Each client that an access hands out has its own.
 *
 * @param guarded whether a cluster's nodes are asked through their breakers
 * @param callerResends whether the caller allows what it calls to be run twice, and does so itself where it can: a
 *     command that shares a connection is then sent again by its caller alone, one for a cluster's node by the executor
 *     alone, so that nothing is sent more often than twice
 */
record CallContext(boolean guarded, boolean callerResends) {
  /** For the raw client: no breaker, and what only reads is sent again by the executor. */
  static final CallContext RAW = new CallContext(false, false);

  /** For calls that are made once. */
  static final CallContext ONCE = new CallContext(true, false);

  /** For calls that their caller makes again. */
  static final CallContext AGAIN = new CallContext(true, true);
}
