package io.github.scalingtoolkit.core.limit;

import java.time.Duration;

/**
 * Grants permits at a bounded rate, separately per key. Implementations are safe for use by several threads.
 *
 * <p>A key names the owner of the permits: a user, a client address. It may be any text, also untrusted input: of a
 * key longer than 100 characters, or with characters beyond the Basic Multilingual Plane, only a SHA-256 is kept, so two
 * keys never share permits. Shorter keys are stored unchanged, so a key should not be a secret.
 */
public interface RateLimiter {
  /** Takes one permit of {@code key} if there is one: {@link #tryAcquire(String, int)} at a cost of 1. */
  default Decision tryAcquire(String key) {
    return tryAcquire(key, 1);
  }

  /**
   * Takes {@code cost} permits of {@code key} if that many are left, else none.
   *
   * @param key whose permits
   * @param cost 1 up to the permits of the smallest policy
   * @throws IllegalArgumentException if {@code cost} is out of that range: it could never be admitted
   */
  Decision tryAcquire(String key, int cost);

  /** Takes one permit of {@code key}, and waits for it: {@link #await(String, int, Duration)} at a cost of 1. */
  default Decision await(String key, Duration wait) throws InterruptedException {
    return await(key, 1, wait);
  }

  /**
   * Takes {@code cost} permits of {@code key}, and waits for them if there are too few: for calls to a service that limits
   * you. Blocks. In one process waiters are served in the order in which they arrived, and only the first of them
   * asks, once for each permit that comes back and at least once a second; between processes no order is promised.
   *
   * @param key whose permits
   * @param cost 1 up to the permits of the smallest policy
   * @param wait how long to wait, 0 to 365 days; cut short by the thread's {@link
   *     io.github.scalingtoolkit.core.time.Deadline}
   * @return the decision, denied if the permits were not available in time: returned at once to the first in line if they
   *     will not come back by then, else when the time is over
   * @throws IllegalArgumentException if {@code cost} or {@code wait} is out of its range
   * @throws InterruptedException if the thread is interrupted while it waits; then nothing was taken
   */
  Decision await(String key, int cost, Duration wait) throws InterruptedException;

  /**
   * Returns what {@link #tryAcquire(String)} would decide now, and takes nothing. {@link Decision#remaining()} is the number that could
   * be used at once. Counts in no metric of decisions.
   */
  Decision peek(String key);

  /**
   * Returns permits that were taken and not used, such as that of a successful login where only failures count.
   * A key never has more than its burst, however many are returned. Permits come back by themselves with time: one
   * that is returned later counts twice, so return it within the period.
   *
   * @param key whose permits
   * @param permits 1 up to the permits of the smallest policy
   * @throws IllegalArgumentException if {@code permits} is out of that range
   */
  void giveBack(String key, int permits);

  /**
   * Restores all permits of a key, for every policy, as if it had never been used. A process counts up to 100,000 keys one
   * by one, in a {@link LocalRateLimiter}, a {@link SettledRateLimiter} and a {@link FailureMode#local}; a key beyond them
   * shares its count, so there a reset does nothing, and its permits come back with time.
   */
  void reset(String key);
}
