package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides by the policies' failure modes, without any I/O. */
final class Fallback {
  /** What a caller of a closed policy is told: Redis is tried again within seconds. */
  private static final Duration CLOSED_RETRY = Duration.ofSeconds(1);

  /** A policy, with its share of this process if it counts here. */
  private record Part(
      RateLimit policy, FailureMode mode, @Nullable LocalRateLimiter share) {}

  private final List<Part> parts = new ArrayList<>();

  Fallback(List<RateLimit> policies, List<FailureMode> modes, Clock clock) {
    for (int i = 0; i < policies.size(); i++) {
      RateLimit policy = policies.get(i);
      FailureMode mode = modes.get(i);
      LocalRateLimiter share = mode instanceof FailureMode.Local local
          ? LocalRateLimiter.of(policy.share(local.replicas()), clock)
          : null;
      parts.add(new Part(policy, mode, share));
    }
  }

  /** Takes from every share or, in the end, from none. */
  Decision decide(String key, int cost) {
    for (Part part : parts) {
      if (part.mode() instanceof FailureMode.Closed) {
        return new Decision(part.policy(), false, 0, CLOSED_RETRY, CLOSED_RETRY, true);
      }
    }
    Decision tightest = null;
    for (int i = 0; i < parts.size(); i++) {
      LocalRateLimiter share = parts.get(i).share();
      if (share == null) {
        continue;
      }
      Decision decision =
          degraded(parts.get(i).policy(), share.tryAcquire(key, costOf(share, cost)));
      if (!decision.allowed()) {
        giveBack(i, key, cost);
        return decision;
      }
      if (tightest == null || decision.remaining() < tightest.remaining()) {
        tightest = decision;
      }
    }
    RateLimit first = parts.get(0).policy();
    return tightest != null
        ? tightest
        : new Decision(first, true, first.permits(), Duration.ZERO, Duration.ZERO, true);
  }

  private void giveBack(int before, String key, int cost) {
    for (Part part : parts.subList(0, before)) {
      LocalRateLimiter share = part.share();
      if (share != null) {
        share.giveBack(key, costOf(share, cost));
      }
    }
  }

  /** A call that is larger than the share takes all of it. */
  private static int costOf(LocalRateLimiter share, int cost) {
    return Math.min(cost, share.limit().permits());
  }

  private static Decision degraded(RateLimit policy, Decision here) {
    return new Decision(
        policy, here.allowed(), here.remaining(), here.retryAfter(), here.resetAfter(), true);
  }
}
