package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.util.Pool;

/** Listens at one node for all channels of an access, on one thread: connects, reads, and connects again for ever. */
final class NodeLink {
  private static final Logger log = LoggerFactory.getLogger(NodeLink.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Backoff PAUSES =
      Backoff.doubling(Duration.ofMillis(20), LONGEST_PAUSE).jitter(0.5);

  /** Each try is a line in the server's log, and the cause does not go away by itself. */
  private static final Backoff PAUSES_WHEN_REFUSED =
      Backoff.doubling(Duration.ofSeconds(4), Duration.ofSeconds(4)).jitter(0.5);

  private final Subscriptions owner;
  private final String node;
  private final Pool<Connection> pool;
  private final Loop loop;

  private volatile @Nullable SubscribedConnection current;
  private volatile @Nullable Obstacle obstacle;
  private final Once refused = new Once();

  /** The loop's. */
  private int failures;

  NodeLink(Subscriptions owner, String node, Pool<Connection> pool) {
    this.owner = owner;
    this.node = node;
    this.pool = pool;
    loop = new Loop("subscriptions-" + owner.name() + "-" + node, this::step);
  }

  void start() {
    loop.start();
  }

  Pool<Connection> pool() {
    return pool;
  }

  /** Returns the current connection, or null while there is none. */
  @Nullable
  SubscribedConnection current() {
    return current;
  }

  /** Returns why it does not listen, or what it waits for. */
  Obstacle obstacle() {
    Obstacle known = obstacle;
    return known != null
        ? known
        : new Obstacle(node, "has not confirmed yet", "nothing: it is asked again");
  }

  /** Tells whether the node refuses the user's connections, which was logged when it came. */
  boolean isRefused() {
    return refused.told();
  }

  /** Logs once that a node that refused the user's connections accepts them again. */
  void tellIfWell() {
    SubscribedConnection open = current;
    if (open != null && open.hasAnswered()) {
      refused.over(() -> log.info("redis={} node={} subscriptions=accepted", owner.name(), node));
    }
  }

  /** Ends the connection and the thread, without waiting for either. */
  void close() {
    loop.close();
    SubscribedConnection open = current;
    if (open != null) {
      open.cut(null);
    } else {
      // It may be waiting for a connection of the pool, as long as that one's client has it.
      loop.closeNow();
    }
  }

  private Duration step() {
    try {
      listen();
    } catch (Throwable failure) {
      // An Error as well: what ended the connection is shown beside it, whatever it was.
      lost(failure);
    }
    if (!loop.isClosed()) {
      owner.topologyMayHaveChanged();
    }
    return (refused.told() ? PAUSES_WHEN_REFUSED : PAUSES).after(failures + 1);
  }

  private void listen() {
    try (Connection connection = pool.getResource()) {
      // The heartbeat says what is too long.
      connection.setSoTimeout(0);
      long began = owner.clock().nanoTime();
      SubscribedConnection opened = new SubscribedConnection(owner, node, connection);
      try {
        current = opened;
        if (!loop.isClosed()) {
          owner.wake();
          opened.read();
        }
        throw new CutException(opened.cutBecause());
      } catch (JedisConnectionException ended) {
        throw opened.cutBecause() == null ? ended : new CutException(opened.cutBecause());
      } finally {
        // Before it is returned: a subscribed connection must not go back to the pool.
        opened.end();
        current = null;
        owner.checkAll();
        if (owner.clock().nanoTime() - began >= LONGEST_PAUSE.toNanos()) {
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
    if (loop.isClosed()) {
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
    if (Obstacle.isOfRights(failure) && !refused.told()) {
      refused.tell(() -> log.warn(
          "redis={} node={} subscriptions=refused reason=\"{}\" action=\"{}\"",
          owner.name(),
          node,
          why.reason(),
          why.action()));
    } else if (failures == 1) {
      log.info(
          "redis={} node={} subscriptions=lost reason=\"{}\" action=reconnect",
          owner.name(),
          node,
          why.reason());
    }
    // The same cause has probably ended the idle connections.
    pool.clear();
  }
}
