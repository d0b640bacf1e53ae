package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Limits within this process, without any I/O: N processes together admit N times the limit.
 *
 * <p><b>Algorithm.</b> GCRA (the generic cell rate algorithm of ATM, ITU-T I.371): of each key only its theoretical
 * arrival time is kept, the moment at which all its permits will be back. A call moves it on by the time one permit is
 * worth, unless that would put it more than a period ahead. Over any stretch t it so admits at most
 * {@code permits + permits * t / period}, and at most a nanosecond a permit less than that. A denied call changes nothing.
 *
 * <p><b>Memory.</b> A key unused for a period has all its permits back, which is what an unknown key has: so keys live in
 * two generations, and each period the older one is dropped. When a generation holds {@value #MOST_KEYS} keys, further
 * keys share a fixed number of slots by their hash, to which they bring what they owe: memory stays bounded, and who
 * shares gets less, never more.
 *
 * <p>Safe for use by several threads; never blocks on anything but another thread's change of generation.
 */
public final class LocalRateLimiter implements RateLimiter {
  private static final int MOST_KEYS = 100_000;
  private static final int SHARED_SLOTS = 4096;

  private final RateLimit limit;
  private final Clock clock;
  private final long origin;
  private final long permitNanos;
  /** What all permits are worth: the period, or a little more where a permit is worth no whole nanoseconds. */
  private final long burstNanos;

  private final long keptNanos;
  private final int mostKeys;
  private final AtomicLongArray shared = new AtomicLongArray(SHARED_SLOTS);
  private final ReentrantLock turning = new ReentrantLock();

  private volatile Generations generations;

  private record Generations(
      long startedAt,
      ConcurrentHashMap<String, AtomicLong> young,
      ConcurrentHashMap<String, AtomicLong> old) {}

  private LocalRateLimiter(RateLimit limit, Clock clock, int periodsKept, int mostKeys) {
    this.limit = limit;
    this.clock = clock;
    this.mostKeys = mostKeys;
    permitNanos = limit.permitNanos();
    burstNanos = permitNanos * limit.permits();
    keptNanos = burstNanos * periodsKept;
    // Times count from here, so that the shared slots' zeros mean "long ago".
    origin = clock.nanoTime() - burstNanos;
    generations = new Generations(now(), new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
  }

  /** Returns a limiter of {@code limit}, that takes time from {@code clock}. */
  public static LocalRateLimiter of(RateLimit limit, Clock clock) {
    return new LocalRateLimiter(limit, clock, 1, MOST_KEYS);
  }

  static LocalRateLimiter of(RateLimit limit, Clock clock, int mostKeys) {
    return new LocalRateLimiter(limit, clock, 1, mostKeys);
  }

  /** Returns one whose keys may be moved on by two periods ({@link #moveTo}), and are remembered for as long. */
  static LocalRateLimiter settled(RateLimit limit, Clock clock) {
    return new LocalRateLimiter(limit, clock, 2, MOST_KEYS);
  }

  @Override
  public Decision tryAcquire(String key, int cost) {
    if (cost < 1 || cost > limit.permits()) {
      throw new IllegalArgumentException("cost must be 1 to " + limit.permits()
          + ", the permits of policy '" + limit.name() + "', but was " + cost);
    }
    long now = now();
    long taken = permitNanos * cost;
    Generations current = generationsAt(now);
    AtomicLong own = arrivalOf(current, key, now);
    return own != null ? decide(own, now, taken) : decideShared(slot(key), now, taken);
  }

  /** Returns the policy. */
  public RateLimit limit() {
    return limit;
  }

  /** Gives back what a call of that cost has just taken. */
  void giveBack(String key, int cost) {
    long taken = permitNanos * cost;
    AtomicLong own = arrivalOf(generations, key, now());
    if (own != null) {
      own.addAndGet(-taken);
    } else {
      shared.addAndGet(slot(key), -taken);
    }
  }

  /** Counts so many permits of a key as used, at least, that they are all back in {@code aheadNanos} only. */
  void moveTo(String key, long aheadNanos) {
    long now = now();
    AtomicLong own = arrivalOf(generationsAt(now), key, now);
    if (own != null) {
      own.accumulateAndGet(now + aheadNanos, Math::max);
    } else {
      shared.accumulateAndGet(slot(key), now + aheadNanos, Math::max);
    }
  }

  /** Returns how many keys are remembered one by one. */
  int keys() {
    return generations.young.size() + generations.old.size();
  }

  private Decision decide(AtomicLong arrival, long now, long taken) {
    while (true) {
      long before = arrival.get();
      long after = Math.max(before, now) + taken;
      if (after - now > burstNanos) {
        return denied(before, now, taken);
      }
      if (arrival.compareAndSet(before, after)) {
        return allowed(after, now);
      }
    }
  }

  private Decision decideShared(int slot, long now, long taken) {
    while (true) {
      long before = shared.get(slot);
      long after = Math.max(before, now) + taken;
      if (after - now > burstNanos) {
        return denied(before, now, taken);
      }
      if (shared.compareAndSet(slot, before, after)) {
        return allowed(after, now);
      }
    }
  }

  private Decision allowed(long arrival, long now) {
    return new Decision(
        limit,
        true,
        (burstNanos - (arrival - now)) / permitNanos,
        Duration.ZERO,
        Duration.ofNanos(arrival - now),
        false);
  }

  private Decision denied(long arrival, long now, long taken) {
    long ahead = Math.max(arrival, now) - now;
    return new Decision(
        limit,
        false,
        Math.max(0, (burstNanos - ahead) / permitNanos),
        Duration.ofNanos(ahead + taken - burstNanos),
        Duration.ofNanos(ahead),
        false);
  }

  private @org.jspecify.annotations.Nullable AtomicLong arrivalOf(
      Generations current, String key, long now) {
    AtomicLong young = current.young.get(key);
    if (young != null) {
      return young;
    }
    AtomicLong old = current.old.get(key);
    if (current.young.size() >= mostKeys) {
      if (old != null) {
        shared.accumulateAndGet(slot(key), old.get(), Math::max);
      }
      return null;
    }
    // One and the same object in both generations: a call that still holds the old one loses
    // nothing. Who was sharing goes on with what the shared slot has counted.
    return current.young.computeIfAbsent(
        key, absent -> old != null ? old : new AtomicLong(Math.max(now, shared.get(slot(key)))));
  }

  private Generations generationsAt(long now) {
    Generations current = generations;
    if (now - current.startedAt < keptNanos) {
      return current;
    }
    turning.lock();
    try {
      current = generations;
      if (now - current.startedAt >= keptNanos) {
        current = new Generations(now, new ConcurrentHashMap<>(), current.young);
        generations = current;
      }
      return current;
    } finally {
      turning.unlock();
    }
  }

  private static int slot(String key) {
    return Math.floorMod(key.hashCode(), SHARED_SLOTS);
  }

  private long now() {
    return clock.nanoTime() - origin;
  }
}
