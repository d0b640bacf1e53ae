package io.github.scalingtoolkit.core.metrics;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** Shows in which state a guard is: {@code resilience4j.circuitbreaker.state{name,state}}, 1 for the one it is in. */
public final class GuardMetrics {
  private GuardMetrics() {}

  /** Registers the gauges of {@code guard}; two guards of a registry need two names. */
  public static void bind(MeterRegistry registry, Guard guard) {
    for (GuardState state : GuardState.values()) {
      Gauge.builder("resilience4j.circuitbreaker.state", guard, one -> one.state() == state ? 1 : 0)
          .description("The states of the circuit breaker")
          .tag("name", guard.name())
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }
}
