package io.github.scalingtoolkit.core.limit;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * Counts a limiter's decisions.
 *
 * <ul>
 *   <li>{@code toolkit.core.limiter.decisions{limiter,outcome=allowed|denied,source=redis|memory|degraded}}: by Redis, in
 *       this process by an earlier answer of Redis, or without Redis; so {@code outcome=allowed,source=degraded} is what was
 *       admitted while the common limit was not enforced
 *   <li>{@code toolkit.core.limiter.calls{limiter}}: questions to Redis that were needed for them
 *   <li>{@code toolkit.core.limiter.degraded{limiter}}: 1 while it decides without Redis, else 0; a minute after the last
 *       failure it is 0 also if nobody has asked since
 * </ul>
 *
 * <p>Its breaker is shown by {@link io.github.scalingtoolkit.core.guard.GuardMetrics#bind}.
 */
public final class LimiterMetrics {
  private LimiterMetrics() {}

  /** Registers the meters of {@code limiter}; two limiters of a registry need two names. */
  public static void bind(MeterRegistry registry, RedisRateLimiter limiter) {
    String name = limiter.name();
    decisions(registry, name, limiter, "allowed", "redis", one -> one.counts().allowed());
    decisions(registry, name, limiter, "denied", "redis", one -> one.counts().denied());
    decisions(registry, name, limiter, "denied", "memory", one -> one.counts().deniedFromMemory());
    degraded(registry, name, limiter, RedisRateLimiter::counts, RedisRateLimiter::degraded);
  }

  /** Registers the meters of {@code limiter}; two limiters of a registry need two names. */
  public static void bind(MeterRegistry registry, SettledRateLimiter limiter) {
    String name = limiter.name();
    decisions(
        registry, name, limiter, "allowed", "memory", one -> one.counts().allowedFromMemory());
    decisions(registry, name, limiter, "denied", "memory", one -> one.counts().deniedFromMemory());
    degraded(registry, name, limiter, SettledRateLimiter::counts, SettledRateLimiter::degraded);
  }

  private static <L> void degraded(
      MeterRegistry registry,
      String name,
      L limiter,
      Function<L, LimiterCounts> counts,
      Predicate<L> degraded) {
    decisions(
        registry, name, limiter, "allowed", "degraded", one -> counts.apply(one).degradedAllowed());
    decisions(
        registry, name, limiter, "denied", "degraded", one -> counts.apply(one).degradedDenied());
    FunctionCounter.builder(
            "toolkit.core.limiter.calls", limiter, one -> counts.apply(one).calls())
        .description("Questions of a rate limiter to Redis")
        .tag("limiter", name)
        .register(registry);
    Gauge.builder("toolkit.core.limiter.degraded", limiter, one -> degraded.test(one) ? 1 : 0)
        .description("Whether a rate limiter decides without Redis")
        .tag("limiter", name)
        .register(registry);
  }

  private static <L> void decisions(
      MeterRegistry registry,
      String name,
      L limiter,
      String outcome,
      String source,
      ToDoubleFunction<L> count) {
    FunctionCounter.builder("toolkit.core.limiter.decisions", limiter, count)
        .description("Decisions of a rate limiter by their source")
        .tags("limiter", name, "outcome", outcome, "source", source)
        .register(registry);
  }
}
