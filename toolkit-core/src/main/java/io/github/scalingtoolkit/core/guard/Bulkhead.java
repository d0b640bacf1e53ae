package io.github.scalingtoolkit.core.guard;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Bounds how many attempts of a guard are under way. Safe for use by several threads. */
interface Bulkhead {
  /** Takes a place, which {@link #leave} must give back; false if all are taken. Never waits. */
  boolean tryEnter();

  /** As {@link #tryEnter()}, but waits for a place if all are taken. */
  boolean tryEnter(long nanos) throws InterruptedException;

  /** Gives a place back, with what became of the attempt and how long it took. */
  void leave(Outcome outcome, long nanos);

  /** Returns how it stands. */
  GuardCounts.Bulkhead counts();

  /** Returns one whose bound stays. */
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
