package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.executors.CommandExecutor;
import redis.clients.jedis.executors.DefaultCommandExecutor;
import redis.clients.jedis.providers.ConnectionProvider;
import redis.clients.jedis.providers.PooledConnectionProvider;
import redis.clients.jedis.providers.SentineledConnectionProvider;

/** Opens Jedis clients for a URL, each with bounds on everything that Jedis leaves unbounded. */
record ClientFactory(
    RedisUrl url,
    String clientName,
    Duration connectTimeout,
    @Nullable SSLContext tls) {

  /**
   * Returns a client whose every command ends within about the deadline, or its thread's if that is earlier and the
   * Redis a single server.
   *
   * @param coalesced whether its callers share connections, where that can be done: not on a cluster
   */
  UnifiedJedis commands(Duration deadline, int poolSize, boolean coalesced) {
    boolean sharing = coalesced && poolSize >= CoalescingExecutor.SMALLEST_POOL;
    JedisClientConfig config = config(deadline, deadline);
    return open(
        config,
        pool(poolSize, deadline),
        new DeadlineConnections(url.nodes().get(0), config),
        sharing
            ? provider -> new CoalescingExecutor(provider, poolSize, deadline)
            : DefaultCommandExecutor::new);
  }

  /**
   * Returns a client for commands that block in the server: its reads wait {@code longest} and not, as Jedis has it,
   * for ever.
   */
  UnifiedJedis blocking(Duration deadline, Duration longest, int poolSize) {
    JedisClientConfig config = config(deadline, longest);
    return open(
        config,
        pool(poolSize, deadline),
        new ConnectionFactory(url.nodes().get(0), config),
        DefaultCommandExecutor::new);
  }

  private UnifiedJedis open(
      JedisClientConfig config,
      GenericObjectPoolConfig<Connection> pool,
      ConnectionFactory standalone,
      Function<ConnectionProvider, CommandExecutor> executor) {
    return switch (url.mode()) {
      case STANDALONE -> {
        ConnectionProvider provider = new PooledConnectionProvider(standalone, pool);
        yield RedisClient.builder()
            .clientConfig(config)
            .connectionProvider(provider)
            .commandExecutor(executor.apply(provider))
            .build();
      }
      case CLUSTER ->
        RedisClusterClient.builder()
            .nodes(Set.copyOf(url.nodes()))
            .clientConfig(config)
            .poolConfig(pool)
            .maxAttempts(3)
            .build();
      case SENTINEL -> {
        String master = Objects.requireNonNull(url.master());
        Set<HostAndPort> sentinels = Set.copyOf(url.nodes());
        JedisClientConfig sentinelConfig = sentinelConfig();
        ConnectionProvider provider =
            new SentineledConnectionProvider(master, config, pool, sentinels, sentinelConfig);
        yield RedisSentinelClient.builder()
            .masterName(master)
            .sentinels(sentinels)
            .sentinelClientConfig(sentinelConfig)
            .clientConfig(config)
            .poolConfig(pool)
            .connectionProvider(provider)
            .commandExecutor(executor.apply(provider))
            .build();
      }
    };
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
    return config.build();
  }

  private JedisClientConfig config(Duration read, Duration blockingRead) {
    DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
        // Replies keep one shape on every server version.
        .resp2()
        .connectionTimeoutMillis(millis(connectTimeout))
        .socketTimeoutMillis(millis(read))
        .blockingSocketTimeoutMillis(millis(blockingRead))
        .clientName(clientName)
        .database(url.database())
        .hostAndPortMapper(Reopening::checked)
        .ssl(url.tls());
    if (tls != null) {
      config.sslSocketFactory(tls.getSocketFactory());
    }
    if (url.user() != null) {
      config.user(url.user());
    }
    if (url.password() != null) {
      config.password(url.password().reveal());
    }
    return config.build();
  }

  private static GenericObjectPoolConfig<Connection> pool(int size, Duration maxWait) {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(size);
    pool.setMaxIdle(size);
    pool.setMinIdle(0);
    pool.setMaxWait(maxWait);
    pool.setJmxEnabled(false);
    return pool;
  }

  private static int millis(Duration duration) {
    return Math.toIntExact(duration.toMillis());
  }
}
