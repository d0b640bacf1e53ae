package io.github.scalingtoolkit.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.health.HealthRegistry;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class CoreMetricsTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void showsTheStateThatAGuardIsIn() {
    Guard guard = Guard.builder("store").countWindow(2).minimumCalls(2).build();
    GuardMetrics.bind(registry, guard);
    assertThat(state("closed")).isEqualTo(1);
    assertThat(state("open")).isZero();

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> guard.run(() -> {
            throw new IllegalStateException("down");
          }))
          .isInstanceOf(IllegalStateException.class);
    }

    assertThat(state("closed")).isZero();
    assertThat(state("open")).isEqualTo(1);
    MetricConventions.assertFollowedBy(registry);
  }

  private double state(String state) {
    return registry
        .get("resilience4j.circuitbreaker.state")
        .tags("name", "store", "state", state)
        .gauge()
        .value();
  }

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

  @Test
  void theConventionsRefuseANameOfTheirOwnKindAndAUnitInIt() {
    registry.counter("visits");
    assertThatThrownBy(() -> MetricConventions.assertFollowedBy(registry))
        .isInstanceOf(AssertionError.class);

    registry.clear();
    io.micrometer.core.instrument.Gauge.builder("toolkit.cache.age.seconds", () -> 1)
        .description("Age")
        .register(registry);
    assertThatThrownBy(() -> MetricConventions.assertFollowedBy(registry))
        .isInstanceOf(AssertionError.class);
  }
}
