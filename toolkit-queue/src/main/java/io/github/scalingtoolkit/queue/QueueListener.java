package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.Set;

/** Callbacks for worker events, run on the worker's threads. They must return quickly and must not throw. */
public interface QueueListener {
  /**
   * A run of a job ended. {@code outcome} is done, retry, snooze, dead, lost (nobody waited for it any more: the lease, its
   * time or the worker was over, or it was cancelled), or unreadable: it waits for a worker that knows its type and can read
   * its payload.
   */
  default void onRun(String type, String outcome, Duration took) {}

  /**
   * A run of a job failed: {@code failure} was thrown, or is a {@link JobFailedException} that says what happened.
   * Called before Redis is told, once for each run, unless nobody waits for the run any more, or its time was over before its
   * payload was read.
   *
   * @param dead whether the job is a dead letter now; else it is retried
   */
  default void onFailure(Job<?> job, Throwable failure, boolean dead) {}

  /** So many jobs are dead letters now because their workers ended or hung too often while running them. */
  default void onPoison(int jobs) {}

  /** This worker took over jobs whose leases had expired. */
  default void onTakenOver(int jobs) {}

  /** The types of ready jobs that no worker of the queue handles have changed; empty if there are none any more. */
  default void onUnhandledTypes(Set<String> types) {}

  /**
   * Slots of {@code schedule} were left out by this worker, because none had enqueued them in time: the schedule's {@link
   * MissedRuns} asks for that. Called once, however many there were.
   */
  default void onSlotsMissed(String schedule) {}

  /** Redis did not answer; the worker retries by itself. */
  default void onUnreachable() {}
}
