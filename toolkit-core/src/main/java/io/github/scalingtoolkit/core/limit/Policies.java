package io.github.scalingtoolkit.core.limit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The policies of a limiter whose permits Redis keeps: for each its name in Redis, and the limit of a key, which may be
 * another for each.
 *
 * <p>Collected by one thread, read by several afterwards.
 */
final class Policies {
  private record Policy(
      String name,
      Function<String, RateLimit> limitOf,
      @Nullable RateLimit fixed) {}

  private final String limiter;
  private final List<Policy> policies = new ArrayList<>();
  private @Nullable Terms fixed;

  Policies(String limiter) {
    this.limiter = limiter;
  }

  /** Returns a copy that later calls of {@code add} do not change. */
  Policies copy() {
    Policies same = new Policies(limiter);
    policies.forEach(same::add);
    return same;
  }

  void add(RateLimit limit) {
    LimitKeys.checkRate(limit);
    add(new Policy(limit.name(), key -> limit, limit));
  }

  void add(String name, Function<String, RateLimit> limitOf) {
    RateLimit.checkName(name);
    add(new Policy(name, limitOf, null));
  }

  private void add(Policy policy) {
    if (names().contains(policy.name())) {
      throw new IllegalArgumentException(
          "two policies are named '" + policy.name() + "': they would share their permits");
    }
    policies.add(policy);
    List<RateLimit> limits = new ArrayList<>();
    for (Policy each : policies) {
      if (each.fixed() != null) {
        limits.add(each.fixed());
      }
    }
    fixed = limits.size() == policies.size() ? new Terms(limiter, limits) : null;
  }

  List<String> names() {
    return policies.stream().map(Policy::name).toList();
  }

  boolean isEmpty() {
    return policies.isEmpty();
  }

  /** Returns the current terms for a key; {@code key} is the caller's own, not bounded. */
  Terms of(String key) {
    Terms same = fixed;
    if (same != null) {
      return same;
    }
    List<RateLimit> limits = new ArrayList<>(policies.size());
    for (Policy policy : policies) {
      RateLimit limit = policy.limitOf().apply(key);
      if (limit == null) {
        throw new NullPointerException("the limit of a key must not be null but limiter '" + limiter
            + "', policy '" + policy.name() + "' returned null");
      }
      LimitKeys.checkRate(limit);
      limits.add(limit);
    }
    return new Terms(limiter, limits);
  }
}
