package io.github.scalingtoolkit.core.limit;

/** Hands out permits at a bounded rate, for each key by itself. Implementations are safe for use by several threads. */
public interface RateLimiter {
  /**
   * Takes one permit of {@code key} if there is one.
   *
   * @param key whose permits: a user, a client address; never shown
   */
  default Decision tryAcquire(String key) {
    return tryAcquire(key, 1);
  }

  /**
   * Takes {@code cost} permits of {@code key} if there are as many, else none.
   *
   * @param key whose permits: a user, a client address; never shown
   * @param cost 1 up to the permits of the smallest policy
   * @throws IllegalArgumentException if {@code cost} is out of that range: it could never be admitted
   */
  Decision tryAcquire(String key, int cost);
}
