package io.github.scalingtoolkit.core.limit;

import static io.github.scalingtoolkit.core.limit.LimitKeys.bytes;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits across processes without ever making a caller wait: it decides here and now, and settles with the others in the
 * background. For threads that must not block, and for limits that protect rather than sell.
 *
 * <p><b>Protocol.</b> Each process counts by itself ({@link LocalRateLimiter}) and notes what it admitted. Every
 * {@value #INTERVAL_MILLIS} ms, or at once when a key has used a 20th of its permits, one round trip charges all of it in
 * Redis ({@code charge.lua}), whose answer says how much all processes have used of each key; from then on so much is used
 * here as well.
 *
 * <p><b>Bound.</b> Between two settlements a process does not know what the others admit: each of them may admit as many
 * calls too many as come to it within that time, a burst at most. They are made good for: the key's permits come back
 * later by as many, again by a burst at most. So over a long time all processes together keep to the rate, and they
 * exceed it for a moment only by what is sent to several of them at once. Where not one call may be too many, use {@link
 * RedisRateLimiter}.
 *
 * <p><b>Failure.</b> What cannot be settled is forgotten: while Redis is out each process counts for itself, up to the
 * whole limit, and its decisions say {@link Decision#degraded()}.
 *
 * <p>Never blocks. Safe for use by several threads. At most {@value #MOST_KEYS} keys wait to be settled; beyond them
 * calls count here alone. Has a thread: close it, and the Redis access after it.
 */
public final class SettledRateLimiter implements RateLimiter, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SettledRateLimiter.class);
  private static final LuaScript CHARGE =
      LuaScript.fromResource(SettledRateLimiter.class, "/META-INF/toolkit/core/lua/charge.lua");
  private static final int INTERVAL_MILLIS = 50;
  private static final int MOST_KEYS = 100_000;
  private static final int MOST_A_TRIP = 500;

  private final RedisAccess redis;
  private final String name;
  private final RateLimit limit;
  private final int urgent;
  private final LocalRateLimiter here;
  private final ConcurrentHashMap<String, Integer> owed = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean degraded;
  private volatile boolean idle;
  private volatile boolean closed;
  private boolean told;

  SettledRateLimiter(RedisAccess redis, String name, RateLimit limit, Clock clock) {
    LimitKeys.checkName(name);
    LimitKeys.checkRate(limit);
    this.redis = redis;
    this.name = name;
    this.limit = limit;
    urgent = Math.max(1, limit.permits() / 20);
    here = LocalRateLimiter.settled(limit, clock);
    thread = BlockingThreads.platformFactory("limiter-" + name + "-").newThread(this::run);
  }

  /**
   * Starts a limiter.
   *
   * @param redis where processes settle; its deadline and its breaker bound the background's work
   * @param name what all that share the permits call them: 1 to 32 lower-case letters, digits or dashes
   * @param limit at most one permit a microsecond
   * @throws IllegalArgumentException if a bound is not kept
   */
  public static SettledRateLimiter start(RedisAccess redis, String name, RateLimit limit) {
    return start(redis, name, limit, Clock.system());
  }

  static SettledRateLimiter start(RedisAccess redis, String name, RateLimit limit, Clock clock) {
    SettledRateLimiter limiter = new SettledRateLimiter(redis, name, limit, clock);
    limiter.thread.start();
    return limiter;
  }

  @Override
  public Decision tryAcquire(String key, int cost) {
    Decision decision = here.tryAcquire(key, cost);
    if (decision.allowed() && (owed.mappingCount() < MOST_KEYS || owed.containsKey(key))) {
      int due = owed.merge(key, cost, Integer::sum);
      if (idle || (due >= urgent && due - cost < urgent)) {
        LockSupport.unpark(thread);
      }
    }
    return degraded ? decision.asDegraded() : decision;
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Tells whether the last settlement failed, so that this process counts for itself. */
  public boolean degraded() {
    return degraded;
  }

  /** Settles a last time and ends the thread, within about the deadline of the Redis access. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Settles what is owed, up to {@value #MOST_A_TRIP} keys; tells whether there may be more. */
  boolean settle() {
    List<String> keys = new ArrayList<>();
    List<ScriptCall> calls = new ArrayList<>();
    for (String key : owed.keySet()) {
      Integer due = owed.remove(key);
      if (due != null) {
        keys.add(key);
        calls.add(charge(key, due));
      }
      if (keys.size() == MOST_A_TRIP) {
        break;
      }
    }
    if (keys.isEmpty()) {
      return false;
    }
    try {
      List<ScriptReply> replies = redis.evalAll(calls);
      boolean refused = false;
      for (int i = 0; i < keys.size(); i++) {
        refused |= replies.get(i).failure() != null;
        if (replies.get(i).value() instanceof Long aheadMicros) {
          here.moveTo(keys.get(i), aheadMicros * 1000);
        }
      }
      degraded = refused;
    } catch (RuntimeException out) {
      // The breaker has counted and logged it.
      degraded = true;
    }
    return keys.size() == MOST_A_TRIP;
  }

  private ScriptCall charge(String key, int due) {
    return new ScriptCall(
        CHARGE,
        List.of(LimitKeys.of(name, key, limit.name())),
        List.of(
            bytes(Integer.toString(due)),
            bytes(Integer.toString(limit.permits())),
            bytes(Double.toString(limit.permitMicros()))));
  }

  private void run() {
    while (!closed) {
      idle = true;
      if (owed.isEmpty()) {
        LockSupport.park(this);
      }
      idle = false;
      if (!closed) {
        LockSupport.parkNanos(this, Duration.ofMillis(INTERVAL_MILLIS).toNanos());
      }
      settleAll();
    }
    settleAll();
  }

  /** Goes on whatever is thrown: without it this process would count for itself for ever. */
  private void settleAll() {
    try {
      boolean more = settle();
      while (more && !degraded) {
        more = settle();
      }
      told = false;
    } catch (Throwable unexpected) {
      degraded = true;
      tellOnce(unexpected);
    }
  }

  private void tellOnce(Throwable unexpected) {
    if (told) {
      return;
    }
    told = true;
    try {
      log.error("limiter={} settlement=failed action=go-on", name, unexpected);
    } catch (Throwable noLog) {
      // Out of memory, say: then later failures may be told of.
      told = false;
    }
  }
}
