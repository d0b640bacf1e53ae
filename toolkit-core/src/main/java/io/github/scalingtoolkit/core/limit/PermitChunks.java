package io.github.scalingtoolkit.core.limit;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Permits that were taken from Redis ahead of their use, for a short life.
 *
 * <p><b>Size.</b> A key that is asked for again within the life of its last chunk gets one of twice the size, up to the
 * most; any other gets none. So who comes rarely wastes nothing, and of a busy key at most as many are wasted at the end
 * as were used before.
 *
 * <p><b>Bound.</b> Every permit is taken in Redis first and used at most a life later, so over any stretch t no more are
 * used than {@code burst + rate * (t + life)}.
 *
 * <p>A table by the key's hash, as {@link DenialCache}: who loses his slot loses its permits.
 */
final class PermitChunks {
  private static final int SLOTS = 1 << 12;

  private final AtomicReferenceArray<@Nullable Chunk> slots = new AtomicReferenceArray<>(SLOTS);
  private final int most;
  private final long lifeNanos;

  PermitChunks(int most, long lifeNanos) {
    this.most = most;
    this.lifeNanos = lifeNanos;
  }

  /**
   * Permits of one key.
   *
   * @param key whose
   * @param size how many they were
   * @param left how many are left
   * @param untilNanos when they end
   * @param policy index of the policy that has the least left
   * @param remaining its permits left in Redis
   * @param resetNanos when all of them are back
   */
  record Chunk(
      String key,
      int size,
      AtomicInteger left,
      long untilNanos,
      int policy,
      long remaining,
      long resetNanos) {

    /** Takes one; returns how many are left then, or -1 if there was none. */
    int take() {
      int before = left.getAndUpdate(now -> Math.max(0, now - 1));
      return before - 1;
    }
  }

  /** Returns the chunk of a key whose life is not over, which may be empty. */
  @Nullable
  Chunk find(String key, long nowNanos) {
    Chunk known = slots.get(slot(key));
    return known != null && known.untilNanos() - nowNanos > 0 && known.key().equals(key)
        ? known
        : null;
  }

  /** Returns how many permits more than are needed now to ask for. */
  int next(String key, long nowNanos) {
    Chunk last = find(key, nowNanos);
    return last == null ? 0 : Math.min(most, Math.max(1, 2 * last.size()));
  }

  /** Keeps what was asked for in addition, with what is left of the chunk before and must then end when that does. */
  void put(String key, int extra, long sentNanos, Grant grant) {
    Chunk last = find(key, sentNanos);
    int older = last == null ? 0 : last.left().getAndSet(0);
    slots.set(
        slot(key),
        new Chunk(
            key,
            extra,
            new AtomicInteger(extra + older),
            last != null && older > 0 ? last.untilNanos() : sentNanos + lifeNanos,
            grant.policy(),
            grant.remaining(),
            sentNanos + grant.resetMicros() * 1000));
  }

  private static int slot(String key) {
    int hash = key.hashCode();
    return (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }
}
