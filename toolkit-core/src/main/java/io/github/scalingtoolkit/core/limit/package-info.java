/**
 * Rate limits: a number of permits per period and key, with a burst of the same size; in this process ({@link
 * io.github.scalingtoolkit.core.limit.LocalRateLimiter}) or shared by all ({@link
 * io.github.scalingtoolkit.core.limit.RedisRateLimiter}).
 *
 * <pre>{@code
 * RateLimiter limiter = RedisRateLimiter.builder(redis, "api")
 *     .policy(RateLimit.parse("default", "1000/1m"), FailureMode.local(3))
 *     .build();
 * Decision decision = limiter.tryAcquire(userId);
 * if (!decision.allowed()) {
 *   respond(429, "Retry-After", decision.retryAfterSeconds());
 * }
 * }</pre>
 */
package io.github.scalingtoolkit.core.limit;
