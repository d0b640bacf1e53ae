package io.github.scalingtoolkit.core.redis;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The loss of a connection that several callers share: all get it as a failure, and it counts once. */
final class Loss {
  private final AtomicReference<@Nullable Throwable> first = new AtomicReference<>();

  /** Tells whether {@code told}, one caller's exception for it, is the one that counts: the first one checked. */
  boolean countsAs(Throwable told) {
    return first.compareAndSet(null, told) || first.get() == told;
  }
}
