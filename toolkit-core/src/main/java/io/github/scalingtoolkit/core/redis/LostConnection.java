package io.github.scalingtoolkit.core.redis;

/** What a breaker asks of a call whose connection was lost, or whose reply was late. */
interface LostConnection {
  /**
   * Tells whether the caller's own deadline, and not the client's, ended the wait, having left the call less than half of
   * the client's.
   */
  boolean isCallersOwn();

  /**
   * Tells whether this speaks for its connection: the first that is asked does, and the others, of callers who shared
   * the connection, repeat it. So one loss does not count as many, nor as none.
   */
  boolean counts();
}
