package io.github.scalingtoolkit.core.redis;

import java.util.Map;
import java.util.TreeMap;
import redis.clients.jedis.Connection;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.providers.PooledConnectionProvider;
import redis.clients.jedis.util.Pool;

/** The connection pools inside a wrapped Jedis client, one per node, by the node's name. */
final class NodePools {
  private NodePools() {}

  static boolean known(UnifiedJedis client) {
    return client instanceof RedisClient
        || client instanceof RedisSentinelClient
        || WrappedClient.isCluster(client);
  }

  /** Returns the current pools: a cluster's nodes and a sentinel's master change. */
  static Map<String, Pool<Connection>> of(UnifiedJedis client) {
    Map<String, Pool<Connection>> pools = new TreeMap<>();
    if (client instanceof RedisClient standalone) {
      pools.put("redis", standalone.getPool());
    } else if (client instanceof RedisSentinelClient sentinel) {
      sentinel
          .getPrimaryNodesConnectionMap()
          .forEach((node, pool) -> pools.put(String.valueOf(node), pool));
    } else if (WrappedClient.isCluster(client)) {
      pools.putAll(WrappedClient.clusterNodes(client));
    }
    return pools;
  }

  /** Closes idle connections: after an outage each of them is dead, and would fail one call. */
  static void dropIdle(UnifiedJedis client) {
    of(client).values().forEach(Pool::clear);
  }

  /** As {@link #dropIdle(UnifiedJedis)}, of a provider; does nothing for others. */
  static void dropIdle(AutoCloseable provider) {
    if (provider instanceof NodeProvider node) {
      node.pool().clear();
    } else if (provider instanceof ClusterNodes nodes) {
      nodes.dropIdle();
    } else if (provider instanceof PooledConnectionProvider standalone) {
      standalone.getPool().clear();
    }
  }
}
