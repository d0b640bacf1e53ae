package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides by the policies' failure modes, without any I/O. Keys are bounded already. */
final class Fallback {
  /** The retry time under a closed policy: Redis is tried again within seconds. */
  private static final Duration CLOSED_RETRY = Duration.ofSeconds(1);

  /** A failure mode, with the permits used in this process if it counts here. */
  private record Part(FailureMode mode, @Nullable LocalCounts used) {
    /** Returns the share of this process, or null if the policy admits everything. */
    @Nullable
    Rate share(RateLimit limit) {
      return mode instanceof FailureMode.Local local
          ? Rate.of(limit.share(local.replicas()))
          : null;
    }
  }

  private final List<Part> parts = new ArrayList<>();

  Fallback(List<FailureMode> modes, Clock clock) {
    for (FailureMode mode : modes) {
      parts.add(new Part(
          mode,
          mode instanceof FailureMode.Local
              ? new LocalCounts(clock, 1, LocalCounts.MOST_KEYS)
              : null));
    }
  }

  /** Takes from every share or, in the end, from none. */
  Decision decide(String key, int cost, Terms terms) {
    return decide(key, cost, terms, true);
  }

  Decision peek(String key, Terms terms) {
    return decide(key, 1, terms, false);
  }

  private Decision decide(String key, int cost, Terms terms, boolean take) {
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).mode() instanceof FailureMode.Closed) {
        return new Decision(terms.limit(i), false, 0, CLOSED_RETRY, CLOSED_RETRY, true);
      }
    }
    Decision tightest = null;
    for (int i = 0; i < parts.size(); i++) {
      LocalCounts used = parts.get(i).used();
      Rate share = parts.get(i).share(terms.limit(i));
      if (used == null || share == null) {
        continue;
      }
      Decision here =
          take ? used.tryAcquire(key, costOf(share, cost), share) : used.peek(key, share);
      Decision decision = degraded(terms.limit(i), here);
      if (!decision.allowed()) {
        if (take) {
          giveBack(i, key, cost, terms);
        }
        return decision;
      }
      if (tightest == null || decision.remaining() < tightest.remaining()) {
        tightest = decision;
      }
    }
    RateLimit first = terms.limit(0);
    return tightest != null
        ? tightest
        : new Decision(first, true, first.permits(), Duration.ZERO, Duration.ZERO, true);
  }

  void giveBack(String key, int permits, Terms terms) {
    giveBack(parts.size(), key, permits, terms);
  }

  void reset(String key) {
    for (Part part : parts) {
      if (part.used() != null) {
        part.used().reset(key);
      }
    }
  }

  private void giveBack(int before, String key, int permits, Terms terms) {
    for (int i = 0; i < before; i++) {
      LocalCounts used = parts.get(i).used();
      Rate share = parts.get(i).share(terms.limit(i));
      if (used != null && share != null) {
        used.giveBack(key, costOf(share, permits), share);
      }
    }
  }

  /** A call that is larger than the share takes all of it. */
  private static int costOf(Rate share, int cost) {
    return Math.min(cost, share.limit().permits());
  }

  private static Decision degraded(RateLimit policy, Decision here) {
    return new Decision(
        policy, here.allowed(), here.remaining(), here.retryAfter(), here.resetAfter(), true);
  }
}
