package io.github.scalingtoolkit.core.redis;

/**
 * What an executor needs to know about the call that a command is part of. Each client of an access has its own.
 *
 * @param guarded whether a cluster's nodes are called through their breakers
 * @param callerResends whether the caller runs the whole call again if a connection was lost; the executor then sends
 *     nothing twice, so that nothing is sent more often than twice in all
 * @param firstOfTwo whether this is the first of the caller's two tries: a connection that was closed meanwhile is then not a
 *     failure of the node, since the second try decides
 */
record CallContext(boolean guarded, boolean callerResends, boolean firstOfTwo) {
  /** For the raw client: no breaker, and the executor resends commands that only read. */
  static final CallContext RAW = new CallContext(false, false, false);

  /** For calls that are made once. */
  static final CallContext ONCE = new CallContext(true, false, false);

  /** For the first try of calls that their caller makes again. */
  static final CallContext FIRST = new CallContext(true, true, true);

  /** For the second. */
  static final CallContext SECOND = new CallContext(true, true, false);
}
