package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.Action;
import org.jspecify.annotations.Nullable;

/** Runs an {@link Action} where an interrupt is not declared, as the guard does. */
final class Calling {
  private Calling() {}

  static <T extends @Nullable Object, E extends Exception> T now(Action<T, E> action) throws E {
    try {
      return action.run();
    } catch (InterruptedException interrupted) {
      throw Calling.<RuntimeException>asIs(interrupted);
    }
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> X asIs(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
