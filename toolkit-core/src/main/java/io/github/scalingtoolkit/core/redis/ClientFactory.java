package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.settings.Secret;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultRedisCredentials;
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
import redis.clients.jedis.util.IOUtils;

/** Opens Jedis clients for a URL, each with bounds on everything that Jedis leaves unbounded. */
record ClientFactory(
    RedisUrl url,
    String clientName,
    Duration connectTimeout,
    @Nullable Supplier<Secret> password,
    @Nullable SSLContext tls) {

  /**
   * Returns a client whose every command ends within about the deadline, or its thread's if that is earlier and the
   * Redis a single server.
   *
   * @param coalesced whether its callers share connections, where that can be done: not on a cluster
   * @param lent is told what those connections come from, as soon as that is made
   */
  UnifiedJedis commands(
      Duration deadline, int poolSize, boolean coalesced, Consumer<ConnectionProvider> lent) {
    JedisClientConfig config = config(deadline, deadline);
    ConnectionFactory standalone = new DeadlineConnections(url.nodes().get(0), config);
    if (url.mode() == RedisUrl.Mode.CLUSTER
        || !coalesced
        || poolSize < CoalescingExecutor.SMALLEST_POOL) {
      return open(config, pool(poolSize, deadline), standalone, DefaultCommandExecutor::new);
    }
    int shared = CoalescingExecutor.shared(poolSize);
    return open(config, pool(poolSize - shared, deadline), standalone, unshared -> {
      ConnectionProvider provider = provider(config, pool(shared, deadline), standalone);
      lent.accept(provider);
      return new CoalescingExecutor(unshared, provider, poolSize, deadline);
    });
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
        ConnectionProvider provider = provider(config, pool, standalone);
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
        ConnectionProvider provider = provider(config, pool, standalone);
        yield RedisSentinelClient.builder()
            .masterName(Objects.requireNonNull(url.master()))
            .sentinels(Set.copyOf(url.nodes()))
            .sentinelClientConfig(sentinelConfig())
            .clientConfig(config)
            .poolConfig(pool)
            .connectionProvider(provider)
            .commandExecutor(over(provider, executor))
            .build();
      }
    };
  }

  /** Listeners to sentinels must not stay behind when the second one's sentinels cannot be reached. */
  private static CommandExecutor over(
      ConnectionProvider provider, Function<ConnectionProvider, CommandExecutor> executor) {
    try {
      return executor.apply(provider);
    } catch (RuntimeException failed) {
      IOUtils.closeQuietly(provider);
      throw failed;
    }
  }

  private ConnectionProvider provider(
      JedisClientConfig config,
      GenericObjectPoolConfig<Connection> pool,
      ConnectionFactory standalone) {
    return url.mode() == RedisUrl.Mode.SENTINEL
        ? new SentineledConnectionProvider(
            Objects.requireNonNull(url.master()),
            config,
            pool,
            Set.copyOf(url.nodes()),
            sentinelConfig())
        : new PooledConnectionProvider(standalone, pool);
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
    if (password != null) {
      config.credentialsProvider(
          () -> new DefaultRedisCredentials(url.user(), password.get().reveal()));
    } else if (url.password() != null) {
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
