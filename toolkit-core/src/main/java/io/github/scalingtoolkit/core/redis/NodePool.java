package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
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
    // Each one that is discarded makes room for a new one, which is good: so this many are enough.
    for (int left = getMaxTotal(); ; left--) {
      Connection connection = borrow(longestWait);
      if (left > 0 && connection instanceof NodeConnection used && used.isOutdated()) {
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
        boolean late = RedisFailure.timedOut(dead);
        // One that was given less time than usual may be as well as the others.
        if (!late || millis == readMillis) {
          clear();
        }
        if (late || left <= 0) {
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

  private Connection borrow(Duration longestWait) {
    Duration wait = Duration.ofMillis(
        NodeConnections.millis(Math.toIntExact(Math.max(1, longestWait.toMillis()))));
    try {
      Connection connection = lent(wait);
      connection.setHandlingPool(this);
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
      if (isClosed()) {
        // The pool wakes its waiters that way: nobody interrupted this thread.
        throw closed(null);
      }
      Thread.currentThread().interrupt();
      throw new JedisException("interrupted while waiting for a connection", interrupted);
    } catch (IllegalStateException failed) {
      throw isClosed() ? closed(failed) : failed;
    } catch (RuntimeException failed) {
      throw failed;
    } catch (Exception failed) {
      throw new IllegalStateException("no connection to " + node + " could be made", failed);
    }
  }

  /** A pool is closed when its node is gone, or with its access. */
  private JedisConnectionException closed(@Nullable Throwable cause) {
    return new JedisConnectionException("the connections to " + node + " are closed", cause);
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
      boolean started = false;
      try {
        ASIDE.newThread(this::open).start();
        started = true;
      } finally {
        if (!started) {
          opensAside.set(false);
        }
      }
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
