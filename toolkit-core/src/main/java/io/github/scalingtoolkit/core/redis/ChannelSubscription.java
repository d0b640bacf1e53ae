package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to a channel, and reports when it may have missed a message.
 *
 * <p><b>Live</b> means: every known node has confirmed the subscription on its current connection. Any other state is a
 * <b>gap</b>. A half-open connection, on which nothing arrives and nothing fails, is cut between two and two and a half
 * heartbeats (of 1 s) after its last reply; that is a gap too. A reader that cannot wait for that, or may itself have been
 * paused, calls {@link #liveAt}.
 *
 * <p>All channels of a {@link RedisAccess} share one connection and one thread per node. On a cluster every master is
 * listened to, not just one, because a message published at one reaches the others over a bus that may be cut.
 *
 * <p>Safe for use by several threads. No method does I/O.
 */
public final class ChannelSubscription implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ChannelSubscription.class);

  /** Far enough in the past for a reader that read the time long ago, and not so far that differences overflow. */
  private static final long LONG_AGO = Long.MAX_VALUE / 4;

  private final Subscriptions owner;
  private final String channel;
  private final ChannelListener listener;
  private final ReentrantLock stateLock = new ReentrantLock();

  /** The connections by which this is live. Guarded by the lock. */
  private List<SubscribedConnection> basis = List.of();

  private volatile boolean live;
  private volatile long liveUntil;
  private volatile long notLiveSince;
  private volatile boolean closed;

  /** How often the listener has thrown since that was logged. */
  private final AtomicInteger thrown = new AtomicInteger();

  private volatile long thrownAt;

  ChannelSubscription(Subscriptions owner, String channel, ChannelListener listener) {
    this.owner = owner;
    this.channel = channel;
    this.listener = listener;
    notLiveSince = owner.clock().nanoTime();
    liveUntil = notLiveSince - LONG_AGO;
  }

  /**
   * Tells whether every message published now would be delivered, as far as is known. One volatile read. After a pause of the
   * process this may be outdated and still true. See {@link #liveAt}.
   */
  public boolean live() {
    return live;
  }

  /**
   * Tells whether this is live, and every message published two heartbeats (2 s) before {@code nanoTime} or earlier has
   * been passed to the listener. It is right after a pause of the process as well, since it does not depend on a thread that
   * would have to run first: each node is pinged once per heartbeat, and its answer comes after all messages published
   * before the ping.
   *
   * <p>For a reader that already has the time this costs one volatile read.
   *
   * @param nanoTime the time now, of the {@linkplain io.github.scalingtoolkit.core.time.Clock#nanoTime() clock} that the
   *     access was built with; {@link System#nanoTime()} by default
   */
  public boolean liveAt(long nanoTime) {
    return liveUntil - nanoTime > 0;
  }

  /** Returns the channel's name. */
  public String channel() {
    return channel;
  }

  /**
   * Ends the subscription without waiting for the server. The listener gets one last gap if it was live, and
   * nothing after that, except a message that is being passed to it right now. Calling it again does nothing.
   */
  @Override
  public void close() {
    closed = true;
    owner.remove(this);
    check();
  }

  /** Checks the connections, and notifies the listener of changes. */
  void check() {
    stateLock.lock();
    try {
      @Nullable List<SubscribedConnection> now = closed ? null : owner.confirmedBy(this);
      // Fewer nodes are not a gap: the others were received all the time.
      if (live && (now == null || !basis.containsAll(now))) {
        live = false;
        notLiveSince = owner.clock().nanoTime();
        liveUntil = notLiveSince - LONG_AGO;
        log.debug("subscription channel={} state=gap", channel);
        tell("onGap", listener::onGap);
      }
      if (now == null || closed) {
        return;
      }
      basis = now;
      if (!live) {
        live = true;
        extend();
        log.debug("subscription channel={} state=live nodes={}", channel, now.size());
        owner.isLive(this);
        tell("onLive", listener::onLive);
      }
    } finally {
      stateLock.unlock();
    }
  }

  /** Notes that a node has answered. Returns at once during a change, which checks by itself. */
  void heard() {
    if (stateLock.tryLock()) {
      try {
        extend();
      } finally {
        stateLock.unlock();
      }
    }
  }

  private void extend() {
    if (!live || basis.isEmpty()) {
      return;
    }
    long slowest = basis.get(0).answeredAt();
    for (SubscribedConnection connection : basis) {
      long answered = connection.answeredAt();
      slowest = answered - slowest < 0 ? answered : slowest;
    }
    liveUntil = slowest + owner.silenceAllowed();
  }

  /** Passes a message on; tells whether the listener accepted it. */
  boolean deliver(byte[] message) {
    if (closed) {
      return true;
    }
    try {
      listener.onMessage(message);
      return true;
    } catch (Throwable missed) {
      // An Error as well: the thread belongs to all channels.
      tellOfThrown(missed);
      return false;
    }
  }

  private void tellOfThrown(Throwable missed) {
    try {
      thrownAt = owner.clock().nanoTime();
      if (thrown.getAndIncrement() == 0) {
        log.error(
            "subscription channel={} listener=threw state=gap action=\"fix the listener; its messages are missed\"",
            channel,
            missed);
      }
    } catch (Throwable noLog) {
      // Out of memory, for example: a later failure may be logged.
      thrown.set(0);
    }
  }

  /** Tells whether its listener threw recently, which has been logged; logs once when that is over. */
  boolean throwsNow(long now, Duration quiet) {
    int times = thrown.get();
    if (times == 0) {
      return false;
    }
    if (now - thrownAt < quiet.toNanos()) {
      return true;
    }
    thrown.set(0);
    log.info("subscription channel={} listener=well missed={}", channel, times);
    return false;
  }

  /** Returns since when this is not live, if it is not. */
  long notLiveSince() {
    return notLiveSince;
  }

  /** An exception of a listener must not end the notifying thread, nor keep a connection from being closed. */
  private void tell(String what, Runnable call) {
    try {
      call.run();
    } catch (Throwable thrownNow) {
      log.error("subscription channel={} listener={} threw", channel, what, thrownNow);
    }
  }

  @Override
  public String toString() {
    String state = closed ? "closed" : live ? "live" : "not live";
    return "ChannelSubscription[" + channel + ", " + state + "]";
  }
}
