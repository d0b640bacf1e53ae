package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.micrometer.tagged.TaggedBulkheadMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedRetryMetrics;
import io.github.resilience4j.retry.RetryRegistry;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds our meters to those that Resilience4j's own binders register, so that its dashboard finds them. */
class GuardMetricsDifferentialTest {
  /** A state that no guard is ever in. */
  private static final String METRICS_ONLY = "state=metrics_only";

  private static final String THEIRS = "resilience4j.";

  @Test
  void hasExactlyTheNamesKindsAndTagsOfResilience4jsOwnBinders() {
    MeterRegistry theirs = new SimpleMeterRegistry();
    CircuitBreakerRegistry breakers = CircuitBreakerRegistry.ofDefaults();
    BulkheadRegistry bulkheads = BulkheadRegistry.ofDefaults();
    RetryRegistry retries = RetryRegistry.ofDefaults();
    TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(breakers).bindTo(theirs);
    TaggedBulkheadMetrics.ofBulkheadRegistry(bulkheads).bindTo(theirs);
    TaggedRetryMetrics.ofRetryRegistry(retries).bindTo(theirs);
    breakers.circuitBreaker("store");
    bulkheads.bulkhead("store");
    retries.retry("store");
    MeterRegistry ours = new SimpleMeterRegistry();
    GuardMetrics.bind(ours, Guard.builder("store").bulkhead(25).build());

    Set<String> expected = meters(theirs);
    assertThat(expected).hasSizeGreaterThan(15);
    assertThat(expected.removeIf(meter -> meter.contains(METRICS_ONLY))).isTrue();

    assertThat(meters(ours)).containsExactlyInAnyOrderElementsOf(expected);
  }

  private static Set<String> meters(MeterRegistry registry) {
    return registry.getMeters().stream()
        .map(Meter::getId)
        .filter(id -> id.getName().startsWith(THEIRS))
        .map(id -> id.getType() + " " + id.getName() + " "
            + id.getTags().stream()
                .map(tag -> tag.getKey() + "=" + tag.getValue())
                .collect(Collectors.joining(" ")))
        .collect(Collectors.toSet());
  }
}
