package io.github.scalingtoolkit.core.limit;

/**
 * The decisions of a limiter with shared permits since it was built.
 *
 * @param allowed by Redis
 * @param denied by Redis
 * @param allowedFromMemory by a {@link SettledRateLimiter}, here
 * @param deniedFromMemory in this process, by an earlier answer of Redis; or because the caller was interrupted, or past
 *     its deadline, and had no answer
 * @param degradedAllowed without Redis: by failure modes, or by a {@link SettledRateLimiter} that cannot settle
 * @param degradedDenied likewise
 * @param calls calls of Redis made for all of these
 */
public record LimiterCounts(
    long allowed,
    long denied,
    long allowedFromMemory,
    long deniedFromMemory,
    long degradedAllowed,
    long degradedDenied,
    long calls) {}
