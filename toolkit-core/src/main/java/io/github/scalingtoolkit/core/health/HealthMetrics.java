package io.github.scalingtoolkit.core.health;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Shows the last result of each health check: {@code toolkit.health.up{check}}, 1 or 0. Reading it makes no call. */
public final class HealthMetrics {
  private HealthMetrics() {}

  /** Registers a gauge for each check of {@code health}. */
  public static void bind(MeterRegistry registry, HealthRegistry health) {
    for (Health.Check check : health.snapshot().checks()) {
      Gauge.builder("toolkit.health.up", health, all -> up(all, check.name()))
          .description("Whether a dependency answered its last check")
          .tag("check", check.name())
          .register(registry);
    }
  }

  private static double up(HealthRegistry health, String name) {
    return health.snapshot().checks().stream().anyMatch(one -> one.name().equals(name) && one.up())
        ? 1
        : 0;
  }
}
