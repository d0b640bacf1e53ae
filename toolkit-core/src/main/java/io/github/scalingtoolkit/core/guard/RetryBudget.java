package io.github.scalingtoolkit.core.guard;

import java.util.concurrent.locks.ReentrantLock;

/**
 * How many retries a dependency may get, so that an outage is never made worse by them: over any 10 s a share of the
 * calls made in them, and a few a second on top so that a quiet caller can retry too.
 *
 * <p>Finagle's {@code RetryBudget}: each call deposits the share, each retry takes one, both are forgotten after 10 s.
 * Kept in ten slots of a second, so what is forgotten is 9 to 10 s old. A slot is a balance of deposits less
 * withdrawals, in thousandths.
 *
 * <p>Safe for use by several threads.
 */
final class RetryBudget {
  static final int SECONDS = 10;
  private static final long SLOT_NANOS = 1_000_000_000L;
  private static final long ONE = 1000;

  private final long deposit;
  private final long reserve;
  private final long startedAt;
  private final long[] slots = new long[SECONDS];
  private final ReentrantLock lock = new ReentrantLock();
  private long balance;
  private long slot;

  /**
   * Makes a budget.
   *
   * @param share retries for each call, to a thousandth
   * @param perSecond retries a second on top
   */
  RetryBudget(double share, int perSecond, long nowNanos) {
    deposit = Math.round(share * ONE);
    reserve = perSecond * SECONDS * ONE;
    startedAt = nowNanos;
  }

  /** Notes a call that may be retried. */
  void deposit(long nowNanos) {
    add(deposit, nowNanos);
  }

  /** Takes one retry; false if none is left. */
  boolean tryWithdraw(long nowNanos) {
    lock.lock();
    try {
      roll(nowNanos);
      if (balance + reserve < ONE) {
        return false;
      }
      add(-ONE, nowNanos);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many retries could be made now. */
  long available(long nowNanos) {
    lock.lock();
    try {
      roll(nowNanos);
      return Math.max(0, (balance + reserve) / ONE);
    } finally {
      lock.unlock();
    }
  }

  private void add(long amount, long nowNanos) {
    lock.lock();
    try {
      roll(nowNanos);
      slots[(int) (slot % SECONDS)] += amount;
      balance += amount;
    } finally {
      lock.unlock();
    }
  }

  private void roll(long nowNanos) {
    long now = Math.max(slot, (nowNanos - startedAt) / SLOT_NANOS);
    for (long gone = Math.min(now - slot, SECONDS); gone > 0; gone--) {
      int oldest = (int) ((now - gone + 1) % SECONDS);
      balance -= slots[oldest];
      slots[oldest] = 0;
    }
    slot = now;
  }
}
