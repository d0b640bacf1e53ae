package io.github.scalingtoolkit.core.redis;

import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.providers.ConnectionProvider;

/**
 * Connections of one purpose to the one node that serves now: to a single server, or to the master that
 * sentinels name. When the node changes, connections to the old one are closed: the idle ones at once, the others when they are
 * returned. Safe for use by several threads.
 */
final class NodeProvider implements ConnectionProvider {
  private final Supplier<HostAndPort> where;
  private final Function<HostAndPort, NodePool> pools;
  private final ReentrantLock changing = new ReentrantLock();
  private volatile @Nullable Current current;
  private volatile boolean closed;

  private record Current(HostAndPort node, NodePool pool) {}

  NodeProvider(Supplier<HostAndPort> where, Function<HostAndPort, NodePool> pools) {
    this.where = where;
    this.pools = pools;
  }

  /** Returns the pool of the node that serves now. */
  NodePool pool() {
    HostAndPort node = where.get();
    Current now = current;
    return now != null && now.node.equals(node) ? now.pool : changeTo(node);
  }

  private NodePool changeTo(HostAndPort node) {
    changing.lock();
    try {
      Current before = current;
      if (before != null && before.node.equals(node)) {
        return before.pool;
      }
      NodePool pool = pools.apply(node);
      current = new Current(node, pool);
      if (before != null) {
        before.pool.close();
      }
      if (closed) {
        pool.close();
      }
      return pool;
    } finally {
      changing.unlock();
    }
  }

  @Override
  public Connection getConnection() {
    return pool().getResource();
  }

  @Override
  public Connection getConnection(CommandArguments arguments) {
    return pool().getResource();
  }

  @Override
  public Map<?, NodePool> getConnectionMap() {
    NodePool pool = pool();
    Current now = current;
    return Map.of(now == null ? "redis" : now.node.toString(), pool);
  }

  @Override
  public Map<?, NodePool> getPrimaryNodesConnectionMap() {
    return getConnectionMap();
  }

  @Override
  public void close() {
    changing.lock();
    try {
      closed = true;
      Current last = current;
      if (last != null) {
        last.pool.close();
      }
    } finally {
      changing.unlock();
    }
  }
}
