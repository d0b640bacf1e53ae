package io.github.scalingtoolkit.core.limit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Remembers denials of Redis for a second, so that a flood of denied calls hardly asks Redis.
 *
 * <p>It is a table of {@value #SLOTS} slots by the key's hash, and the newest denial of a slot stays: bounded by
 * construction, and a key that lost its slot only costs one more question. Nothing is denied for longer than Redis said,
 * since time counts from before the question was sent; and nothing for longer than a second, so that permits which another
 * process returns, resets or adds are found.
 *
 * <p><b>Forgetting.</b> A question may be in progress when its key is forgotten, and its answer is then outdated. So
 * the slot is read before the question ({@link #seen}), and an answer is kept only if the slot has not changed since.
 */
final class DenialCache {
  private static final int SLOTS = 1 << 14;
  private static final long LONGEST_NANOS = Duration.ofSeconds(1).toNanos();

  private static final Terms NO_TERMS = new Terms("none", List.of());

  private final AtomicReferenceArray<@Nullable Denial> slots = new AtomicReferenceArray<>(SLOTS);

  /**
   * A denial.
   *
   * @param key the denied key
   * @param cost the cost of the denied call; dearer calls are denied too
   * @param terms the limits that it was asked under
   * @param sentNanos when Redis was asked
   * @param untilNanos when such a call would be admitted
   * @param resetNanos when all permits are back
   * @param policy index of the policy that denied
   * @param remaining permits it had left
   */
  record Denial(
      String key,
      int cost,
      Terms terms,
      long sentNanos,
      long untilNanos,
      long resetNanos,
      int policy,
      long remaining) {

    boolean holds(long nowNanos) {
      return untilNanos - nowNanos > 0 && nowNanos - sentNanos < LONGEST_NANOS;
    }
  }

  /** Returns the current content of the key's slot: pass it to {@link #put} with the answer to a question sent afterwards. */
  @Nullable
  Denial seen(String key) {
    return slots.get(slot(key));
  }

  void put(Denial denial, @Nullable Denial seen) {
    slots.compareAndSet(slot(denial.key()), seen, denial);
  }

  /** Forgets a key, including answers about it that are on their way. */
  void forget(String key) {
    // A new object each time, that no call is dear enough for.
    slots.set(slot(key), new Denial(key, Integer.MAX_VALUE, NO_TERMS, 0, 0, 0, 0, 0));
  }

  /** Returns the denial that holds for such a call, or null. */
  @Nullable
  Denial find(String key, int cost, Terms terms, long nowNanos) {
    Denial known = slots.get(slot(key));
    return known != null
            && cost >= known.cost()
            && known.holds(nowNanos)
            && known.key().equals(key)
            && known.terms().equals(terms)
        ? known
        : null;
  }

  private static int slot(String key) {
    int hash = key.hashCode();
    return (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }
}
