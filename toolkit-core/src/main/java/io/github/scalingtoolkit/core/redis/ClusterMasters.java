package io.github.scalingtoolkit.core.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.Pool;

/**
 * The masters of a cluster, and their connection pools. The client has them too but does not expose them.
 *
 * <p>One thread refreshes; others may ask.
 */
final class ClusterMasters {
  private volatile Set<String> names = Set.of();

  /**
   * Asks the cluster for its nodes; waits for up to the client's deadline for each of them that does not answer.
   *
   * @throws JedisException if none answers
   */
  void refresh(UnifiedJedis client) {
    WrappedClient.refreshTopology(client);
    List<Pool<Connection>> pools =
        new ArrayList<>(WrappedClient.clusterNodes(client).values());
    Collections.shuffle(pools);
    Set<String> secondBest = Set.of();
    JedisException last = null;
    for (Pool<Connection> pool : pools) {
      try (Connection connection = pool.getResource()) {
        Set<String> known = masters(connection);
        if (isWell(connection)) {
          names = known;
          return;
        }
        // A node that is cut off from the others keeps its old view of them.
        secondBest = known;
      } catch (JedisException unreachable) {
        last = unreachable;
      }
    }
    if (secondBest.isEmpty() && last != null) {
      throw last;
    }
    names = secondBest;
  }

  /**
   * Returns the masters' pools, by their names.
   *
   * @throws JedisException if they are not known
   */
  Map<String, Pool<Connection>> of(UnifiedJedis client) {
    Map<String, Pool<Connection>> pools = WrappedClient.clusterNodes(client);
    Set<String> masters = names;
    if (masters.isEmpty() || !pools.keySet().containsAll(masters)) {
      throw new JedisClusterOperationException("the cluster's masters are not known");
    }
    pools.keySet().retainAll(masters);
    return pools;
  }

  private static Set<String> masters(Connection connection) {
    Set<String> masters = new TreeSet<>();
    if (ask(connection, "SLOTS") instanceof List<?> ranges) {
      for (Object range : ranges) {
        // From, to, the master, replicas; and of each its host, its port, …
        if (range instanceof List<?> parts
            && parts.size() > 2
            && parts.get(2) instanceof List<?> master
            && master.get(0) instanceof byte[] host
            && host.length > 0) {
          masters.add(new String(host, StandardCharsets.UTF_8) + ":" + master.get(1));
        }
      }
    }
    return masters;
  }

  private static boolean isWell(Connection connection) {
    try {
      return ask(connection, "INFO") instanceof byte[] info
          && new String(info, StandardCharsets.UTF_8).contains("cluster_state:ok");
    } catch (JedisDataException mayNotAsk) {
      return true;
    }
  }

  private static @Nullable Object ask(Connection connection, String what) {
    return connection.executeCommand(new CommandArguments(Protocol.Command.CLUSTER).add(what));
  }
}
