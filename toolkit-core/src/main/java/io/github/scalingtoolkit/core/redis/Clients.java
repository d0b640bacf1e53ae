package io.github.scalingtoolkit.core.redis;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.util.Pool;

/**
 * The clients of one access over one set of connections: they differ only in their {@link CallContext}.
 *
 * @param raw has no breaker
 * @param once is for calls that are made once
 * @param first is for the first try of calls that their caller makes again when a connection was lost
 * @param second is for the second try
 * @param payloads runs commands too large for the deadline; null if these run like the others
 * @param nodes the topology of a cluster; null where there is one node
 * @param pools the connections for commands, by node
 * @param owned resources to close, in this order
 */
record Clients(
    UnifiedJedis raw,
    UnifiedJedis once,
    UnifiedJedis first,
    UnifiedJedis second,
    @Nullable Payloads payloads,
    @Nullable ClusterNodes nodes,
    Supplier<? extends Map<String, ? extends Pool<Connection>>> pools,
    List<AutoCloseable> owned)
    implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Clients.class);

  /** Runs a command that carries or brings a payload. */
  interface Payloads {
    /** Runs it; {@code bytes} is the size sent plus the size expected. */
    <T> T run(CommandObject<T> command, int bytes);
  }

  /** Returns clients for an existing, unchanged client. */
  static Clients plain(
      UnifiedJedis client,
      @Nullable ClusterNodes nodes,
      Supplier<? extends Map<String, ? extends Pool<Connection>>> pools,
      AutoCloseable... owned) {
    return new Clients(client, client, client, client, null, nodes, pools, List.of(owned));
  }

  /** Closes idle connections: after an outage each of them is dead, and would fail one call. */
  void dropIdle() {
    if (owned.isEmpty()) {
      NodePools.dropIdle(raw);
    } else {
      owned.forEach(NodePools::dropIdle);
    }
  }

  @Override
  public void close() {
    for (AutoCloseable each : owned) {
      try {
        each.close();
      } catch (Exception failed) {
        log.debug("redis close=failed cause={}", failed.getClass().getName());
      }
    }
  }
}
