package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.core.lifecycle.Lifecycle;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The phases of a {@link Lifecycle}, each of which returns what it makes. Not safe for use by several threads. */
final class Phases {
  private final Lifecycle.Builder lifecycle = Lifecycle.builder();

  /**
   * Adds a phase, to be started after and stopped before those added earlier.
   *
   * @param start makes the part, from parts of the phases before
   * @param stopWithin how long {@code stop} may take
   * @return the part, which is there from the phase's start on
   */
  <T> Part<T> add(String name, Supplier<T> start, Duration stopWithin, Consumer<T> stop) {
    Part<T> part = new Part<>(name);
    lifecycle.phase(name, () -> part.set(start.get()), stopWithin, () -> stop.accept(part.get()));
    return part;
  }

  /** Adds a phase that makes nothing. */
  void add(String name, Runnable start, Duration stopWithin, Runnable stop) {
    lifecycle.phase(name, start, stopWithin, stop);
  }

  Lifecycle build() {
    return lifecycle.build();
  }
}
