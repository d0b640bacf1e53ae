package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.providers.PooledConnectionProvider;

/** Opens Jedis clients for a URL, each with bounds on everything that Jedis leaves unbounded. */
record ClientFactory(
    RedisUrl url,
    String clientName,
    Duration connectTimeout,
    @Nullable SSLContext tls) {

  /** Returns a client whose every command ends within about the deadline, or its thread's if that is earlier. */
  UnifiedJedis commands(Duration deadline, int poolSize) {
    JedisClientConfig config = config(deadline, deadline);
    GenericObjectPoolConfig<Connection> pool = pool(poolSize, deadline);
    return url.mode() == RedisUrl.Mode.STANDALONE
        ? RedisClient.builder()
            .clientConfig(config)
            .connectionProvider(new PooledConnectionProvider(
                new DeadlineConnections(url.nodes().get(0), config), pool))
            .build()
        : open(config, pool);
  }

  /**
   * Returns a client for commands that block in the server: its reads wait {@code longest} and not, as Jedis has it,
   * for ever.
   */
  UnifiedJedis blocking(Duration deadline, Duration longest, int poolSize) {
    return open(config(deadline, longest), pool(poolSize, deadline));
  }

  private UnifiedJedis open(JedisClientConfig config, GenericObjectPoolConfig<Connection> pool) {
    return switch (url.mode()) {
      case STANDALONE ->
        RedisClient.builder()
            .hostAndPort(url.nodes().get(0))
            .clientConfig(config)
            .poolConfig(pool)
            .build();
      case CLUSTER ->
        RedisClusterClient.builder()
            .nodes(Set.copyOf(url.nodes()))
            .clientConfig(config)
            .poolConfig(pool)
            .maxAttempts(3)
            .build();
      case SENTINEL ->
        RedisSentinelClient.builder()
            .masterName(java.util.Objects.requireNonNull(url.master()))
            .sentinels(Set.copyOf(url.nodes()))
            .sentinelClientConfig(sentinelConfig())
            .clientConfig(config)
            .poolConfig(pool)
            .build();
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
