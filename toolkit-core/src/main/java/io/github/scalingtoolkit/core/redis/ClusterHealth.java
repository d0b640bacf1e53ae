package io.github.scalingtoolkit.core.redis;

import java.nio.charset.StandardCharsets;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisDataException;

/** Checks whether a cluster's node serves: it may answer a PING while it refuses every key because its cluster is down. */
final class ClusterHealth {
  private ClusterHealth() {}

  /**
   * Asks a node.
   *
   * @throws redis.clients.jedis.exceptions.JedisException if it does not serve
   */
  static void require(Connection node) {
    try {
      Object reply =
          node.executeCommand(new CommandArguments(Protocol.Command.CLUSTER).add("INFO"));
      if (reply instanceof byte[] text
          && new String(text, StandardCharsets.US_ASCII).contains("cluster_state:fail")) {
        throw new JedisClusterOperationException("CLUSTERDOWN");
      }
    } catch (JedisDataException reply) {
      // We may not ask it (NOPERM), or it refuses all but reads (MISCONF): it is up.
      if (RedisFailure.of(reply) == RedisFailure.NODE) {
        throw reply;
      }
    }
  }
}
