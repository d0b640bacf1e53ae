package io.github.scalingtoolkit.core.redis;

/** What a breaker needs to know about a call with a lost connection or a late reply. */
interface LostConnection {
  /**
   * Tells whether this process brought it about: the caller's own deadline ended the wait, having left the call less than
   * half of the client's time, or a payload was still on its way, and too large for its time.
   */
  boolean isOfThisProcess();

  /**
   * Tells whether this counts for its connection: the first one checked does, and the others, of callers that shared
   * the connection, do not. So one loss does not count as many, nor as none.
   */
  boolean counts();
}
