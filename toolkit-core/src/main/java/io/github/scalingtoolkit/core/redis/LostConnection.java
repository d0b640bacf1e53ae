package io.github.scalingtoolkit.core.redis;

/** What a breaker needs to know about a call with a lost connection or a late reply. */
interface LostConnection {
  /**
   * Tells whether the caller's own deadline, and not the client's, ended the wait, having left the call less than half of
   * the client's.
   */
  boolean isCallersOwn();

  /**
   * Tells whether this counts for its connection: the first one checked does, and the others, of callers that shared
   * the connection, do not. So one loss does not count as many, nor as none.
   */
  boolean counts();
}
