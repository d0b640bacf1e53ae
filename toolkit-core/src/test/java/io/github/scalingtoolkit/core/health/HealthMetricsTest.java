package io.github.scalingtoolkit.core.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class HealthMetricsTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void showsWhatEachHealthCheckFoundLast() {
    try (HealthRegistry health = HealthRegistry.builder()
        .required("good", () -> {})
        .optional("bad", () -> {
          throw new IllegalStateException("down");
        })
        .build()) {
      HealthMetrics.bind(registry, health);
      health.start();

      Await.until(
          "the good one was checked",
          () -> registry.get("toolkit.health.up").tag("check", "good").gauge().value() == 1);
      assertThat(registry.get("toolkit.health.up").tag("check", "bad").gauge().value())
          .isZero();
      MetricConventions.assertFollowedBy(registry);
    }
  }
}
