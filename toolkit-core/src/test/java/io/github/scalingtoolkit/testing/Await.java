package io.github.scalingtoolkit.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition that another thread or process brings about, for as long as a busy machine may need. */
public final class Await {
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private Await() {}

  /** Returns once {@code condition} holds; fails with {@code what} if it does not within two minutes. */
  public static void until(String what, BooleanSupplier condition) {
    until(what, LONGEST, condition);
  }

  /** As {@link #until(String, BooleanSupplier)}, within {@code longest}. */
  public static void until(String what, Duration longest, BooleanSupplier condition) {
    long started = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - started > longest.toNanos()) {
        throw new AssertionError("waited " + longest + " in vain until " + what);
      }
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
    }
  }
}
