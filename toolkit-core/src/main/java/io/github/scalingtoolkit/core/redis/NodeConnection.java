package io.github.scalingtoolkit.core.redis;

import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * A connection that ends when its node has become a replica, and that never opens itself again.
 *
 * <p>Jedis reconnects when it sends on a closed socket, but without the handshake: without a user, to database
 * 0. Here a closed connection stays closed.
 */
final class NodeConnection extends Connection {
  private final Runnable onReadOnly;
  private final long madeAtNanos = System.nanoTime();
  private @Nullable NodePool of;
  private boolean opened;
  private boolean readOnly;
  private long usedAtNanos;

  private NodeConnection(Maker maker) {
    super(maker);
    onReadOnly = maker.onReadOnly;
  }

  @Override
  public void connect() {
    if (opened && !isConnected()) {
      setBroken();
      throw new JedisConnectionException("the connection to " + getHostAndPort() + " was closed");
    }
    super.connect();
    opened = true;
  }

  /** Sees every reply, of pipelines and transactions as well. */
  @Override
  protected Object readProtocolWithCheckingBroken() {
    try {
      return super.readProtocolWithCheckingBroken();
    } catch (JedisDataException reply) {
      if (RedisFailure.isReadOnly(reply) && !readOnly) {
        // Not broken yet: the replies to what was sent with it are still to be read.
        readOnly = true;
        onReadOnly.run();
      }
      throw reply;
    }
  }

  @Override
  public void close() {
    if (readOnly || isOutdated()) {
      setBroken();
    }
    usedAtNanos = System.nanoTime();
    super.close();
  }

  /** Tells whether the node said that it takes no writes, so that this must not be lent again. */
  boolean isReadOnly() {
    return readOnly;
  }

  /** Notes which pool lends it. */
  void lentBy(NodePool pool) {
    of = pool;
  }

  /** Tells whether its pool was {@linkplain NodePool#renew renewed} since this was opened: then it must not be lent again. */
  boolean isOutdated() {
    return of != null && of.isOutdated(madeAtNanos);
  }

  /** Returns when it was last returned; 0 if it is new. */
  long usedAtNanos() {
    return usedAtNanos;
  }

  /** Makes them, not connected yet. */
  static final class Maker extends Connection.Builder {
    private final Runnable onReadOnly;

    Maker(JedisSocketFactory sockets, JedisClientConfig config, Runnable onReadOnly) {
      socketFactory(sockets);
      clientConfig(config);
      this.onReadOnly = onReadOnly;
    }

    @Override
    protected Connection createConnection() {
      return new NodeConnection(this);
    }
  }
}
