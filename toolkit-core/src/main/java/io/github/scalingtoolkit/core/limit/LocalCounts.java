package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The permits that each key has used in this process, under a rate that each call names.
 *
 * <p><b>Algorithm.</b> GCRA (the generic cell rate algorithm of ATM, ITU-T I.371): for each key only its theoretical
 * arrival time is kept, the moment at which all its permits will be back. A call moves it on by the time one permit is
 * worth, unless that would put it more than a burst ahead. Over any stretch t it so admits at most
 * {@code permits + permits * t / period}, and at most a nanosecond a permit less than that. A denied call changes nothing,
 * except if the time is further ahead than allowed: a longer rate has left it there, and it is set to a burst
 * ahead, as acquire.lua does.
 *
 * <p><b>Memory.</b> A key unused for a period has all its permits back, which is what an unknown key has: so keys live in
 * two generations, and after each of the longest periods seen the older one is dropped. When a generation holds its most
 * keys, further keys share a fixed number of slots by their hash, with what they have used: memory stays bounded,
 * and keys that share get less, never more. A reset of a sharing key does nothing.
 *
 * <p><b>Answers on their way.</b> Permits may be returned, or the key reset, while Redis is asked. So the caller takes a
 * {@link Mark} before it asks: of an answer to an older question, what was returned since is taken off, and after a reset
 * it is ignored.
 *
 * <p>Safe for use by several threads.
 */
final class LocalCounts {
  static final int MOST_KEYS = 100_000;

  private static final int SHARED_SLOTS = 4096;

  private final Clock clock;
  private final int bursts;
  private final int mostKeys;
  private final long origin;
  private final AtomicLong keptNanos = new AtomicLong();
  private final AtomicLongArray shared = new AtomicLongArray(SHARED_SLOTS);
  private final AtomicLongArray sharedGiven = new AtomicLongArray(SHARED_SLOTS);
  private final ReentrantLock turning = new ReentrantLock();

  private volatile Generations generations;

  private record Generations(
      long startedAt,
      ConcurrentHashMap<String, Arrival> young,
      ConcurrentHashMap<String, Arrival> old) {}

  /** What had been returned of a key, and how often it had been reset, before a question about it. */
  record Mark(long given, int resets) {}

  /** A key's arrival time, and the last one that Redis reported. */
  private static final class Arrival extends AtomicLong {
    private static final long serialVersionUID = 1L;
    private static final AtomicLongFieldUpdater<Arrival> GIVEN =
        AtomicLongFieldUpdater.newUpdater(Arrival.class, "given");
    private static final AtomicIntegerFieldUpdater<Arrival> RESETS =
        AtomicIntegerFieldUpdater.newUpdater(Arrival.class, "resets");

    /** The lower bound of the arrival time that Redis reported last. */
    private volatile long named;

    private volatile long askedAt;

    /** All that was ever returned, in nanoseconds. */
    private volatile long given;

    private volatile int resets;

    Arrival(long time, long askedAt) {
      super(time);
      this.askedAt = askedAt;
    }
  }

  /**
   * Starts with nothing used.
   *
   * @param bursts how many bursts ahead a key may be moved: 1, or 2 where {@link #heard} brings what others have used
   */
  LocalCounts(Clock clock, int bursts, int mostKeys) {
    this.clock = clock;
    this.bursts = bursts;
    this.mostKeys = mostKeys;
    // Times count from here, so that the shared slots' zeros mean "long ago".
    origin = clock.nanoTime() - Duration.ofDays(1).toNanos();
    generations = new Generations(now(), new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
  }

  Decision tryAcquire(String key, int cost, Rate rate) {
    long now = now();
    long taken = rate.permitNanos() * cost;
    Arrival own = arrivalOf(generationsAt(now, rate), key, now);
    return own != null ? decide(own, now, taken, rate) : decideShared(slot(key), now, taken, rate);
  }

  /** Returns the decision for a call of one permit. */
  Decision peek(String key, Rate rate) {
    long now = now();
    Arrival own = arrivalSeen(key);
    long ahead = aheadOf(own != null ? own.get() : shared.get(slot(key)), now, rate);
    return ahead + rate.permitNanos() > rate.burstNanos()
        ? denied(ahead, rate.permitNanos(), rate)
        : allowed(ahead, rate);
  }

  /** Returns permits, never more than are taken. A question that charges them must be noted before. */
  void giveBack(String key, int permits, Rate rate) {
    long now = now();
    long given = rate.permitNanos() * permits;
    Arrival own = arrivalOf(generations, key, now);
    if (own != null) {
      Arrival.GIVEN.addAndGet(own, given);
      own.updateAndGet(time -> given(time, given, now, rate));
    } else {
      sharedGiven.addAndGet(slot(key), given);
      shared.updateAndGet(slot(key), time -> given(time, given, now, rate));
    }
  }

  private long given(long time, long given, long now, Rate rate) {
    return now + Math.max(0, aheadOf(time, now, rate) - given);
  }

  /** Forgets what was used; a key that shares a slot keeps it. A question that resets must be noted before. */
  void reset(String key) {
    long now = now();
    Generations current = generations;
    for (Arrival own : new Arrival[] {current.young.get(key), current.old.get(key)}) {
      if (own != null) {
        Arrival.RESETS.incrementAndGet(own);
        own.named = 0;
        own.updateAndGet(time -> Math.min(time, now));
      }
    }
  }

  /** Returns the mark of a question: take it before what the question contains. */
  Mark mark(String key) {
    Arrival own = arrivalSeen(key);
    return own != null ? new Mark(own.given, own.resets) : new Mark(sharedGiven.get(slot(key)), 0);
  }

  /**
   * Takes over from Redis how far ahead all processes together are: this process is at least as far from now on. If that is less
   * than an earlier answer implies, another process has returned permits or reset, and the same is returned here.
   *
   * @param aheadNanos until all permits are back
   * @param chargedNanos what this process has charged in the same question
   * @param askedNanos how long ago it was sent
   * @param mark taken before it was sent
   * @param reset whether Redis was told in it to forget what was used before
   */
  void heard(
      String key,
      long aheadNanos,
      long chargedNanos,
      long askedNanos,
      Mark mark,
      boolean reset,
      Rate rate) {
    long now = now();
    Arrival own = arrivalOf(generationsAt(now, rate), key, now);
    if (own == null) {
      int slot = slot(key);
      shared.updateAndGet(
          slot, time -> Math.max(time, now + aheadNanos - (sharedGiven.get(slot) - mark.given())));
      return;
    }
    if (own.resets != mark.resets()) {
      return;
    }
    long asked = now - askedNanos;
    long most = asked + bursts * rate.burstNanos();
    long before = reset ? asked : Math.max(own.named, asked);
    long atLeast = Math.min(Math.max(before + chargedNanos, asked), most);
    long less = atLeast - (now + aheadNanos);
    if (less > 0) {
      own.updateAndGet(time -> Math.max(time - less, Math.min(time, now)));
    }
    // Read anew at each try: what is returned meanwhile must not be taken back.
    own.updateAndGet(time -> own.resets != mark.resets()
        ? time
        : Math.max(time, now + aheadNanos - Math.max(0, own.given - mark.given())));
    own.named = asked + aheadNanos;
    own.askedAt = now;
  }

  /** Tells whether Redis has not reported on a key for this long; asking counts as a report. */
  boolean askAgain(String key, long afterNanos) {
    Arrival own = generations.young.get(key);
    long now = now();
    if (own == null || now - own.askedAt < afterNanos) {
      return false;
    }
    own.askedAt = now;
    return true;
  }

  /** Returns how many keys are remembered one by one. */
  int keys() {
    return generations.young.size() + generations.old.size();
  }

  private Decision decide(AtomicLong arrival, long now, long taken, Rate rate) {
    while (true) {
      long before = arrival.get();
      long ahead = aheadOf(before, now, rate);
      if (ahead + taken > rate.burstNanos()) {
        if (now + ahead < before && !arrival.compareAndSet(before, now + ahead)) {
          continue;
        }
        return denied(ahead, taken, rate);
      }
      if (arrival.compareAndSet(before, now + ahead + taken)) {
        return allowed(ahead + taken, rate);
      }
    }
  }

  private Decision decideShared(int slot, long now, long taken, Rate rate) {
    while (true) {
      long before = shared.get(slot);
      long ahead = aheadOf(before, now, rate);
      if (ahead + taken > rate.burstNanos()) {
        return denied(ahead, taken, rate);
      }
      if (shared.compareAndSet(slot, before, now + ahead + taken)) {
        return allowed(ahead + taken, rate);
      }
    }
  }

  private long aheadOf(long arrival, long now, Rate rate) {
    long ahead = Math.max(0, arrival - now);
    long most = bursts * rate.burstNanos();
    return ahead > most + most / 32 ? rate.burstNanos() : ahead;
  }

  private static Decision allowed(long ahead, Rate rate) {
    return new Decision(
        rate.limit(),
        true,
        Math.max(0, (rate.burstNanos() - ahead) / rate.permitNanos()),
        Duration.ZERO,
        Duration.ofNanos(ahead),
        false);
  }

  private static Decision denied(long ahead, long taken, Rate rate) {
    return new Decision(
        rate.limit(),
        false,
        Math.max(0, (rate.burstNanos() - ahead) / rate.permitNanos()),
        Duration.ofNanos(ahead + taken - rate.burstNanos()),
        Duration.ofNanos(ahead),
        false);
  }

  /** Returns null for a key that is unknown or shares a slot. */
  private @Nullable Arrival arrivalSeen(String key) {
    Generations current = generations;
    Arrival young = current.young.get(key);
    return young != null ? young : current.old.get(key);
  }

  private @Nullable Arrival arrivalOf(Generations current, String key, long now) {
    Arrival young = current.young.get(key);
    if (young != null) {
      return young;
    }
    Arrival old = current.old.get(key);
    if (current.young.size() >= mostKeys) {
      if (old != null) {
        shared.accumulateAndGet(slot(key), old.get(), Math::max);
      }
      return null;
    }
    // One and the same object in both generations: a call that still holds the old one loses
    // nothing. A key that was sharing continues with the count of the shared slot.
    return current.young.computeIfAbsent(
        key, absent -> old != null ? old : new Arrival(Math.max(now, shared.get(slot(key))), now));
  }

  private Generations generationsAt(long now, Rate rate) {
    long kept = bursts * rate.burstNanos();
    if (kept > keptNanos.get()) {
      keptNanos.accumulateAndGet(kept, Math::max);
    }
    Generations current = generations;
    if (now - current.startedAt < keptNanos.get()) {
      return current;
    }
    turning.lock();
    try {
      current = generations;
      if (now - current.startedAt >= keptNanos.get()) {
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
