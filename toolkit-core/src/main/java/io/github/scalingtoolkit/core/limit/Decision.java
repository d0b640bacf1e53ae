package io.github.scalingtoolkit.core.limit;

import java.time.Duration;

/**
 * Whether a caller may go on, and what to tell it: the header values are those of draft-ietf-httpapi-ratelimit-headers.
 *
 * @param limit the policy that decided: of several the one that denied for longest, or that has the least left
 * @param allowed whether it may
 * @param remaining permits that could be used at once now
 * @param retryAfter how long until the same call would be allowed; zero if it was
 * @param resetAfter how long until all permits are back, if none is used
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
   * Returns the value of the {@code RateLimit} header, such as {@code "api";r=50;t=30}. Of a call that was denied
   * {@code t} is what {@code Retry-After} says: when there is something to be had again.
   */
  public String rateLimitHeader() {
    return "\"" + limit.name() + "\";r=" + remaining + ";t="
        + (allowed ? ceilSeconds(resetAfter) : retryAfterSeconds());
  }

  /**
   * Returns the value of the {@code RateLimit-Policy} header for the policy that decided, such as {@code "api";q=100;w=60}:
   * where keys have limits of their own, that of this key.
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
