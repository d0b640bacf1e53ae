package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.util.Pool;

/**
 * Listens to a channel on every node, and says when it may have missed a message.
 *
 * <p><b>Live</b> means: on every node known now, the server has confirmed the subscription, and has been heard within
 * two heartbeats. All else is a <b>gap</b>. A half-open connection, on which nothing arrives and nothing fails, is thus
 * a gap after two heartbeats, and is then cut and made anew. The order on one node is: confirmation, {@code onLive},
 * messages; and {@code onGap} comes before the next {@code onLive}, however short the gap was.
 *
 * <p>Every node of a cluster is listened to, and not just one, because the message published at one node reaches the
 * others over a bus that may be cut.
 */
public final class ChannelSubscription implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ChannelSubscription.class);

  private final String channel;
  private final byte[] channelBytes;
  private final ChannelListener listener;
  private final Supplier<Map<String, Pool<Connection>>> nodes;
  private final Duration heartbeat;
  private final Clock clock;
  private final Consumer<ChannelSubscription> onClose;
  private final Map<String, NodeLink> links = new ConcurrentHashMap<>();
  private final ReentrantLock stateLock = new ReentrantLock();
  private final Thread ticker;

  /** How many nodes there are; 0 while that is not known. Guarded by the lock. */
  private int expected;

  /** The ticker's. */
  private boolean told;

  private volatile boolean live;
  private volatile boolean closed;

  ChannelSubscription(
      String channel,
      ChannelListener listener,
      Supplier<Map<String, Pool<Connection>>> nodes,
      Duration heartbeat,
      Clock clock,
      Consumer<ChannelSubscription> onClose) {
    this.channel = channel;
    this.channelBytes = channel.getBytes(StandardCharsets.UTF_8);
    this.listener = listener;
    this.nodes = nodes;
    this.heartbeat = heartbeat;
    this.clock = clock;
    this.onClose = onClose;
    ticker = BlockingThreads.platformFactory("subscription-" + channel + "-").newThread(this::run);
  }

  void start() {
    ticker.start();
  }

  /** Tells whether every message published now would be delivered. */
  public boolean live() {
    return live;
  }

  /** Returns the channel's name. */
  public String channel() {
    return channel;
  }

  /** Ends the subscription. The listener hears of one last gap if it was live, and of nothing after that. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(ticker);
    links.values().forEach(NodeLink::close);
    changed();
    onClose.accept(this);
  }

  private void run() {
    while (!closed) {
      try {
        beat();
      } catch (Throwable unexpected) {
        // An Error as well: nobody would notice any more what is lost.
        tellOnce(unexpected);
      }
      LockSupport.parkNanos(this, heartbeat.toNanos());
    }
  }

  private void tellOnce(Throwable unexpected) {
    if (told) {
      return;
    }
    told = true;
    try {
      log.error("subscription channel={} heartbeat=failed action=go-on", channel, unexpected);
    } catch (Throwable noLog) {
      // Out of memory, say: then later failures may be told of.
      told = false;
    }
  }

  /** One heartbeat: follows the nodes, pings each, cuts what has been silent for too long. */
  private void beat() {
    try {
      Map<String, Pool<Connection>> now = new HashMap<>(nodes.get());
      expect(now.size());
      links.forEach((node, link) -> {
        // A sentinel's new master comes with a new pool under whatever name.
        if (now.get(node) != link.pool()) {
          links.remove(node);
          link.close();
        }
      });
      now.forEach((node, pool) -> links.computeIfAbsent(node, name -> {
        NodeLink link =
            new NodeLink(name, pool, channelBytes, listener::onMessage, clock, this::changed);
        link.start();
        return link;
      }));
    } catch (RuntimeException unknown) {
      log.debug(
          "subscription channel={} nodes=unknown cause={}",
          channel,
          unknown.getClass().getName());
      expect(0);
    }
    links.values().forEach(link -> link.beat(heartbeat.multipliedBy(2)));
    if (closed) {
      links.values().forEach(NodeLink::close);
    }
    changed();
  }

  private void expect(int count) {
    stateLock.lock();
    try {
      expected = count;
    } finally {
      stateLock.unlock();
    }
  }

  private void changed() {
    stateLock.lock();
    try {
      boolean now = !closed && expected > 0 && links.size() == expected;
      // A link that was lost and is back has missed what came between, though both looks found it
      // listening.
      boolean lost = false;
      for (NodeLink link : links.values()) {
        now &= link.listening();
        lost |= link.takeLost();
      }
      if (live && (lost || !now)) {
        live = false;
        log.info("subscription channel={} state=gap", channel);
        tell("onGap", listener::onGap);
      }
      if (!live && now) {
        live = true;
        log.info("subscription channel={} state=live nodes={}", channel, links.size());
        tell("onLive", listener::onLive);
      }
    } finally {
      stateLock.unlock();
    }
  }

  /** What a listener throws must not end the thread that beats, nor keep a connection from being closed. */
  private void tell(String what, Runnable call) {
    try {
      call.run();
    } catch (Throwable thrown) {
      log.error("subscription channel={} listener={} threw", channel, what, thrown);
    }
  }
}
