package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Renews the leases under which this process loads, so that a lease can be short: a load may take longer than that, and a
 * process that dies, stands still or is cut off keeps others waiting for no longer than that.
 *
 * <p>A lease is renewed when a third of its time is over, for as long as its loader runs and {@code longest} has not
 * passed. A renewal never brings back a lease that is gone. One thread for all caches on one Redis, which sleeps while
 * nothing is loaded.
 */
final class LeaseRenewals implements AutoCloseable {
  /** The most in one round trip. */
  private static final int MOST = 256;

  private final RemoteEntries remote;
  private final long leaseNanos;

  /** For so long it stands unless something has ended it: Redis counts whole milliseconds. */
  private final long certainNanos;

  private final long longestNanos;
  private final Clock clock;
  private final Problems problems;
  private final Map<String, Held> held = new ConcurrentHashMap<>();
  private final RedisAccess redis;
  private final AtomicBoolean idle = new AtomicBoolean(true);
  private volatile boolean closed;

  /** @param longest for how long one lease is renewed */
  LeaseRenewals(
      RedisAccess redis,
      RemoteEntries remote,
      Duration lease,
      Duration longest,
      Clock clock,
      Problems problems) {
    this.redis = redis;
    this.remote = remote;
    this.leaseNanos = lease.toNanos();
    certainNanos = leaseNanos - 1_000_000;
    this.longestNanos = longest.toNanos();
    this.clock = clock;
    this.problems = problems;
  }

  /** A lease of this process, as far as it knows. */
  final class Held {
    private final String id;
    private final String token;
    private final long takenAt;

    /** Before the request that was granted last was sent: the lease lasts from then on at least. */
    private volatile long renewedAt;

    /** Redis has answered that it is gone. */
    private volatile boolean gone;

    private Held(String id, String token, long takenAt) {
      this.id = id;
      this.token = token;
      this.takenAt = takenAt;
      renewedAt = takenAt;
    }

    /** Tells whether it may have ended by time, and not because it was invalidated. */
    boolean mayHaveEnded() {
      return !gone && clock.nanoTime() - renewedAt >= certainNanos;
    }

    /** Returns for how long it has been held. */
    Duration age() {
      return Duration.ofNanos(clock.nanoTime() - takenAt);
    }
  }

  /**
   * Renews a lease from now on, until it is {@linkplain #end ended}.
   *
   * @param takenAt the time before the lease was requested
   */
  Held hold(String id, String token, long takenAt) {
    Held lease = new Held(id, token, takenAt);
    held.put(token, lease);
    if (!closed && idle.compareAndSet(true, false)) {
      try {
        RenewalLoop.join(redis, this);
      } catch (Throwable noThread) {
        // It lasts for its time, as if there were no renewals; the next load tries again.
        idle.set(true);
      }
    }
    return lease;
  }

  /** Renews it no more, and returns what is known of it; null if it was not held. */
  @Nullable
  Held end(String token) {
    return held.remove(token);
  }

  /**
   * Renews what is due. Returns how long there is nothing to do.
   *
   * @param leave called if there is nothing to renew: until a lease is held again, no more steps are needed
   */
  Duration step(Runnable leave) {
    long now = clock.nanoTime();
    List<Held> due = new ArrayList<>();
    for (Held lease : held.values()) {
      if (closed || lease.gone || now - lease.takenAt >= longestNanos) {
        continue;
      }
      if (now - lease.renewedAt >= leaseNanos / 3) {
        due.add(lease);
      }
    }
    if (!due.isEmpty()) {
      // Those that are furthest gone first: a cluster is asked for one after the other.
      due.sort(Comparator.comparingLong(lease -> lease.renewedAt));
      // What a lease has left when it is due at the latest: a node that is slow must not cost the
      // leases of others.
      Deadline.after(Duration.ofNanos(leaseNanos / 2), clock).run(() -> renewAll(due));
    }
    if (closed || held.isEmpty()) {
      leave.run();
      idle.set(true);
      if (closed || held.isEmpty() || !idle.compareAndSet(true, false)) {
        return Loop.UNTIL_WOKEN;
      }
      // One was held just now, by a caller that took this for stepped.
      RenewalLoop.join(redis, this);
    }
    return Duration.ofNanos(Math.max(1_000_000, leaseNanos / 6));
  }

  private void renewAll(List<Held> due) {
    for (int i = 0; i < due.size() && !Deadline.currentIsExpired(); i += MOST) {
      renew(due.subList(i, Math.min(due.size(), i + MOST)));
    }
  }

  private void renew(List<Held> due) {
    long asked = clock.nanoTime();
    List<ScriptCall> calls = new ArrayList<>(due.size());
    due.forEach(lease -> calls.add(remote.renewCall(lease.id, lease.token)));
    List<ScriptReply> replies;
    try {
      replies = remote.runAll(calls);
    } catch (RuntimeException failure) {
      // The next step tries again, while the leases last.
      problems.failed(failure);
      return;
    }
    long answered = clock.nanoTime();
    for (int i = 0; i < due.size(); i++) {
      RuntimeException failure = replies.get(i).failure();
      if (failure != null) {
        problems.failed(failure);
        continue;
      }
      if (RemoteEntries.one(replies.get(i).value())) {
        due.get(i).renewedAt = asked;
      } else if (answered - due.get(i).renewedAt < certainNanos) {
        // Invalidated. Otherwise it may have ended by time: at the answer its last renewal was that
        // long ago.
        due.get(i).gone = true;
      }
    }
  }

  /** Renews nothing any more. */
  @Override
  public void close() {
    closed = true;
  }
}
