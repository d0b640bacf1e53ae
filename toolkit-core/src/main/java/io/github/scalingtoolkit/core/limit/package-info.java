/**
 * Rate limits: so many permits a period for each key, with a burst of as many.
 *
 * <pre>{@code
 * RateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "1000/1m"), Clock.system());
 * Decision decision = limiter.tryAcquire(userId);
 * if (!decision.allowed()) {
 *   respond(429, "Retry-After", decision.retryAfterSeconds());
 * }
 * }</pre>
 */
package io.github.scalingtoolkit.core.limit;
