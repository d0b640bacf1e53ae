package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers of a call whether its caller left it less than half of its time, as a guard does of its own time-out: then
 * running out of it says nothing of Redis.
 */
final class HurriedCalls {
  private static final ThreadLocal<Boolean> HURRIED = new ThreadLocal<>();

  private HurriedCalls() {}

  /** Runs a call that takes up to {@code usual} where nobody is in a hurry. */
  static <T extends @Nullable Object> T noting(Duration usual, Supplier<T> call) {
    Deadline deadline = Deadline.current();
    if (deadline == null
        || deadline.remainingNanos() >= usual.toNanos() / 2
        || HURRIED.get() != null) {
      return call.get();
    }
    HURRIED.set(true);
    try {
      return call.get();
    } finally {
      HURRIED.remove();
    }
  }

  /** Tells whether this thread's call was in a hurry and has run out of time. */
  static boolean outOfTime() {
    return HURRIED.get() != null && Deadline.currentIsExpired();
  }
}
