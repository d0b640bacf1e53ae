package io.github.scalingtoolkit.core.internal;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Logs a change of state once: one line when it begins, one when it is over, and then it can begin again.
 *
 * <p>Safe for use by several threads. Never passes on an exception of the logging.
 */
public final class Once {
  private final AtomicBoolean told = new AtomicBoolean();

  /** Starts with nothing logged. */
  public Once() {}

  /**
   * Runs {@code log} unless one has been run since it was last over. One that throws counts as not run: if there is no
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

  /** Runs {@code log} if something was logged and is over with this call. Costs one field read otherwise. */
  public void over(Runnable log) {
    if (over()) {
      try {
        log.run();
      } catch (Throwable noLog) {
        // It is over in any case.
      }
    }
  }

  /** Allows the next one to be logged again, without a line; returns whether one was logged. */
  public boolean over() {
    return told.get() && told.compareAndSet(true, false);
  }

  /** Returns whether something was logged and is not over. */
  public boolean told() {
    return told.get();
  }
}
