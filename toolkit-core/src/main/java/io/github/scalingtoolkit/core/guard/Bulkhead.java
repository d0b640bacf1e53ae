package io.github.scalingtoolkit.core.guard;

import java.util.concurrent.Semaphore;

/** Bounds how many attempts of a guard are under way. Safe for use by several threads; never waits. */
interface Bulkhead {
  /** Takes a place, which {@link #leave} must give back; false if all are taken. */
  boolean tryEnter();

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
      public void leave(Outcome outcome, long nanos) {
        places.release();
      }

      @Override
      public GuardCounts.Bulkhead counts() {
        return new GuardCounts.Bulkhead(limit, places.availablePermits());
      }
    };
  }
}
