package io.github.scalingtoolkit.todo.run;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a phase of the start makes, for the phases after it. Safe for use by several threads. */
final class Part<T> {
  private final String phase;
  private volatile @Nullable T made;

  Part(String phase) {
    this.phase = phase;
  }

  /** The phase has made it. */
  void set(T part) {
    made = part;
  }

  /**
   * Returns it.
   *
   * @throws IllegalStateException if its phase has not started
   */
  T get() {
    return peek()
        .orElseThrow(() -> new IllegalStateException(
            "the part of phase " + phase + " was used before the phase has started"));
  }

  /** Returns it if its phase has started. */
  Optional<T> peek() {
    return Optional.ofNullable(made);
  }
}
