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
 * <p>Jedis connects whenever it is to send and finds the socket closed, but without the greetings: as nobody, to database
 * 0. Here a connection that was closed stays so.
 */
final class NodeConnection extends Connection {
  private final Runnable onReadOnly;
  private final long madeAtNanos = System.nanoTime();
  private @Nullable NodePool of;
  private boolean opened;
  private boolean readOnly;
  private long usedAtNanos;
  private int uses;

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
    uses++;
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

  /** Returns when it was given back last, or was made if it is new. */
  long usedAtNanos() {
    return uses == 0 ? madeAtNanos : usedAtNanos;
  }

  /** Tells whether it was given back once, so that its opening has served one call at most. */
  boolean wasUsedOnce() {
    return uses == 1;
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
