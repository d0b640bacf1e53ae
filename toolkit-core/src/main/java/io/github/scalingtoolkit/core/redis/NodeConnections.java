package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Opens connections to one node, within the {@link Deadline} of the thread that needs one, and no more often than
 * {@link Rights} allow.
 */
final class NodeConnections extends ConnectionFactory {
  private final HostAndPort node;
  private final JedisClientConfig config;
  private final Rights rights;
  private final Renewals renewals;

  NodeConnections(HostAndPort node, JedisClientConfig config, Rights rights, Renewals renewals) {
    super(ConnectionFactory.builder()
        .clientConfig(config)
        .connectionBuilder(new NodeConnection.Maker(node, config, renewals)));
    this.node = node;
    this.config = config;
    this.rights = rights;
    this.renewals = renewals;
  }

  /** The greetings are bounded as well, since the thread that borrows waits for them. */
  @Override
  public PooledObject<Connection> makeObject() throws Exception {
    rights.ask();
    try {
      PooledObject<Connection> made = made();
      rights.granted();
      return made;
    } catch (JedisException failed) {
      rights.refused(failed);
      throw failed;
    }
  }

  private PooledObject<Connection> made() throws Exception {
    int millis = millis(config.getSocketTimeoutMillis());
    if (millis == config.getSocketTimeoutMillis()) {
      return super.makeObject();
    }
    JedisClientConfig hurried = DefaultJedisClientConfig.builder()
        .from(config)
        .connectionTimeoutMillis(Math.min(millis, config.getConnectionTimeoutMillis()))
        .socketTimeoutMillis(millis)
        .build();
    return new DefaultPooledObject<>(new NodeConnection.Maker(node, hurried, renewals).build());
  }

  /** Returns how long a read may wait: {@code own}, or what the caller's deadline leaves if that is less. */
  static int millis(int own) {
    Deadline deadline = Deadline.current();
    if (deadline == null) {
      return own;
    }
    // Rounded up, and never zero: to a socket that means for ever.
    long left = deadline.remainingNanos() / Duration.ofMillis(1).toNanos() + 1;
    return (int) Math.min(own, left);
  }
}
