package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.Optional;

/**
 * How a schedule is, without its payload.
 *
 * @param id its name
 * @param timing when it is due; empty if this process cannot read it, since a newer one wrote it, its time zone is not
 *     known here, or it is damaged
 * @param missed what becomes of missed runs; empty as {@code timing}
 * @param type of its jobs
 * @param paused whether an operator has paused it
 * @param next the slot that is enqueued next; empty while it is paused. One that is over waits for a worker
 * @param lastJob the job that was enqueued last, if there was one. It may be forgotten by now
 */
public record ScheduleSnapshot(
    String id,
    Optional<Timing> timing,
    Optional<MissedRuns> missed,
    String type,
    boolean paused,
    Optional<Instant> next,
    Optional<JobId> lastJob) {}
