package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class GuardMetricsTest {
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

  @Test
  void showsAGuardUnderTheNamesOfResilience4jsDashboard() {
    Guard guard = Guard.builder("store")
        .countWindow(4)
        .minimumCalls(4)
        .bulkhead(8)
        .retryPause(Duration.ZERO, Duration.ZERO)
        .ignoring(IllegalArgumentException.class::isInstance)
        .build();
    GuardMetrics.bind(registry, guard);

    guard.run(() -> {});
    assertThatThrownBy(() -> guard.run(() -> {
          throw new IllegalArgumentException("bad input");
        }))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> guard.callIdempotent(() -> {
          throw new IllegalStateException("down");
        }))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> guard.run(() -> {})).isInstanceOf(RejectedException.class);
    assertThatThrownBy(
            () -> Deadline.after(Duration.ZERO, Clock.system()).call(() -> guard.call(() -> 1)))
        .isInstanceOf(RejectedException.class);

    String breaker = "resilience4j.circuitbreaker.";
    assertThat(calls("successful")).isEqualTo(1);
    assertThat(calls("ignored")).isEqualTo(1);
    assertThat(calls("failed")).isEqualTo(3);
    assertThat(value(breaker + "not.permitted.calls", "kind", "not_permitted")).isEqualTo(1);
    assertThat(value(breaker + "buffered.calls", "kind", "failed")).isEqualTo(3);
    assertThat(value(breaker + "buffered.calls", "kind", "successful")).isEqualTo(1);
    assertThat(value(breaker + "slow.calls", "kind", "failed")).isZero();
    assertThat(value("toolkit.core.guard.window", "guard", "store")).isEqualTo(4);
    assertThat(value(breaker + "failure.rate", "name", "store")).isEqualTo(75);
    assertThat(value("resilience4j.bulkhead.available.concurrent.calls", "name", "store"))
        .isEqualTo(8);
    assertThat(value("resilience4j.bulkhead.max.allowed.concurrent.calls", "name", "store"))
        .isEqualTo(8);
    assertThat(value("resilience4j.retry.calls", "kind", "failed_with_retry")).isEqualTo(1);
    assertThat(value("toolkit.core.guard.retries", "outcome", "made")).isEqualTo(2);
    assertThat(value("toolkit.core.guard.refusals", "reason", "deadline")).isEqualTo(1);
    guard.forceOpen();
    assertThat(state("forced_open")).isEqualTo(1);
    assertThat(state("open")).isZero();
    guard.forceClosed();
    assertThat(state("disabled")).isEqualTo(1);
    MetricConventions.assertFollowedBy(registry);
  }

  @Test
  void aCallThatOutlastsItsTimeOutIsAFailedOneThoughItReturned() {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    Guard guard =
        Guard.builder("store").timeout(Duration.ofMillis(100)).clock(clock).build();
    GuardMetrics.bind(registry, guard);

    guard.run(() -> clock.advance(Duration.ofMillis(400)));

    assertThat(calls("failed")).isEqualTo(1);
    assertThat(calls("successful")).isZero();
  }

  private long calls(String kind) {
    return registry
        .get("resilience4j.circuitbreaker.calls")
        .tags("name", "store", "kind", kind)
        .timer()
        .count();
  }

  private double value(String name, String tag, String value) {
    return registry
        .get(name)
        .tag(tag, value)
        .meter()
        .measure()
        .iterator()
        .next()
        .getValue();
  }

  private double state(String state) {
    return registry
        .get("resilience4j.circuitbreaker.state")
        .tags("name", "store", "state", state)
        .gauge()
        .value();
  }

  @Test
  void aGuardThatIsUsedNoMoreTakesItsMetersAlongAndNoOthers() {
    Guard gone = Guard.builder("gone").bulkhead(2).build();
    Guard stays = Guard.builder("store").build();
    GuardMetrics.bind(registry, stays);
    int before = registry.getMeters().size();
    GuardMetrics.bind(registry, gone);
    gone.run(() -> {});

    GuardMetrics.unbind(registry, gone);

    assertThat(registry.getMeters()).hasSize(before);
    gone.run(() -> {});
    stays.run(() -> {});
    assertThat(calls("successful")).isEqualTo(1);
  }
}
