package io.github.scalingtoolkit.core.limit;

import java.time.Duration;

/**
 * Whether a call is allowed, with the header values of draft-ietf-httpapi-ratelimit-headers.
 *
 * @param limit the policy that decided: of several the one that denied for longest, or that has the fewest permits left
 * @param allowed whether the call is allowed
 * @param remaining permits that could be used at once now
 * @param retryAfter how long until the same call would be allowed; zero if it was
 * @param resetAfter how long until all permits are back, if no more are used
 * @param degraded whether this was decided without the Redis that should have decided
 */
public record Decision(
    RateLimit limit,
    boolean allowed,
    long remaining,
    Duration retryAfter,
    Duration resetAfter,
    boolean degraded) {

  /**
   * Returns the value of the {@code RateLimit} header, such as {@code "api";r=50;t=30}. For a denied call
   * {@code t} equals {@code Retry-After}: the time until a permit is available.
   */
  public String rateLimitHeader() {
    return "\"" + limit.name() + "\";r=" + remaining + ";t="
        + (allowed ? ceilSeconds(resetAfter) : retryAfterSeconds());
  }

  /**
   * Returns the value of the {@code RateLimit-Policy} header for the policy that decided, such as {@code "api";q=100;w=60}:
   * where keys have their own limits, the one of this key.
   */
  public String policyHeader() {
    return limit.policyHeader();
  }

  /** Returns the value of the {@code Retry-After} header: whole seconds, at least 1. */
  public long retryAfterSeconds() {
    return Math.max(1, ceilSeconds(retryAfter));
  }

  Decision asDegraded() {
    return new Decision(limit, allowed, remaining, retryAfter, resetAfter, true);
  }

  private static long ceilSeconds(Duration duration) {
    return duration.toSeconds() + (duration.toNanosPart() > 0 ? 1 : 0);
  }
}
