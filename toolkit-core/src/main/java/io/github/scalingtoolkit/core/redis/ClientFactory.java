package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultRedisCredentials;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisCredentials;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.executors.CommandExecutor;
import redis.clients.jedis.executors.DefaultCommandExecutor;
import redis.clients.jedis.providers.ConnectionProvider;

/** Opens the clients of one access, with bounds on everything that Jedis leaves unbounded. */
final class ClientFactory {
  /** The most blocking connections at a time, per node. */
  private static final int BLOCKING_CONNECTIONS = 64;

  private final RedisUrl url;
  private final String name;
  private final Duration connectTimeout;
  private final @Nullable Supplier<Secret> password;
  private final @Nullable SSLContext tls;
  private final @Nullable Supplier<RedisCredentials> sentinelCredentials;
  private final Clock clock;
  private final ThreadFactory threads;
  private final Map<HostAndPort, Node> nodes = new ConcurrentHashMap<>();
  private final TopologyLog topology;
  private final RefusedWrites refusedWrites = new RefusedWrites();

  /** What the pools of one node share. */
  private record Node(Rights rights, Renewals renewals) {}

  ClientFactory(
      RedisUrl url,
      String name,
      Duration connectTimeout,
      @Nullable Supplier<Secret> password,
      @Nullable SSLContext tls,
      @Nullable Supplier<RedisCredentials> sentinelCredentials,
      Clock clock) {
    this.url = url;
    this.name = name;
    this.connectTimeout = connectTimeout;
    this.password = password;
    this.tls = tls;
    this.sentinelCredentials = sentinelCredentials;
    this.clock = clock;
    threads = BlockingThreads.platformFactory("topology-" + name + "-");
    topology = new TopologyLog(name);
  }

  /**
   * Returns clients whose every command ends within about the deadline, or its thread's if that is earlier.
   *
   * @param coalesced whether callers share connections, where that can be done: not on a cluster
   * @param nodes the breakers of a cluster's nodes
   * @param payloads the breakers of nodes for payloads
   */
  Clients commands(
      Duration deadline, int poolSize, boolean coalesced, NodeGuards nodes, NodeGuards payloads) {
    JedisClientConfig config = config(deadline, deadline);
    return url.mode() == RedisUrl.Mode.CLUSTER
        ? ofCluster(config, deadline, poolSize, nodes, payloads)
        : ofOneNode(config, deadline, poolSize, coalesced, payloads);
  }

  private Clients ofCluster(
      JedisClientConfig config,
      Duration deadline,
      int poolSize,
      NodeGuards guards,
      NodeGuards payloadGuards) {
    ClusterNodes nodes = new ClusterNodes(
        topology,
        Set.copyOf(url.nodes()),
        config,
        node -> pool(node, config, poolSize, deadline, deadline),
        node -> pool(node, config, PayloadCalls.CONNECTIONS, deadline, deadline),
        there -> {
          try {
            guards.keepOnly(there);
          } finally {
            payloadGuards.keepOnly(there);
          }
        },
        threads);
    PayloadCalls payloads = new PayloadCalls(
        name,
        () -> {
          throw new IllegalStateException("a cluster's nodes are found by slot");
        },
        nodes::payloadPool,
        payloadGuards,
        deadline);
    Function<CallContext, ClusterCalls> calls =
        context -> new ClusterCalls(nodes, guards, context, deadline, payloads);
    ClusterCalls second = calls.apply(CallContext.SECOND);
    return new Clients(
        cluster(config, nodes, calls.apply(CallContext.RAW)),
        cluster(config, nodes, calls.apply(CallContext.ONCE)),
        cluster(config, nodes, calls.apply(CallContext.FIRST)),
        cluster(config, nodes, second),
        second::payload,
        nodes,
        () -> Map.copyOf(nodes.getNodes()),
        List.of(nodes, payloads));
  }

  private static UnifiedJedis cluster(
      JedisClientConfig config, ClusterNodes nodes, ClusterCalls calls) {
    return RedisClusterClient.builder()
        .nodes(Set.of(new HostAndPort("given", 1)))
        .clientConfig(config)
        .connectionProvider(nodes)
        .commandExecutor(calls)
        .build();
  }

  private Clients ofOneNode(
      JedisClientConfig config,
      Duration deadline,
      int poolSize,
      boolean coalesced,
      NodeGuards payloadGuards) {
    Sentinels sentinels = sentinels();
    Supplier<HostAndPort> where = where(sentinels);
    boolean shares = coalesced && poolSize >= CoalescingExecutor.SMALLEST_POOL;
    int lent = shares ? CoalescingExecutor.shared(poolSize) : 0;
    NodeProvider unshared =
        new NodeProvider(where, node -> pool(node, config, poolSize - lent, deadline, deadline));
    NodeProvider large = new NodeProvider(
        where, node -> pool(node, config, PayloadCalls.CONNECTIONS, deadline, deadline));
    PayloadCalls payloads =
        new PayloadCalls(name, where, node -> large.pool(), payloadGuards, deadline);
    NodeProvider shared =
        new NodeProvider(where, node -> pool(node, config, Math.max(1, lent), deadline, deadline));
    Calls calls = shares
        ? new CoalescingExecutor(unshared, shared, poolSize, deadline, payloads)
        : new SingleCalls(unshared, payloads, deadline);
    List<AutoCloseable> owned = sentinels == null
        ? List.of(unshared, shared, large, payloads)
        : List.of(unshared, shared, large, payloads, sentinels);
    return new Clients(
        new NodeClient(calls.in(CallContext.RAW), unshared, config),
        new NodeClient(calls.in(CallContext.ONCE), unshared, config),
        new NodeClient(calls.in(CallContext.FIRST), unshared, config),
        new NodeClient(calls.in(CallContext.SECOND), unshared, config),
        new Clients.Payloads() {
          @Override
          public <T> T run(CommandObject<T> command, int bytes) {
            return calls.payload(command, bytes, CallContext.SECOND);
          }
        },
        null,
        () -> Map.of(where.get().toString(), unshared.pool()),
        owned);
  }

  /**
   * Returns a client for commands that block in the server: its reads wait {@code longest} and not, as in Jedis,
   * for ever.
   */
  Clients blocking(Duration deadline, Duration longest) {
    JedisClientConfig config = config(deadline, longest);
    if (url.mode() == RedisUrl.Mode.CLUSTER) {
      ClusterNodes nodes = new ClusterNodes(
          topology,
          Set.copyOf(url.nodes()),
          config,
          node -> pool(node, config, BLOCKING_CONNECTIONS, deadline, deadline),
          node -> pool(node, config, 1, deadline, deadline),
          there -> {},
          threads);
      UnifiedJedis client = cluster(config, nodes, ClusterCalls.blocking(nodes, longest));
      return Clients.plain(client, nodes, () -> Map.copyOf(nodes.getPrimaryNodes()), nodes);
    }
    Sentinels sentinels = sentinels();
    NodeProvider provider = new NodeProvider(
        where(sentinels), node -> pool(node, config, BLOCKING_CONNECTIONS, deadline, deadline));
    AutoCloseable[] owned = sentinels == null
        ? new AutoCloseable[] {provider}
        : new AutoCloseable[] {provider, sentinels};
    return Clients.plain(
        new NodeClient(new DefaultCommandExecutor(provider), provider, config),
        null,
        () -> Map.of("redis", provider.pool()),
        owned);
  }

  /** Returns how many nodes refuse the credentials, as far as is known: of those that there still are connections for. */
  int refusing() {
    return (int) nodes.values().stream()
        .filter(node -> node.rights.areRefused() && node.renewals.isUsed())
        .count();
  }

  /** Returns the log of nodes that refuse writes. */
  RefusedWrites refusedWrites() {
    return refusedWrites;
  }

  /** Tells whether no node of a cluster told its slots when a client asked last. */
  boolean isTopologyStale() {
    return topology.isStale();
  }

  private @Nullable Sentinels sentinels() {
    if (url.mode() != RedisUrl.Mode.SENTINEL) {
      return null;
    }
    return Sentinels.open(
        new Sentinels.Key(
            Set.copyOf(url.nodes()),
            Objects.requireNonNull(url.master()),
            url.tls(),
            tls,
            sentinelCredentials),
        sentinelConfig());
  }

  private Supplier<HostAndPort> where(@Nullable Sentinels sentinels) {
    HostAndPort only = url.nodes().get(0);
    return sentinels == null ? () -> only : sentinels::master;
  }

  private NodePool pool(
      HostAndPort node, JedisClientConfig config, int size, Duration wait, Duration read) {
    NodePool[] made = new NodePool[1];
    nodes.values().removeIf(known -> !known.renewals.isUsed());
    nodes.compute(node, (at, known) -> {
      Node shared = known != null && known.renewals.isUsed()
          ? known
          : new Node(
              new Rights(name + "@" + at, clock), new Renewals(name + "@" + at, refusedWrites));
      NodePool pool = new NodePool(
          node,
          new NodeConnections(node, config, shared.rights, shared.renewals),
          size,
          wait,
          read);
      shared.renewals.add(pool);
      made[0] = pool;
      return shared;
    });
    return made[0];
  }

  private JedisClientConfig sentinelConfig() {
    DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
        .resp2()
        .connectionTimeoutMillis(millis(connectTimeout))
        .socketTimeoutMillis(millis(connectTimeout))
        .ssl(url.tls());
    if (tls != null) {
      config.sslSocketFactory(tls.getSocketFactory());
    }
    if (sentinelCredentials != null) {
      config.credentialsProvider(sentinelCredentials);
    }
    return config.build();
  }

  private JedisClientConfig config(Duration read, Duration blockingRead) {
    DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
        // Replies keep one shape on every server version.
        .resp2()
        .connectionTimeoutMillis(millis(connectTimeout))
        .socketTimeoutMillis(millis(read))
        .blockingSocketTimeoutMillis(millis(blockingRead))
        .clientName(name)
        .database(url.database())
        .ssl(url.tls());
    if (tls != null) {
      config.sslSocketFactory(tls.getSocketFactory());
    }
    if (url.user() != null) {
      config.user(url.user());
    }
    if (password != null) {
      config.credentialsProvider(
          () -> new DefaultRedisCredentials(url.user(), password.get().reveal()));
    } else if (url.password() != null) {
      config.password(url.password().reveal());
    }
    return config.build();
  }

  private static int millis(Duration duration) {
    return Math.toIntExact(duration.toMillis());
  }

  /** Jedis' client of one node, over any executor and provider. */
  private static final class NodeClient extends UnifiedJedis {
    NodeClient(CommandExecutor executor, ConnectionProvider provider, JedisClientConfig config) {
      super(executor, provider, config, null);
    }
  }
}
