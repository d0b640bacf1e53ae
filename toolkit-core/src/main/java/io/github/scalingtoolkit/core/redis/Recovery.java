package io.github.scalingtoolkit.core.redis;

import redis.clients.jedis.UnifiedJedis;

/** Something that must be put right in a Redis that was out of reach, before ordinary calls go to it again. */
@FunctionalInterface
public interface Recovery {
  /**
   * Puts it right. Runs on the recovery loop's thread, outside the breaker.
   *
   * @param client the raw client of the commands
   * @throws RuntimeException to say that it could not: the breaker stays open, and this is called again later
   */
  void recover(UnifiedJedis client);
}
