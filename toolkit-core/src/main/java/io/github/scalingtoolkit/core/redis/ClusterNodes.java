package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.providers.ClusterConnectionProvider;

/**
 * A cluster's nodes and slots, as Jedis finds them, with pools of our own.
 *
 * <p>Asking for the topology may take as long as the time-out of a node, so no caller does it: it happens on a
 * separate thread, one refresh at a time, when {@linkplain #refreshSoon() requested}, and again until a node has told
 * it. A redirection is learned at once ({@link #moved}).
 */
final class ClusterNodes extends ClusterConnectionProvider {
  /**
   * Stands for "wherever the command belongs": Jedis' executor asks for a connection first and has one place that can be
   * overridden after that, which is where {@link ClusterCalls} finds the node and its connection.
   */
  static final Connection BY_SLOT = new Connection(new DefaultJedisSocketFactory());

  /** Stands for "at this node", for a command without keys, of which Jedis chooses the node by itself. */
  static final class AtNode extends Connection {
    AtNode(HostAndPort node) {
      super(new DefaultJedisSocketFactory(node));
    }
  }

  private static final class StandIns extends ConnectionPool {
    private final HostAndPort node;

    StandIns(HostAndPort node) {
      super(new ConnectionFactory(node), keepingNone());
      this.node = node;
    }

    @Override
    public Connection getResource() {
      return new AtNode(node);
    }
  }

  /** At most as often as the heartbeat of subscriptions asks, and refused credentials may be tried. */
  private static final Backoff AFTER_FAILURE =
      Backoff.doubling(Duration.ofSeconds(1), Duration.ofSeconds(5)).jitter(0.5);

  private final TopologyLog topologyLog;
  private final Set<HostAndPort> seeds;
  private final JedisClientConfig config;
  private final Map<String, ConnectionPool> standIns = new ConcurrentHashMap<>();
  private final Function<HostAndPort, NodePool> pools;
  private final ThreadFactory threads;
  private final Function<HostAndPort, NodePool> payloadPools;
  private final Map<HostAndPort, NodePool> open = new ConcurrentHashMap<>();
  private final Map<HostAndPort, NodePool> openForPayloads = new ConcurrentHashMap<>();

  /** Refreshes that were requested and are not done; while there are any, a thread is at it. */
  private final AtomicInteger requested = new AtomicInteger();

  private volatile @Nullable Thread refreshing;
  private final Consumer<Predicate<HostAndPort>> onRefreshed;
  private volatile boolean closed;

  /**
   * Asks the seeds.
   *
   * @param topologyLog learns whether a node told the slots
   * @param pools makes the pool of a node
   * @param payloadPools makes the pool of a node for what carries payloads
   * @param onRefreshed is told after each refresh which nodes there are; what it throws is logged
   * @throws redis.clients.jedis.exceptions.JedisException if none of the seeds can be reached
   */
  ClusterNodes(
      TopologyLog topologyLog,
      Set<HostAndPort> seeds,
      JedisClientConfig config,
      Function<HostAndPort, NodePool> pools,
      Function<HostAndPort, NodePool> payloadPools,
      Consumer<Predicate<HostAndPort>> onRefreshed,
      ThreadFactory threads) {
    super(seeds, config, keepingNone());
    this.topologyLog = topologyLog;
    this.seeds = seeds;
    this.config = config;
    this.pools = pools;
    this.payloadPools = payloadPools;
    this.onRefreshed = onRefreshed;
    this.threads = threads;
  }

  /** Jedis' own pools serve to ask for the topology when no seed answers. */
  private static GenericObjectPoolConfig<Connection> keepingNone() {
    GenericObjectPoolConfig<Connection> config = new GenericObjectPoolConfig<>();
    config.setMaxTotal(1);
    config.setMaxIdle(0);
    config.setJmxEnabled(false);
    return config;
  }

  /** Returns the connections to a node. */
  NodePool pool(HostAndPort node) {
    return opened(open, node, pools);
  }

  /** Returns the connections to a node for what carries payloads. */
  NodePool payloadPool(HostAndPort node) {
    return opened(openForPayloads, node, payloadPools);
  }

  private NodePool opened(
      Map<HostAndPort, NodePool> all, HostAndPort node, Function<HostAndPort, NodePool> maker) {
    NodePool pool = all.get(node);
    if (pool == null) {
      pool = all.computeIfAbsent(node, maker);
      if (closed) {
        pool.close();
      }
    }
    return pool;
  }

  /** Closes the connections that idle, to all nodes. */
  void dropIdle() {
    open.values().forEach(NodePool::clear);
    openForPayloads.values().forEach(NodePool::clear);
  }

  /** Returns the node of a slot; null while that is not known. */
  @Nullable
  HostAndPort master(int slot) {
    return getNode(slot);
  }

  /** Learns from a redirection where a slot is now, and requests a refresh for the others. */
  void moved(int slot, HostAndPort to) {
    cache.assignSlotToNode(slot, to);
    refreshSoon();
  }

  /**
   * Requests a refresh of the topology in the background; one in progress is followed by another, since it may have asked
   * before what this call has seen. Returns at once.
   */
  void refreshSoon() {
    if (!closed && requested.getAndIncrement() == 0) {
      boolean started = false;
      try {
        Thread thread = threads.newThread(this::refreshUntilDone);
        refreshing = thread;
        thread.start();
        started = true;
      } finally {
        if (!started) {
          requested.set(0);
        }
      }
    }
  }

  private void refreshUntilDone() {
    try {
      int failures = 0;
      int seen = requested.get();
      while (!closed) {
        if (!refresh()) {
          LockSupport.parkNanos(this, AFTER_FAILURE.nanosAfter(++failures));
        } else if (requested.compareAndSet(seen, 0)) {
          return;
        }
        seen = requested.get();
      }
    } catch (Throwable unexpected) {
      requested.set(0);
      throw unexpected;
    }
  }

  /**
   * Asks for the topology on this thread, and closes the connections to nodes that are in it no more. Returns whether a
   * node has told it; otherwise what was known is kept, and the nodes are asked again in the background.
   */
  boolean refresh() {
    Set<HostAndPort> known = new LinkedHashSet<>(seeds);
    cache.getNodes().keySet().forEach(node -> known.add(HostAndPort.from(node)));
    RuntimeException last = null;
    for (HostAndPort node : known) {
      // Jedis has a method for all nodes, which keeps to itself whether one has answered.
      try (Connection asked = new Connection(node, config)) {
        cache.discoverClusterNodesAndSlots(asked);
      } catch (RuntimeException unreachable) {
        // What an administrator can mend is not hidden by a node that is down as well.
        last = last != null && RedisFailure.of(last) == RedisFailure.RIGHTS ? last : unreachable;
        continue;
      }
      topologyLog.told(this);
      forgetOthers();
      return true;
    }
    RuntimeException cause = last;
    if (!closed && cause != null) {
      topologyLog.noneTold(this, known.size(), cause);
      refreshSoon();
    }
    return false;
  }

  private void forgetOthers() {
    Set<String> known = cache.getNodes().keySet();
    closeOthers(open, known);
    closeOthers(openForPayloads, known);
    standIns.keySet().retainAll(known);
    try {
      onRefreshed.accept(this::knows);
    } catch (RuntimeException failed) {
      topologyLog.listenerFailed(failed);
    }
  }

  private static void closeOthers(Map<HostAndPort, NodePool> pools, Set<String> known) {
    pools.forEach((node, pool) -> {
      if (!known.contains(node.toString()) && pools.remove(node, pool)) {
        pool.close();
      }
    });
  }

  /** Tells whether the topology has this node, as a master or as a replica. */
  boolean knows(HostAndPort node) {
    return cache.getNodes().containsKey(node.toString());
  }

  @Override
  public void renewSlotCache() {
    refreshSoon();
  }

  @Override
  public void renewSlotCache(Connection connection) {
    refreshSoon();
  }

  @Override
  public Map<String, ConnectionPool> getNodes() {
    return ours(cache.getNodes());
  }

  @Override
  public Map<String, ConnectionPool> getPrimaryNodes() {
    return ours(cache.getPrimaryNodes());
  }

  /** Returns stand-ins, for {@link ClusterCalls}: Jedis takes a connection of one or of each to send what has no keys. */
  @Override
  public Map<String, ConnectionPool> getPrimaryNodesConnectionMap() {
    Map<String, ConnectionPool> all = new LinkedHashMap<>();
    cache
        .getPrimaryNodes()
        .keySet()
        .forEach(name -> all.put(
            name, standIns.computeIfAbsent(name, at -> new StandIns(HostAndPort.from(at)))));
    return all;
  }

  private Map<String, ConnectionPool> ours(Map<String, ConnectionPool> theirs) {
    Map<String, ConnectionPool> ours = new LinkedHashMap<>();
    theirs.keySet().forEach(name -> ours.put(name, pool(HostAndPort.from(name))));
    return ours;
  }

  /** Returns a stand-in, for {@link ClusterCalls}. */
  @Override
  public Connection getConnection(CommandArguments arguments) {
    return BY_SLOT;
  }

  @Override
  public Connection getConnection(HostAndPort node) {
    return pool(node).getResource();
  }

  @Override
  public Connection getConnectionFromSlot(int slot) {
    HostAndPort node = getNode(slot);
    if (node == null) {
      refreshSoon();
      throw new JedisClusterOperationException("no known node serves slot " + slot);
    }
    return getConnection(node);
  }

  @Override
  public Connection getConnection() {
    for (ConnectionPool pool : getPrimaryNodes().values()) {
      return pool.getResource();
    }
    throw new JedisClusterOperationException("no node of the cluster is known");
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(refreshing);
    open.values().forEach(NodePool::close);
    openForPayloads.values().forEach(NodePool::close);
    super.close();
  }
}
