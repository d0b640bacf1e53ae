package io.github.scalingtoolkit.core.redis;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.MultiDbClient;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.providers.ConnectionProvider;
import redis.clients.jedis.providers.ManagedConnectionProvider;
import redis.clients.jedis.providers.PooledConnectionProvider;
import redis.clients.jedis.providers.SentineledConnectionProvider;
import redis.clients.jedis.util.Pool;

/**
 * What a Jedis client of somebody else's leads to: one server, or a cluster. Taken for the wrong one it would fail on every
 * other key, so a client that cannot be told is refused.
 */
@SuppressWarnings("deprecation") // JedisCluster is in use all the same.
final class WrappedClient {
  private WrappedClient() {}

  /**
   * Tells whether a client is of a cluster.
   *
   * @throws IllegalArgumentException if it leads to several Redis, or cannot be told
   */
  static boolean isCluster(UnifiedJedis client) {
    if (client instanceof RedisClusterClient || client instanceof JedisCluster) {
      return true;
    }
    if (client instanceof RedisClient || client instanceof RedisSentinelClient) {
      return false;
    }
    if (client instanceof MultiDbClient) {
      throw new IllegalArgumentException(
          "a MultiDbClient cannot be wrapped: what is written to one of its databases is missing in"
              + " the next; wrap a client of one Redis");
    }
    ConnectionProvider provider = provider(client);
    if (provider instanceof PooledConnectionProvider
        || provider instanceof SentineledConnectionProvider
        || provider instanceof ManagedConnectionProvider) {
      return false;
    }
    if (provider instanceof ClusterConnectionProvider) {
      throw new IllegalArgumentException(client.getClass().getName()
          + " over a cluster's connections follows no redirection: wrap a RedisClusterClient");
    }
    throw new IllegalArgumentException("cannot tell what " + client.getClass().getName()
        + " over "
        + (provider == null ? "no connection provider" : provider.getClass().getName())
        + " leads to: wrap a RedisClient, RedisClusterClient or RedisSentinelClient");
  }

  /** Returns the pools of a cluster's nodes, by their names. */
  static Map<String, Pool<Connection>> clusterNodes(UnifiedJedis client) {
    return new TreeMap<>(
        client instanceof JedisCluster older
            ? older.getClusterNodes()
            : ((RedisClusterClient) client).getClusterNodes());
  }

  /** Asks a cluster for its nodes. */
  static void refreshTopology(UnifiedJedis client) {
    if (client instanceof JedisCluster older) {
      older.refreshClusterTopology();
    } else {
      ((RedisClusterClient) client).refreshClusterTopology();
    }
  }

  private static @Nullable ConnectionProvider provider(UnifiedJedis client) {
    try {
      Field field = UnifiedJedis.class.getDeclaredField("provider");
      field.setAccessible(true);
      return (ConnectionProvider) field.get(client);
    } catch (ReflectiveOperationException | RuntimeException hidden) {
      return null;
    }
  }
}
