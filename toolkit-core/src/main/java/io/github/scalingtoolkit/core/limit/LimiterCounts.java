package io.github.scalingtoolkit.core.limit;

/**
 * What a limiter that shares its permits has decided since it was built.
 *
 * @param allowed by Redis
 * @param denied by Redis
 * @param allowedFromMemory by a {@link SettledRateLimiter}, here
 * @param deniedFromMemory by what Redis had said before
 * @param degradedAllowed without Redis: by failure modes, or by a {@link SettledRateLimiter} that cannot settle
 * @param degradedDenied likewise
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
