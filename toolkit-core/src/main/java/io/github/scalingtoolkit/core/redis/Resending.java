package io.github.scalingtoolkit.core.redis;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who sends a command again whose connection was lost: whoever called, if he says so here, or else the {@link Lane}. Not
 * both, so that nothing is sent more than twice.
 */
final class Resending {
  private static final ThreadLocal<Boolean> BY_CALLER = new ThreadLocal<>();

  private Resending() {}

  /** Runs an action that its caller runs again if it is lost. */
  static <T extends @Nullable Object> T byCaller(Supplier<T> action) {
    if (isCallers()) {
      return action.get();
    }
    BY_CALLER.set(true);
    try {
      return action.get();
    } finally {
      BY_CALLER.remove();
    }
  }

  /** Tells whether this thread's commands are sent again, if they are, by whoever called. */
  static boolean isCallers() {
    return BY_CALLER.get() != null;
  }
}
