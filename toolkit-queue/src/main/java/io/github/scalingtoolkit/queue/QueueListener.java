package io.github.scalingtoolkit.queue;

import java.time.Duration;

/** Told of what a worker does, on its threads: must be quick and must not throw. */
public interface QueueListener {
  /** A run of a job ended. {@code outcome} is done, retry, snooze, dead or lost. */
  default void onRun(String type, String outcome, Duration took) {}

  /** Leases of others had ended and their jobs were taken over. */
  default void onTakenOver(int jobs) {}

  /** Redis did not answer; the worker tries again by itself. */
  default void onUnreachable() {}
}
