package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.Map;

/**
 * How a queue is at one moment.
 *
 * @param counts jobs by where they are
 * @param waitingByType jobs that are ready, by type; types without any are left out
 * @param latency how long the job that waits longest has been ready, by the clocks of the processes that enqueued jobs:
 *     from its enqueue, its time before which it was not ready, or its last failed run; zero if none waits
 * @param paused whether an operator has paused it
 * @param workers workers whose leases hold
 * @param idleWorkers how many of them have free slots and nothing to run
 * @param endedPerSecond jobs that ended in the last minute and are not dead, a second
 * @param diedPerSecond jobs that died in the last minute, a second
 * @param overdueSchedules schedules whose slot has been due for more than a minute, by the clock of Redis: no worker runs, or
 *     none can read them, or Redis is full
 */
public record QueueOverview(
    QueueCounts counts,
    Map<String, Long> waitingByType,
    Duration latency,
    boolean paused,
    int workers,
    int idleWorkers,
    double endedPerSecond,
    double diedPerSecond,
    long overdueSchedules) {
  /** Copies the map. */
  public QueueOverview {
    waitingByType = Map.copyOf(waitingByType);
  }
}
