package io.github.scalingtoolkit.queue;

/**
 * Jobs by where they are.
 *
 * @param waiting ready
 * @param delayed not ready yet, or waiting after a failure
 * @param active being run
 * @param dead failed for good: dead letters
 * @param ended done, cancelled, or dropped as dead letters, and still remembered; {@link QueueInspector#list} tells them apart
 */
public record QueueCounts(long waiting, long delayed, long active, long dead, long ended) {}
