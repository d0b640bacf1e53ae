package io.github.scalingtoolkit.core.redis;

import java.io.IOException;
import java.time.Duration;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * A connection that ends when its node has become a replica, and that never opens itself again.
 *
 * <p>Jedis connects whenever it is to send and finds the socket closed, but without the greetings: as nobody, to database
 * 0. Here a connection that was closed stays so.
 */
final class NodeConnection extends Connection {
  private final LastLookSocket.Factory sockets;
  private final Renewals renewals;
  private final long madeAtNanos = System.nanoTime();
  private boolean opened;
  private boolean readOnly;
  private long usedAtNanos;
  private int uses;

  private NodeConnection(
      LastLookSocket.Factory sockets, JedisClientConfig config, Renewals renewals) {
    super(new Connection.Builder().socketFactory(sockets).clientConfig(config));
    this.sockets = sockets;
    this.renewals = renewals;
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

  /** Jedis closes the socket if the server refuses, but not if what gives the password throws. */
  @Override
  protected void initializeFromClientConfig(JedisClientConfig config) {
    try {
      super.initializeFromClientConfig(config);
    } catch (RuntimeException failed) {
      disconnectQuietly();
      throw failed;
    }
  }

  private void disconnectQuietly() {
    try {
      forceDisconnect();
    } catch (IOException | RuntimeException alreadyGone) {
      // That is what was wanted.
    }
  }

  /** Sees every reply, of pipelines and transactions as well. */
  @Override
  protected Object readProtocolWithCheckingBroken() {
    try {
      return super.readProtocolWithCheckingBroken();
    } catch (JedisDataException reply) {
      renewals.answered(reply);
      if (RedisFailure.isReadOnly(reply) && !readOnly) {
        // Not broken yet: the replies to what was sent with it are still to be read.
        readOnly = true;
        renewals.answeredReadOnly(madeAtNanos);
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

  /** Tells whether another node may serve at its address, so that this must not be lent again. */
  boolean isOutdated() {
    return renewals.isOutdated(madeAtNanos);
  }

  /** Returns when it was given back last, or was made if it is new. */
  long usedAtNanos() {
    return uses == 0 ? madeAtNanos : usedAtNanos;
  }

  /** Tells whether it was given back once, so that its opening has served one call at most. */
  boolean wasUsedOnce() {
    return uses == 1;
  }

  /** Returns how many bytes have passed in either direction since it was opened. Any thread may ask. */
  long moved() {
    LastLookSocket socket = sockets.current();
    return socket == null ? 0 : socket.moved();
  }

  /** Tells whether a byte has passed in either direction within that time. Any thread may ask. */
  boolean hasMovedWithin(Duration time) {
    LastLookSocket socket = sockets.current();
    return socket != null && socket.hasMovedWithin(time.toNanos());
  }

  /** Makes them, not connected yet. */
  static final class Maker extends Connection.Builder {
    private final HostAndPort node;
    private final JedisClientConfig config;
    private final Renewals renewals;

    Maker(HostAndPort node, JedisClientConfig config, Renewals renewals) {
      this.node = node;
      this.config = config;
      this.renewals = renewals;
    }

    @Override
    protected Connection createConnection() {
      return new NodeConnection(new LastLookSocket.Factory(node, config), config, renewals);
    }
  }
}
