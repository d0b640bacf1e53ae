package io.github.scalingtoolkit.auth;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Remembers for at most a minute which tokens were genuine, so that verifying a token again costs one hash.
 *
 * <p><b>Why a hit is as good as a verification.</b>
 *
 * <ul>
 *   <li>The name of an entry is the SHA-256 of the token's exact bytes: two tokens never share one, and no token is kept.
 *   <li>Only verified tokens get in. Forgeries cannot fill it or push others out.
 *   <li>An entry carries the generation of the key set it was verified under and the key object. It counts only while the
 *       current set has that generation <em>and</em> holds that key object: a removed key takes its entries with it.
 *   <li>A cache belongs to one verifier, which is immutable: the policy (issuer, audience, type, skew, required claims)
 *       of an entry is always that verifier's.
 *   <li>Times ({@code exp}, {@code nbf}, {@code iat}) are checked again at each hit, by the verifier.
 *   <li>The principals it returns are deeply immutable.
 *   <li>An entry's age is measured by the monotonic clock: setting the wall clock back does not prolong it.
 * </ul>
 *
 * <p><b>Structure.</b> Sets of up to four slots, found by the digest; a new entry takes the place of the oldest in its set.
 * No locks: slots are written atomically and entries never change, so at worst a race loses an entry.
 */
final class VerificationCache {
  private static final int MOST_WAYS = 4;

  private final AtomicReferenceArray<@Nullable Entry> slots;
  private final int ways;
  private final int sets;
  private final long maxAgeNanos;

  VerificationCache(int maxEntries, long maxAgeNanos) {
    this.ways = Math.min(MOST_WAYS, maxEntries);
    this.sets = maxEntries / ways;
    this.slots = new AtomicReferenceArray<>(ways * sets);
    this.maxAgeNanos = maxAgeNanos;
  }

  private record Entry(
      TokenDigest digest,
      Verification.Verified verified,
      SigningKey key,
      long generation,
      long sinceNanos) {}

  Verification.@Nullable Verified find(TokenDigest digest, KeySet keys, long nowNanos) {
    int set = firstSlot(digest);
    for (int i = set; i < set + ways; i++) {
      Entry entry = slots.getAcquire(i);
      if (entry != null && entry.digest.is(digest)) {
        boolean holds = nowNanos - entry.sinceNanos < maxAgeNanos
            && entry.generation == keys.generation()
            && keys.find(entry.key.id()) == entry.key;
        if (holds) {
          return entry.verified;
        }
        slots.compareAndSet(i, entry, null);
        return null;
      }
    }
    return null;
  }

  void put(
      TokenDigest digest,
      Verification.Verified verified,
      SigningKey key,
      long generation,
      long nowNanos) {
    int set = firstSlot(digest);
    int chosen = set;
    long oldest = Long.MIN_VALUE;
    for (int i = set; i < set + ways; i++) {
      Entry entry = slots.getAcquire(i);
      long age =
          entry == null || entry.digest.is(digest) ? Long.MAX_VALUE : nowNanos - entry.sinceNanos;
      if (age > oldest) {
        oldest = age;
        chosen = i;
      }
    }
    slots.setRelease(chosen, new Entry(digest, verified, key, generation, nowNanos));
  }

  private int firstSlot(TokenDigest digest) {
    return (int) ((digest.first() >>> 1) % sets) * ways;
  }
}
