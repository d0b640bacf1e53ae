package io.github.scalingtoolkit.todo.run;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a phase has started so far: if the rest of its start fails, this is stopped, the last first, since nobody else has it. Not
 * safe for use by several threads.
 */
final class Started {
  private final Deque<Runnable> stops = new ArrayDeque<>();

  private Started() {}

  /**
   * Returns what {@code start} makes.
   *
   * @param start adds each part that must be stopped as soon as it has started it
   * @throws RuntimeException what {@code start} throws, after its parts have been stopped; an {@link Error} likewise
   */
  static <T> T all(Function<Started, T> start) {
    Started started = new Started();
    try {
      return start.apply(started);
    } catch (Throwable failure) {
      started.stop(failure);
      throw failure;
    }
  }

  /** Returns {@code part}, which {@code stop} stops if a later part cannot start. */
  <T> T add(T part, Consumer<? super T> stop) {
    stops.push(() -> stop.accept(part));
    return part;
  }

  private void stop(Throwable failure) {
    for (Runnable stop : stops) {
      try {
        stop.run();
      } catch (Throwable another) {
        failure.addSuppressed(another);
      }
    }
  }
}
