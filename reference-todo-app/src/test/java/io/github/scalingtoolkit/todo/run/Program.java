package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A program that runs beside a test, which reads what it prints as it comes. */
public interface Program extends AutoCloseable {
  /** As long as a busy machine may need for the start or the end of several processes. */
  Duration LONGEST = Duration.ofMinutes(2);

  /** Returns what it has printed so far. */
  List<String> lines();

  /** Tells whether it has ended, so that {@link #lines()} is all that it will print. */
  boolean hasEnded();

  /** Asks it to end in order, as SIGTERM does. */
  void terminate();

  /** Waits until it has ended, and returns its exit code. */
  int awaitEnd();

  /** Ends it if it still runs. */
  @Override
  void close();

  /** Returns the rest of the first line that starts with {@code prefix}, once it is there. */
  default String awaitLine(String prefix) {
    List<String> found = new ArrayList<>();
    Await.until("a line starts with '" + prefix + "'", LONGEST, () -> {
      boolean ended = hasEnded();
      lines().stream()
          .filter(line -> line.startsWith(prefix))
          .findFirst()
          .ifPresent(line -> found.add(line.substring(prefix.length())));
      if (ended && found.isEmpty()) {
        throw new AssertionError("no line starts with '" + prefix + "' in " + lines());
      }
      return !found.isEmpty();
    });
    return found.get(0);
  }
}
