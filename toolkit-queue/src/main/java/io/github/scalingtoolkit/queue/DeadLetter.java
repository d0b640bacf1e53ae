package io.github.scalingtoolkit.queue;

import java.time.Instant;

/**
 * A job that has failed for good.
 *
 * @param id its id
 * @param type the name of its type
 * @param attempts how often it ran
 * @param diedAt when it became a dead letter
 * @param reason why
 */
public record DeadLetter(JobId id, String type, int attempts, Instant diedAt, String reason) {}
