package io.github.scalingtoolkit.core.limit;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Remembers until when Redis will go on denying a key, so that a flood of denied calls asks it nothing.
 *
 * <p>It is a table of {@value #SLOTS} slots by the key's hash, and the newest denial of a slot stays: bounded by
 * construction, and a key that lost its slot is only asked for once more. Nothing is denied for longer than Redis said,
 * since time counts from before the question was sent; a limit that is raised counts when that time is over.
 */
final class DenialCache {
  private static final int SLOTS = 1 << 14;

  private final AtomicReferenceArray<@Nullable Denial> slots = new AtomicReferenceArray<>(SLOTS);

  /**
   * A denial.
   *
   * @param key of whom
   * @param cost of a call that costs as much, or more
   * @param untilNanos when such a call may be asked for again
   * @param resetNanos when all permits are back
   * @param policy index of the policy that denied
   * @param remaining permits it had left
   */
  record Denial(
      String key, int cost, long untilNanos, long resetNanos, int policy, long remaining) {}

  void put(Denial denial) {
    slots.set(slot(denial.key()), denial);
  }

  /** Returns the denial that holds for such a call, or null. */
  @Nullable
  Denial find(String key, int cost, long nowNanos) {
    Denial known = slots.get(slot(key));
    return known != null
            && known.untilNanos() - nowNanos > 0
            && cost >= known.cost()
            && known.key().equals(key)
        ? known
        : null;
  }

  private static int slot(String key) {
    int hash = key.hashCode();
    return (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }
}
