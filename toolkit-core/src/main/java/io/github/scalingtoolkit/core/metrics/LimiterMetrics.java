package io.github.scalingtoolkit.core.metrics;

import io.github.scalingtoolkit.core.limit.LimiterCounts;
import io.github.scalingtoolkit.core.limit.RedisRateLimiter;
import io.github.scalingtoolkit.core.limit.SettledRateLimiter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/**
 * Counts what a limiter decides.
 *
 * <ul>
 *   <li>{@code toolkit.core.limiter.decisions{limiter,outcome=allowed|denied,source=redis|memory|degraded}}: by Redis, by
 *       what it had said or given before, or by a failure mode
 *   <li>{@code toolkit.core.limiter.calls{limiter}}: questions to Redis that were needed for them
 *   <li>{@code toolkit.core.limiter.degraded{limiter}}: 1 while one that settles in the background counts by itself, else 0
 * </ul>
 *
 * <p>Its breaker is shown by {@link GuardMetrics#bind}.
 */
public final class LimiterMetrics {
  private LimiterMetrics() {}

  /** Registers the counters of {@code limiter}; two limiters of a registry need two names. */
  public static void bind(MeterRegistry registry, RedisRateLimiter limiter) {
    decisions(registry, limiter, "allowed", "redis", LimiterCounts::allowed);
    decisions(registry, limiter, "denied", "redis", LimiterCounts::denied);
    decisions(registry, limiter, "allowed", "memory", LimiterCounts::allowedFromMemory);
    decisions(registry, limiter, "denied", "memory", LimiterCounts::deniedFromMemory);
    decisions(registry, limiter, "allowed", "degraded", LimiterCounts::degradedAllowed);
    decisions(registry, limiter, "denied", "degraded", LimiterCounts::degradedDenied);
    FunctionCounter.builder(
            "toolkit.core.limiter.calls", limiter, one -> one.counts().calls())
        .description("Questions of a rate limiter to Redis")
        .tag("limiter", limiter.name())
        .register(registry);
  }

  /** Shows whether {@code limiter} settles; two limiters of a registry need two names. */
  public static void bind(MeterRegistry registry, SettledRateLimiter limiter) {
    Gauge.builder("toolkit.core.limiter.degraded", limiter, one -> one.degraded() ? 1 : 0)
        .description("Whether a rate limiter counts in its process alone, because Redis is out")
        .tag("limiter", limiter.name())
        .register(registry);
  }

  private static void decisions(
      MeterRegistry registry,
      RedisRateLimiter limiter,
      String outcome,
      String source,
      ToDoubleFunction<LimiterCounts> count) {
    FunctionCounter.builder(
            "toolkit.core.limiter.decisions", limiter, one -> count.applyAsDouble(one.counts()))
        .description("Decisions of a rate limiter by who made them")
        .tags("limiter", limiter.name(), "outcome", outcome, "source", source)
        .register(registry);
  }
}
