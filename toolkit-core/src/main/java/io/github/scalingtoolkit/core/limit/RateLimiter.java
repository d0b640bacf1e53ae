package io.github.scalingtoolkit.core.limit;

/** Hands out permits at a bounded rate, for each key by itself. Implementations are safe for use by several threads. */
public interface RateLimiter {
  /**
   * Takes one permit of {@code key} if there is one.
   *
   * @param key whose permits: a user, a client address; never shown
   */
  Decision tryAcquire(String key);
}
