package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Says which connections to one address must not be used any more because a node there has answered READONLY: those that
 * are open lead to a node that takes no writes, and a new one may find another node.
 *
 * <p>Renews all connections at most once a second, since new ones are no better at a server that is meant to be read-only.
 * What is answered sooner after a renewal takes effect when the second is over; until then the connection that it came on
 * is the only one that ends.
 *
 * <p>Shared by all pools of one address. Safe for use by several threads.
 */
final class Renewals {
  private static final Logger log = LoggerFactory.getLogger(Renewals.class);
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  /** An address that answers READONLY after this long without it is logged again. */
  private static final long TOLD_NANOS = Duration.ofMinutes(1).toNanos();

  private final String node;
  private final RefusedWrites refusedWrites;
  private final LongSupplier nanos;
  private final List<NodePool> pools = new CopyOnWriteArrayList<>();
  private final ReentrantLock renewing = new ReentrantLock();
  private volatile long outdatedBeforeNanos;
  private volatile long answeredAtNanos;
  private volatile boolean due;

  /** These are guarded by {@link #renewing}. */
  private long renewedAtNanos;

  private long toldAtNanos;

  Renewals(String node, RefusedWrites refusedWrites) {
    this(node, refusedWrites, System::nanoTime);
  }

  /** Makes one with a time of its own, by which connections tell when they were made. */
  Renewals(String node, RefusedWrites refusedWrites, LongSupplier nanos) {
    this.node = node;
    this.refusedWrites = refusedWrites;
    this.nanos = nanos;
    long now = nanos.getAsLong();
    outdatedBeforeNanos = now;
    answeredAtNanos = now;
    renewedAtNanos = now - PAUSE_NANOS;
    toldAtNanos = now - TOLD_NANOS;
  }

  /** Adds a pool, whose idle connections are closed with a renewal. */
  void add(NodePool pool) {
    pools.removeIf(NodePool::isClosed);
    pools.add(pool);
  }

  /** Tells whether there is a pool that is not closed. */
  boolean isUsed() {
    return pools.stream().anyMatch(pool -> !pool.isClosed());
  }

  /** Notes an error reply, for the log. */
  void answered(JedisDataException reply) {
    refusedWrites.answered(node, reply);
  }

  /** Notes that READONLY was answered on a connection that was made then. */
  void answeredReadOnly(long madeAtNanos) {
    boolean renewed;
    renewing.lock();
    try {
      long now = nanos.getAsLong();
      if (now - toldAtNanos >= TOLD_NANOS) {
        log.warn(
            "redis={} state=read-only cause=\"it answers READONLY: a replica, or a former master\""
                + " action=\"its connections are dropped; point the URL at the master if this goes on\"",
            node);
      }
      toldAtNanos = now;
      if (isOutdated(madeAtNanos)) {
        return;
      }
      answeredAtNanos = now;
      due = true;
      renewed = renewIfTime();
    } finally {
      renewing.unlock();
    }
    if (renewed) {
      pools.forEach(NodePool::clear);
    }
  }

  /** Tells whether a connection that was made then must not be used any more. */
  boolean isOutdated(long madeAtNanos) {
    if (due) {
      renewIfTime();
    }
    return madeAtNanos - outdatedBeforeNanos < 0;
  }

  private boolean renewIfTime() {
    renewing.lock();
    try {
      long now = nanos.getAsLong();
      if (!due || now - renewedAtNanos < PAUSE_NANOS) {
        return false;
      }
      due = false;
      renewedAtNanos = now;
      outdatedBeforeNanos = answeredAtNanos;
      return true;
    } finally {
      renewing.unlock();
    }
  }
}
