package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.Optional;

/**
 * The state of a job at one moment.
 *
 * @param id its id
 * @param state where it is
 * @param attempts runs so far, including the current one
 * @param endedAt when it ended, if it did
 * @param note why it is dead; empty if it is not
 */
public record JobSnapshot(
    JobId id, JobState state, int attempts, Optional<Instant> endedAt, String note) {}
