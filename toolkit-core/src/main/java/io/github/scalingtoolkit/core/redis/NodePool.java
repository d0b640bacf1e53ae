package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The connections of one purpose to one node.
 *
 * <p>Lends one whose reads wait no longer than its purpose or the caller's deadline allows, and that was heard of within
 * the last second: one that idled for longer is asked for a sign of life first, since servers, balancers and firewalls
 * close idle connections without a word. If it is dead, so are the others that idle, and all are dropped.
 */
final class NodePool extends ConnectionPool {
  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  /** So often a caller who waits for a connection looks whether it may open one. */
  private static final int STEPS = 10;

  private static final Logger log = LoggerFactory.getLogger(NodePool.class);
  private static final ThreadFactory ASIDE = BlockingThreads.platformFactory("redis-connect-");

  private final AtomicBoolean opensAside = new AtomicBoolean();
  private final HostAndPort node;
  private final Duration longestWait;
  private final int readMillis;
  private volatile long outdatedBeforeNanos = System.nanoTime();

  /**
   * Makes one that has no connections yet.
   *
   * @param size the most at a time
   * @param longestWait how long a caller waits for one
   * @param longestRead how long a read on one waits
   */
  NodePool(
      HostAndPort node,
      NodeConnections connections,
      int size,
      Duration longestWait,
      Duration longestRead) {
    super(connections, config(size));
    this.node = node;
    this.longestWait = longestWait;
    this.readMillis = Math.toIntExact(longestRead.toMillis());
  }

  /**
   * Lends a connection, which {@code close} gives back.
   *
   * @throws NoConnectionException if none was free in time
   * @throws redis.clients.jedis.exceptions.JedisConnectionException if a new one cannot be opened
   */
  @Override
  public Connection getResource() {
    return getResource(longestWait);
  }

  /** As {@link #getResource()}, for a caller that waits for one for as long as {@code longestWait}. */
  Connection getResource(Duration longestWait) {
    while (true) {
      Connection connection = borrow(longestWait);
      if (connection instanceof NodeConnection used && used.isOutdated()) {
        connection.close();
        continue;
      }
      int millis = NodeConnections.millis(readMillis);
      try {
        if (connection.getSoTimeout() != millis) {
          connection.setSoTimeout(millis);
        }
        if (connection instanceof NodeConnection used && idledForLong(used)) {
          ask(connection);
        }
        return connection;
      } catch (JedisException dead) {
        connection.setBroken();
        connection.close();
        clear();
        if (RedisFailure.timedOut(dead)) {
          throw dead;
        }
      }
    }
  }

  private static void ask(Connection connection) {
    try {
      connection.ping();
    } catch (JedisDataException refused) {
      // MISCONF, say: the node lives, and the caller's command may be one that it serves.
    }
  }

  /**
   * Has none of the connections that are open now lent again: those that idle are closed, the others when they are given
   * back or asked for next.
   */
  void renew() {
    outdatedBeforeNanos = System.nanoTime();
    clear();
  }

  /** Tells whether a connection that was made then must not be lent again. */
  boolean isOutdated(long madeAtNanos) {
    return madeAtNanos - outdatedBeforeNanos < 0;
  }

  private Connection borrow(Duration longestWait) {
    Duration wait = Duration.ofMillis(
        NodeConnections.millis(Math.toIntExact(Math.max(1, longestWait.toMillis()))));
    try {
      Connection connection = lent(wait);
      connection.setHandlingPool(this);
      if (connection instanceof NodeConnection node) {
        node.lentBy(this);
      }
      return connection;
    } catch (JedisException failed) {
      if (isHurried() && RedisFailure.timedOut(failed)) {
        openAside();
      }
      throw failed;
    } catch (NoSuchElementException none) {
      throw new NoConnectionException(
          node.toString(), wait, getNumActive(), getMaxTotal(), getNumWaiters());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new JedisException("interrupted while waiting for a connection", interrupted);
    } catch (Exception failed) {
      // A pool that was closed meanwhile, since its node is gone.
      throw new JedisConnectionException("the connections to " + node + " are closed", failed);
    }
  }

  /** Asks again and again: the pool wakes nobody when a connection is closed, though there is room for another then. */
  private Connection lent(Duration wait) throws Exception {
    Duration step = wait.dividedBy(STEPS);
    for (int i = 1; ; i++) {
      try {
        return borrowObject(step);
      } catch (NoSuchElementException none) {
        if (i == STEPS) {
          throw none;
        }
      }
    }
  }

  /**
   * Opens a connection for a later call, on a thread of its own. Callers whose deadlines leave less time than opening one
   * takes would otherwise each begin anew, and never have one.
   */
  private void openAside() {
    if (opensAside.compareAndSet(false, true)) {
      ASIDE.newThread(this::open).start();
    }
  }

  private void open() {
    try {
      super.addObject();
    } catch (Exception failed) {
      log.debug("redis={} connect=failed cause={}", node, failed.getClass().getName());
    } finally {
      opensAside.set(false);
    }
  }

  private boolean isHurried() {
    return NodeConnections.millis(readMillis) < readMillis;
  }

  @Override
  public void returnBrokenResource(Connection broken) {
    boolean wasTooSlow = broken instanceof NodeConnection node && node.wasUsedOnce() && isHurried();
    super.returnBrokenResource(broken);
    if (wasTooSlow) {
      openAside();
    }
  }

  /**
   * Does nothing. The pool would have the caller that returns a broken connection open another one, and wait for it, in case
   * another caller needs one: at a failing node that costs a second deadline.
   */
  @Override
  public void addObject() {}

  private static boolean idledForLong(NodeConnection connection) {
    return System.nanoTime() - connection.usedAtNanos() > FRESH_NANOS;
  }

  private static GenericObjectPoolConfig<Connection> config(int size) {
    ConnectionPoolConfig config = new ConnectionPoolConfig();
    config.setMaxTotal(size);
    config.setMaxIdle(size);
    config.setMinIdle(0);
    config.setJmxEnabled(false);
    // What idles too long is closed; whether it lives is asked when it is lent, by whom it
    // concerns.
    config.setTestWhileIdle(false);
    return config;
  }
}
