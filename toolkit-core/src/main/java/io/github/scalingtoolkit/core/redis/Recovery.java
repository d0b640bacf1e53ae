package io.github.scalingtoolkit.core.redis;

import redis.clients.jedis.UnifiedJedis;

/** Work that must be done in a Redis that was out of reach before ordinary calls go to it again. */
@FunctionalInterface
public interface Recovery {
  /**
   * Does the work. Runs on the recovery loop's thread, outside the breaker.
   *
   * @param client the raw client of the commands
   * @throws RuntimeException on failure: the breaker stays open, and this is called again later
   */
  void recover(UnifiedJedis client);
}
