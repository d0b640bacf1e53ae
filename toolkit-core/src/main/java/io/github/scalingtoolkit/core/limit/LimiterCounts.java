package io.github.scalingtoolkit.core.limit;

/**
 * What a {@link RedisRateLimiter} has decided since it was built.
 *
 * @param allowed by Redis
 * @param denied by Redis
 * @param allowedFromMemory from permits that were taken ahead
 * @param deniedFromMemory by what Redis had said before
 * @param degradedAllowed by failure modes
 * @param degradedDenied by failure modes
 * @param calls of Redis that were made for all that
 */
public record LimiterCounts(
    long allowed,
    long denied,
    long allowedFromMemory,
    long deniedFromMemory,
    long degradedAllowed,
    long degradedDenied,
    long calls) {}
