package io.github.scalingtoolkit.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits for a condition that another thread or process brings about, for as long as a busy machine may need. Looks often
 * at first and then ever more seldom, as a look may cost what it waits for its processors: a wait is a tenth longer at most.
 */
public final class Await {
  private static final Duration LONGEST = Duration.ofMinutes(2);
  private static final long SHORTEST_PAUSE = Duration.ofMillis(2).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofMillis(50).toNanos();

  private Await() {}

  /** Returns once {@code condition} holds; fails with {@code what} if it does not within two minutes. */
  public static void until(String what, BooleanSupplier condition) {
    until(what, LONGEST, condition);
  }

  /** As {@link #until(String, BooleanSupplier)}, within {@code longest}. */
  public static void until(String what, Duration longest, BooleanSupplier condition) {
    long started = System.nanoTime();
    while (!condition.getAsBoolean()) {
      long waited = System.nanoTime() - started;
      if (waited > longest.toNanos()) {
        throw new AssertionError("waited " + longest + " in vain until " + what);
      }
      LockSupport.parkNanos(Math.max(SHORTEST_PAUSE, Math.min(LONGEST_PAUSE, waited / 10)));
    }
  }
}
