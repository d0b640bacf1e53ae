package io.github.scalingtoolkit.core.internal;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Logs a change of state once: one line when it begins, one when it is over, and then it can begin again.
 *
 * <p>Safe for use by several threads. Never throws what the logging throws.
 */
public final class Once {
  private final AtomicBoolean told = new AtomicBoolean();

  /** Makes one that has not been told. */
  public Once() {}

  /**
   * Runs {@code log} unless one has been run since it was last over. One that throws counts as not run: where there is no
   * memory to log with, a later failure may be logged.
   */
  public void tell(Runnable log) {
    if (!told.get() && told.compareAndSet(false, true)) {
      try {
        log.run();
      } catch (Throwable noLog) {
        told.set(false);
      }
    }
  }

  /** Runs {@code log} if something was told and is over by this call. Costs the read of a field if nothing was. */
  public void over(Runnable log) {
    if (over()) {
      try {
        log.run();
      } catch (Throwable noLog) {
        // It is over all the same.
      }
    }
  }

  /** Lets the next one be told again, without a line; returns whether one was told. */
  public boolean over() {
    return told.get() && told.compareAndSet(true, false);
  }

  /** Returns whether something was told and is not over. */
  public boolean told() {
    return told.get();
  }
}
