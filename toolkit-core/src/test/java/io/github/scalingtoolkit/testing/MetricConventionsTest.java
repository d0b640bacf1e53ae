package io.github.scalingtoolkit.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class MetricConventionsTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void theConventionsRefuseANameOfTheirOwnKindAndAUnitInIt() {
    registry.counter("visits");
    assertThatThrownBy(() -> MetricConventions.assertFollowedBy(registry))
        .isInstanceOf(AssertionError.class);

    registry.clear();
    Gauge.builder("toolkit.cache.age.seconds", () -> 1).description("Age").register(registry);
    assertThatThrownBy(() -> MetricConventions.assertFollowedBy(registry))
        .isInstanceOf(AssertionError.class);
  }
}
