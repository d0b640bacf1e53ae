package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.Set;

/** Callbacks for worker events, run on the worker's threads. They must return quickly and must not throw. */
public interface QueueListener {
  /**
   * A run of a job ended. {@code outcome} is done, retry, snooze, dead, lost (nobody waited for it any more: the lease,
   * its time or the worker was over), or unreadable: it waits for a worker that knows
   * its type and can read its payload.
   */
  default void onRun(String type, String outcome, Duration took) {}

  /** This worker took over jobs whose leases had expired. */
  default void onTakenOver(int jobs) {}

  /** The types of ready jobs that no worker of the queue handles have changed; empty if there are none any more. */
  default void onUnhandledTypes(Set<String> types) {}

  /** Redis did not answer; the worker retries by itself. */
  default void onUnreachable() {}
}
