package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.Connection;
import redis.clients.jedis.util.Pool;

/** A subscription's connection to one node: listens, reconnects, and is cut from outside when it falls silent. */
final class NodeLink {
  private static final Logger log = LoggerFactory.getLogger(NodeLink.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final String node;
  private final Pool<Connection> pool;
  private final byte[] channel;
  private final Consumer<byte[]> messages;
  private final Clock clock;
  private final Runnable changed;
  private final Thread thread;
  private final AtomicBoolean lost = new AtomicBoolean();

  private volatile boolean closed;
  private volatile @Nullable Attempt attempt;

  NodeLink(
      String node,
      Pool<Connection> pool,
      byte[] channel,
      Consumer<byte[]> messages,
      Clock clock,
      Runnable changed) {
    this.node = node;
    this.pool = pool;
    this.channel = channel;
    this.messages = messages;
    this.clock = clock;
    this.changed = changed;
    thread = BlockingThreads.platformFactory("subscription-" + node + "-").newThread(this::run);
  }

  void start() {
    thread.start();
  }

  Pool<Connection> pool() {
    return pool;
  }

  /** Tells whether the server has confirmed the subscription on the connection of now. */
  boolean listening() {
    Attempt current = attempt;
    return current != null && current.confirmed;
  }

  /** Tells, once, whether a connection that listened has ended since the last time of asking. */
  boolean takeLost() {
    return lost.getAndSet(false);
  }

  /** Asks for a sign of life, and cuts a connection that has been silent for {@code longest}. */
  void beat(Duration longest) {
    Attempt current = attempt;
    if (current == null) {
      return;
    }
    if (clock.nanoTime() - current.heardAt > longest.toNanos()) {
      log.info(
          "subscription node={} state=silent for={}ms action=reconnect", node, longest.toMillis());
      current.cut();
    } else if (current.confirmed) {
      try {
        current.subscribeAgain();
      } catch (RuntimeException broken) {
        current.cut();
      }
    }
  }

  void close() {
    closed = true;
    Attempt current = attempt;
    if (current != null) {
      current.cut();
    }
    LockSupport.unpark(thread);
  }

  private void run() {
    int failures = 0;
    while (!closed) {
      try (Connection connection = pool.getResource()) {
        Attempt current = new Attempt(connection);
        attempt = current;
        if (closed) {
          // Back to the pool as it came.
          return;
        }
        try {
          current.proceed(connection, channel);
        } finally {
          failures = current.confirmed ? 0 : failures;
          attempt = null;
          // What was subscribed is no connection for the pool, however it ended: first of all.
          current.disconnect();
          current.ended();
        }
      } catch (Throwable failure) {
        // An Error as well: nobody would listen any more.
        log.debug(
            "subscription node={} state=lost cause={}", node, failure.getClass().getName());
      }
      if (!closed) {
        pause(failures++);
      }
    }
  }

  private void pause(int failures) {
    long ceiling = Math.min(
        LONGEST_PAUSE.toNanos(), Duration.ofMillis(20).toNanos() << Math.min(failures, 10));
    LockSupport.parkNanos(this, ceiling / 2 + ThreadLocalRandom.current().nextLong(ceiling / 2));
  }

  /** One connection's subscription, from SUBSCRIBE to its end. */
  private final class Attempt extends BinaryJedisPubSub {
    private final Connection connection;
    private volatile boolean confirmed;
    private volatile boolean cut;
    private volatile long heardAt = clock.nanoTime();

    Attempt(Connection connection) {
      this.connection = connection;
    }

    @Override
    public void onSubscribe(byte[] subscribed, int count) {
      heardAt = clock.nanoTime();
      if (!cut && !confirmed) {
        confirmed = true;
        changed.run();
      }
    }

    @Override
    public void onMessage(byte[] from, byte[] message) {
      heardAt = clock.nanoTime();
      if (closed) {
        return;
      }
      // What a listener throws ends the connection: he has missed this one, and is told of a gap.
      messages.accept(message);
    }

    /**
     * The server confirms each SUBSCRIBE, the second as the first. Not PING: over RESP3 Jedis takes its reply for an
     * unexpected message, and ends, whenever it comes before the thread that sent it has noted that it did.
     */
    void subscribeAgain() {
      subscribe(channel);
    }

    void cut() {
      cut = true;
      disconnect();
      ended();
    }

    void disconnect() {
      try {
        connection.forceDisconnect();
      } catch (IOException alreadyGone) {
        log.debug(
            "subscription node={} state=cut cause={}",
            node,
            alreadyGone.getClass().getName());
      }
    }

    void ended() {
      if (confirmed) {
        lost.set(true);
        confirmed = false;
        changed.run();
      }
    }
  }
}
