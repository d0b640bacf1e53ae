package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.Optional;

/**
 * A job as {@link QueueInspector#list} shows it.
 *
 * @param id its id; if Redis holds something under what is no id, {@code damaged:} and that, escaped
 * @param type the name of its type; empty if it has ended, or what Redis holds of it is damaged
 * @param state where it is, as {@link JobQueue#find} tells it
 * @param at when it is due, if it is delayed or retried; when it ended, if it did; by the clock of Redis
 * @param failedRuns how many of its runs failed, or lost their worker; 0 once it has ended
 */
public record ListedJob(
    JobId id, String type, JobState state, Optional<Instant> at, int failedRuns) {}
