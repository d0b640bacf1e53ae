package io.github.scalingtoolkit.core.redis;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The loss of a connection that several callers share: all are told of it, and it counts once. */
final class Loss {
  private final AtomicReference<@Nullable Throwable> first = new AtomicReference<>();

  /** Tells whether {@code told}, by which a caller hears of it, is the one that counts: the first that is asked. */
  boolean countsAs(Throwable told) {
    return first.compareAndSet(null, told) || first.get() == told;
  }
}
