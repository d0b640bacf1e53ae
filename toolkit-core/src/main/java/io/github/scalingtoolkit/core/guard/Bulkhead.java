package io.github.scalingtoolkit.core.guard;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Bounds how many attempts of a guard are in progress. Safe for use by several threads. */
interface Bulkhead {
  /** Takes a place, which {@link #leave} must release; false if all are taken. Never waits. */
  boolean tryEnter();

  /** As {@link #tryEnter()}, but waits for a place if all are taken. */
  boolean tryEnter(long nanos) throws InterruptedException;

  /** Releases a place, with the outcome and the duration of the attempt. */
  void leave(Outcome outcome, long nanos);

  /** Returns its current counts. */
  GuardCounts.Bulkhead counts();

  /** Returns a bulkhead with a fixed bound. */
  static Bulkhead of(int limit) {
    Semaphore places = new Semaphore(limit);
    return new Bulkhead() {
      @Override
      public boolean tryEnter() {
        return places.tryAcquire();
      }

      @Override
      public boolean tryEnter(long nanos) throws InterruptedException {
        return places.tryAcquire(nanos, TimeUnit.NANOSECONDS);
      }

      @Override
      public void leave(Outcome outcome, long nanos) {
        places.release();
      }

      @Override
      public GuardCounts.Bulkhead counts() {
        return new GuardCounts.Bulkhead(limit, places.availablePermits(), places.getQueueLength());
      }
    };
  }
}
