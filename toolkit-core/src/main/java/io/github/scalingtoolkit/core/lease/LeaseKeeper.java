package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.lease.LeaseScripts.Release;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Renews the leases of a process, each when a third of its lifetime is over, and notifies those that have ended. A lease ends
 * here a lifetime after the moment before its renewal was sent, so never later than in Redis.
 *
 * <p>Two threads, so that neither Redis nor a listener can delay the other's work: one renews and runs no code of
 * users; the other notifies and does no I/O. Both survive every exception.
 */
final class LeaseKeeper {
  private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);
  private static final int MOST_A_TRIP = 500;
  private static final long RETRY_NANOS = Duration.ofMillis(200).toNanos();

  private final RedisAccess redis;
  private final LeaseScripts scripts;
  private final Trouble renewals;
  private final Trouble releases;
  private final long lifetimeNanos;
  private final Clock clock;
  private final Set<Lease> held = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<String, Lease> locks = new ConcurrentHashMap<>();
  private final Set<Abandoned> abandoned = ConcurrentHashMap.newKeySet();
  private final Loop renewing;
  private final Loop telling;

  /**
   * A holder that may have a permit without knowing it.
   *
   * @param untilNanos when it will have expired
   */
  private record Abandoned(String name, String holder, long untilNanos) {}

  LeaseKeeper(RedisAccess redis, LeaseScripts scripts, Duration lifetime, Clock clock) {
    this.redis = redis;
    this.scripts = scripts;
    this.clock = clock;
    renewals = new Trouble(
        "renewals", "leases are lost when their lifetime is over", redis, scripts.aclRules());
    releases = new Trouble(
        "releases",
        "permits stay taken, or waiters find a free one late",
        redis,
        scripts.aclRules());
    lifetimeNanos = lifetime.toNanos();
    renewing = new Loop("lease-renewals", () -> {
      step();
      return untilNextStep();
    });
    telling = new Loop("lease-losses", () -> {
      tell();
      return untilOneEnds();
    });
  }

  void start() {
    renewing.start();
    telling.start();
  }

  void add(Lease lease) {
    held.add(lease);
    wake();
  }

  /** As {@link #add}, for a lease that is its name's only one. */
  void addLock(Lease lease) {
    locks.put(lease.name(), lease);
    add(lease);
  }

  /** Returns the lock of that name if it {@linkplain Lease#isOf is} that thread's, else null. */
  @Nullable
  Lease lockOf(Thread thread, String name) {
    Lease lock = locks.get(name);
    return lock != null && lock.isOf(thread) ? lock : null;
  }

  void remove(Lease lease) {
    held.remove(lease);
    locks.remove(lease.name(), lease);
  }

  Set<Lease> held() {
    return Set.copyOf(held);
  }

  /** Ends both threads, after one try to release abandoned permits. */
  void close() {
    renewing.close();
    telling.close();
    giveBack();
  }

  /** Releases a permit in the background, if it is held at all; tried until it has expired. */
  void abandon(String name, String holder) {
    abandoned.add(new Abandoned(name, holder, clock.nanoTime() + lifetimeNanos));
    wake();
  }

  /** Renews leases that are due, the earliest end first, {@value #MOST_A_TRIP} a round trip; ends when Redis does not answer. */
  void step() {
    renewAll(due());
    giveBack();
  }

  private void renewAll(List<Lease> due) {
    for (int from = 0; from < due.size(); from += MOST_A_TRIP) {
      if (!renew(due.subList(from, Math.min(due.size(), from + MOST_A_TRIP)))) {
        return;
      }
    }
  }

  List<Lease> due() {
    long now = clock.nanoTime();
    return held.stream()
        .filter(lease -> {
          long left = lease.endsNanos() - now;
          return left > 0 && left < lifetimeNanos / 3 * 2;
        })
        .sorted(Comparator.comparingLong(lease -> lease.endsNanos() - now))
        .toList();
  }

  /** Notifies leases that have ended. */
  void tell() {
    for (Lease lease : held) {
      if (lease.endsNanos() - clock.nanoTime() <= 0) {
        remove(lease);
        lease.lose();
      }
    }
  }

  /**
   * Releases a permit at once, and in the background if that fails. The caller's deadline must not apply.
   *
   * @param callers scripts on the caller's own access, which bounds how long it may take
   */
  void release(LeaseScripts callers, String name, String holder) {
    try {
      tellOf(callers.release(name, holder));
    } catch (RuntimeException failure) {
      log.debug("lease={} state=not-released cause={}", name, failure.getClass().getName());
      abandon(name, holder);
    }
  }

  private void giveBack() {
    for (Abandoned one : abandoned) {
      if (one.untilNanos() - clock.nanoTime() > 0) {
        try {
          tellOf(scripts.release(one.name(), one.holder()));
        } catch (JedisDataException refused) {
          releases.failed(refused);
          continue;
        } catch (RuntimeException failure) {
          releases.failed(failure);
          return;
        }
      }
      abandoned.remove(one);
    }
  }

  private void tellOf(Release release) {
    switch (release) {
      case TOLD -> releases.worked();
      case UNTOLD -> releases.forbidden();
      case NOTHING_HELD -> {}
    }
  }

  private boolean renew(List<Lease> due) {
    List<ScriptCall> calls =
        due.stream().map(lease -> scripts.renewal(lease.name(), lease.holder())).toList();
    long sent = clock.nanoTime();
    List<ScriptReply> replies;
    try {
      replies = redis.evalAll(calls);
    } catch (RuntimeException failure) {
      // Tried again in the next step, until the lifetime is over.
      renewals.failed(failure);
      return false;
    }
    boolean well = true;
    for (int i = 0; i < due.size(); i++) {
      well &= settle(due.get(i), replies.get(i), sent);
    }
    if (well) {
      renewals.worked();
    }
    return true;
  }

  /** Returns false if Redis refused. */
  private boolean settle(Lease lease, ScriptReply reply, long sent) {
    if (reply.failure() != null) {
      renewals.failed(reply.failure());
      return false;
    }
    if (reply.value() instanceof Long kept && kept == 1) {
      lease.renewedUntil(sent + lifetimeNanos);
    } else {
      lease.endedInRedis();
      telling.wake();
    }
    return true;
  }

  private void wake() {
    renewing.wake();
    telling.wake();
  }

  private Duration untilNextStep() {
    if (held.isEmpty() && abandoned.isEmpty()) {
      return Loop.UNTIL_WOKEN;
    }
    return Duration.ofNanos(
        abandoned.isEmpty() ? lifetimeNanos / 6 : Math.min(lifetimeNanos / 6, RETRY_NANOS));
  }

  private Duration untilOneEnds() {
    if (held.isEmpty()) {
      return Loop.UNTIL_WOKEN;
    }
    long pause = lifetimeNanos / 6;
    for (Lease lease : held) {
      pause = Math.min(pause, lease.endsNanos() - clock.nanoTime());
    }
    return Duration.ofNanos(Math.max(pause, 1_000_000));
  }
}
