package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.util.Pool;

/** Listens at one node for all channels of an access, on one thread: connects, reads, and connects again for ever. */
final class NodeLink {
  private static final Logger log = LoggerFactory.getLogger(NodeLink.class);
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Subscriptions owner;
  private final String node;
  private final Pool<Connection> pool;
  private final Thread thread;

  private volatile boolean closed;
  private volatile @Nullable SubscribedConnection current;
  private volatile @Nullable Obstacle obstacle;
  private volatile boolean refused;

  /** The thread's. */
  private int failures;

  NodeLink(Subscriptions owner, String node, Pool<Connection> pool) {
    this.owner = owner;
    this.node = node;
    this.pool = pool;
    thread = BlockingThreads.platformFactory("subscriptions-" + owner.name() + "-" + node + "-")
        .newThread(this::run);
  }

  void start() {
    thread.start();
  }

  Pool<Connection> pool() {
    return pool;
  }

  /** Returns the connection of now, or null while there is none. */
  @Nullable
  SubscribedConnection current() {
    return current;
  }

  /** Returns why it does not listen, or what is waited for. */
  Obstacle obstacle() {
    Obstacle known = obstacle;
    return known != null
        ? known
        : new Obstacle(node, "has not confirmed yet", "nothing: it is asked again");
  }

  /** Tells whether the node refuses the user's connections, which was logged when it came. */
  boolean isRefused() {
    return refused;
  }

  /** Says once that a node that refused the user's connections takes them again. */
  void tellIfWell() {
    SubscribedConnection open = current;
    if (refused && open != null && open.hasAnswered()) {
      refused = false;
      log.info("redis={} node={} subscriptions=accepted", owner.name(), node);
    }
  }

  /** Ends the connection and the thread, without waiting for either. */
  void close() {
    closed = true;
    SubscribedConnection open = current;
    if (open != null) {
      open.cut(null);
    } else {
      // It may be waiting for a connection of the pool, as long as that one's client has it.
      thread.interrupt();
    }
    LockSupport.unpark(thread);
  }

  private void run() {
    while (!closed) {
      try {
        listen();
      } catch (Throwable failure) {
        // An Error as well: nobody would listen any more.
        lost(failure);
      }
      if (!closed) {
        owner.topologyMayHaveChanged();
        pause();
      }
    }
  }

  private void listen() {
    try (Connection connection = pool.getResource()) {
      // The heartbeat says what is too long.
      connection.setSoTimeout(0);
      long began = owner.clock().nanoTime();
      SubscribedConnection opened = new SubscribedConnection(owner, node, connection);
      try {
        current = opened;
        if (!closed) {
          owner.wake();
          opened.read();
        }
        throw new CutException(opened.cutBecause());
      } catch (JedisConnectionException ended) {
        throw opened.cutBecause() == null ? ended : new CutException(opened.cutBecause());
      } finally {
        // Before it goes back: what was subscribed is no connection for the pool.
        opened.end();
        current = null;
        owner.checkAll();
        if (owner.clock().nanoTime() - began >= LONGEST_PAUSE_NANOS) {
          failures = 0;
        }
      }
    }
  }

  private static final class CutException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CutException(@Nullable String reason) {
      super(reason == null ? "has closed the connection" : reason);
    }
  }

  private void lost(Throwable failure) {
    if (closed) {
      return;
    }
    failures++;
    Obstacle why = failure instanceof CutException
        ? new Obstacle(
            node,
            String.valueOf(failure.getMessage()),
            "see that it can be reached from here; it is tried again all the time")
        : Obstacle.of(failure, node);
    obstacle = why;
    if (Obstacle.isOfRights(failure) && !refused) {
      refused = true;
      log.warn(
          "redis={} node={} subscriptions=refused reason=\"{}\" action=\"{}\"",
          owner.name(),
          node,
          why.reason(),
          why.action());
    } else if (failures == 1) {
      log.info(
          "redis={} node={} subscriptions=lost reason=\"{}\" action=reconnect",
          owner.name(),
          node,
          why.reason());
    }
    // What ended this one has probably ended those that lie idle.
    pool.clear();
  }

  private void pause() {
    long ceiling = Math.min(LONGEST_PAUSE_NANOS, FIRST_PAUSE_NANOS << Math.min(failures, 10));
    if (refused) {
      // Each try is a line in the server's log, and nothing heals by itself.
      ceiling = 4 * LONGEST_PAUSE_NANOS;
    }
    LockSupport.parkNanos(this, ceiling / 2 + ThreadLocalRandom.current().nextLong(ceiling / 2));
  }
}
