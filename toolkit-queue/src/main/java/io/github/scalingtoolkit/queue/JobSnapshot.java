package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.Optional;

/**
 * A job as it was when asked for.
 *
 * @param id its id
 * @param state where it is
 * @param attempts runs so far, the one under way included
 * @param endedAt when it ended, if it did
 * @param note why it is dead; empty if it is not
 */
public record JobSnapshot(
    JobId id, JobState state, int attempts, Optional<Instant> endedAt, String note) {}
