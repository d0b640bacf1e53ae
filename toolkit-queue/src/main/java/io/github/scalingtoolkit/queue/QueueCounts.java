package io.github.scalingtoolkit.queue;

/**
 * Jobs by where they are.
 *
 * @param waiting ready
 * @param delayed not ready yet, or waiting after a failure
 * @param active being run
 * @param dead failed for good
 * @param completed done and still remembered
 */
public record QueueCounts(long waiting, long delayed, long active, long dead, long completed) {}
