package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import org.apache.commons.pool2.PooledObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;

/**
 * Connections to one server whose replies are waited for no longer than the {@link Deadline} of the thread that borrows
 * them leaves. A borrower without one, or with a later one, gets the time-out of the configuration.
 *
 * <p>The greetings of a new connection are bounded as well: a pool replaces a connection that failed at once, on the
 * thread of the caller to whom it failed.
 */
final class DeadlineConnections extends ConnectionFactory {
  private final HostAndPort node;
  private final JedisClientConfig config;
  private final int ownMillis;

  DeadlineConnections(HostAndPort node, JedisClientConfig config) {
    super(node, config);
    this.node = node;
    this.config = config;
    ownMillis = config.getSocketTimeoutMillis();
  }

  @Override
  public PooledObject<Connection> makeObject() throws Exception {
    int millis = millis();
    if (millis == ownMillis) {
      return super.makeObject();
    }
    JedisClientConfig hurried = DefaultJedisClientConfig.builder()
        .from(config)
        .connectionTimeoutMillis(Math.min(millis, config.getConnectionTimeoutMillis()))
        .socketTimeoutMillis(millis)
        .build();
    return new ConnectionFactory(node, hurried).makeObject();
  }

  /** The pool calls it at each borrowing, and drops a connection for which it throws. */
  @Override
  public void activateObject(PooledObject<Connection> pooled) throws Exception {
    super.activateObject(pooled);
    Connection connection = pooled.getObject();
    int millis = millis();
    if (connection.getSoTimeout() != millis) {
      connection.setSoTimeout(millis);
    }
  }

  private int millis() {
    Deadline deadline = Deadline.current();
    if (deadline == null) {
      return ownMillis;
    }
    // Rounded up, and never zero: to a socket that means for ever.
    long left = deadline.remainingNanos() / Duration.ofMillis(1).toNanos() + 1;
    return (int) Math.min(ownMillis, left);
  }
}
