package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the leases of a process: each when a third of its lifetime is over, all that are due in one round trip; and tells
 * those that have ended. A lease ends here a lifetime after the moment before its renewal was sent, so never later than in
 * Redis.
 */
final class LeaseKeeper {
  private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);
  private static final int MOST_A_TRIP = 500;

  private final RedisAccess redis;
  private final LeaseScripts scripts;
  private final long lifetimeNanos;
  private final Clock clock;
  private final Set<Lease> held = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean closed;

  LeaseKeeper(RedisAccess redis, LeaseScripts scripts, Duration lifetime, Clock clock) {
    this.redis = redis;
    this.scripts = scripts;
    this.clock = clock;
    lifetimeNanos = lifetime.toNanos();
    thread = BlockingThreads.platformFactory("lease-keeper-").newThread(this::run);
  }

  void start() {
    thread.start();
  }

  void add(Lease lease) {
    held.add(lease);
    LockSupport.unpark(thread);
  }

  void remove(Lease lease) {
    held.remove(lease);
  }

  Set<Lease> held() {
    return Set.copyOf(held);
  }

  void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  /** One step: renews what is due and drops what has ended. */
  void step() {
    List<Lease> due = new ArrayList<>();
    for (Lease lease : held) {
      if (lease.endsNanos() - clock.nanoTime() < lifetimeNanos / 3 * 2
          && due.size() < MOST_A_TRIP) {
        due.add(lease);
      }
    }
    if (!due.isEmpty()) {
      renew(due);
    }
    for (Lease lease : held) {
      if (lease.endsNanos() - clock.nanoTime() <= 0) {
        lose(lease, "not-renewed-in-time");
      }
    }
  }

  private void renew(List<Lease> due) {
    List<ScriptCall> calls =
        due.stream().map(lease -> scripts.renewal(lease.name(), lease.holder())).toList();
    long sent = clock.nanoTime();
    try {
      List<ScriptReply> replies = redis.evalAll(calls);
      for (int i = 0; i < due.size(); i++) {
        if (replies.get(i).get() instanceof Long kept && kept == 1) {
          due.get(i).renewedUntil(sent + lifetimeNanos);
        } else {
          lose(due.get(i), "ended-in-redis");
        }
      }
    } catch (RuntimeException failure) {
      // Tried again in the next step, until the lifetime is over.
      log.debug("lease=renewal state=failed cause={}", failure.getClass().getName());
    }
  }

  private void lose(Lease lease, String why) {
    held.remove(lease);
    lease.lose(why);
  }

  private void run() {
    while (!closed) {
      if (held.isEmpty()) {
        LockSupport.park(this);
      } else {
        step();
        LockSupport.parkNanos(this, pauseNanos());
      }
    }
  }

  /** A sixth of a lifetime, or less if one ends before. */
  private long pauseNanos() {
    long pause = lifetimeNanos / 6;
    for (Lease lease : held) {
      pause = Math.min(pause, lease.endsNanos() - clock.nanoTime());
    }
    return Math.max(pause, 1_000_000);
  }
}
