package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import redis.clients.jedis.Jedis;

/**
 * A Redis for a test class, and for each test, before its instance is made, an empty data set, an access with a long
 * deadline and a queue. Register it as a static field.
 */
final class QueueOnRedis
    implements BeforeAllCallback,
        TestInstancePreConstructCallback,
        AfterEachCallback,
        AfterAllCallback {
  private final String name;

  @SuppressWarnings("NullAway.Init")
  private RedisServer server;

  @SuppressWarnings("NullAway.Init")
  private RedisAccess redis;

  @SuppressWarnings("NullAway.Init")
  private JobQueue queue;

  private QueueOnRedis(String name) {
    this.name = name;
  }

  static QueueOnRedis named(String queue) {
    return new QueueOnRedis(queue);
  }

  RedisServer server() {
    return server;
  }

  RedisAccess redis() {
    return redis;
  }

  JobQueue queue() {
    return queue;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    server = RedisServer.start();
  }

  @Override
  public void preConstructTestInstance(TestInstanceFactoryContext made, ExtensionContext context) {
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    queue = JobQueue.builder(redis, name).build();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    redis.close();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    server.close();
  }
}
