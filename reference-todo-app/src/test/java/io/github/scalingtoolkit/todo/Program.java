package io.github.scalingtoolkit.todo;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

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
    long started = System.nanoTime();
    while (System.nanoTime() - started < LONGEST.toNanos()) {
      boolean ended = hasEnded();
      for (String line : lines()) {
        if (line.startsWith(prefix)) {
          return line.substring(prefix.length());
        }
      }
      if (ended) {
        break;
      }
      LockSupport.parkNanos(2_000_000);
    }
    throw new AssertionError("no line starts with '" + prefix + "' in " + lines());
  }
}
