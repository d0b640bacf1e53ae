package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Shows a guard under Resilience4j's meter names, so that its Grafana dashboard works.
 *
 * <ul>
 *   <li>{@code resilience4j.circuitbreaker.state{name,state}}: 1 for the one it is in, of {@code closed open half_open
 *       forced_open disabled}, the last for a guard that is held closed
 *   <li>{@code resilience4j.circuitbreaker.calls{name,kind=successful|failed|ignored}}: a timer of attempts
 *   <li>{@code resilience4j.circuitbreaker.not.permitted.calls{name,kind=not_permitted}}: refused by the breaker
 *   <li>{@code resilience4j.circuitbreaker.buffered.calls{name,kind}}, {@code slow.calls{name,kind}}, {@code
 *       failure.rate{name}}, {@code slow.call.rate{name}} (percent; -1 while there are too few calls)
 *   <li>{@code resilience4j.bulkhead.available.concurrent.calls{name}} and {@code max.allowed.concurrent.calls{name}}, if
 *       it has a bulkhead
 *   <li>{@code resilience4j.retry.calls{name,kind}}: idempotent calls by how they ended
 *   <li>{@code toolkit.core.guard.refusals{guard,reason=open|deadline|bulkhead}}, {@code toolkit.core.guard.retries{guard,
 *       outcome=made|stopped}} ({@code stopped} by the budget), {@code toolkit.core.guard.retry.budget{guard}} and {@code
 *       toolkit.core.guard.window{guard}}: the size of the breaker's window, in calls or seconds
 * </ul>
 *
 * <p>An unbound guard costs nothing; a bound one costs a cached timer per call.
 */
public final class GuardMetrics implements GuardObserver {
  private static final String BREAKER = "resilience4j.circuitbreaker.";

  private final Timer successful;
  private final Timer failed;
  private final Timer ignored;
  private final Counter notPermitted;
  private final Map<Reason, Counter> refusals = new EnumMap<>(Reason.class);

  private GuardMetrics(MeterRegistry registry, String name) {
    successful = calls(registry, name, "successful");
    failed = calls(registry, name, "failed");
    ignored = calls(registry, name, "ignored");
    notPermitted = Counter.builder(BREAKER + "not.permitted.calls")
        .description("Calls that the breaker refused")
        .tags("name", name, "kind", "not_permitted")
        .register(registry);
    for (Reason reason : Reason.values()) {
      refusals.put(
          reason,
          Counter.builder("toolkit.core.guard.refusals")
              .description("Calls that a guard refused, by reason")
              .tags("guard", name, "reason", reason.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
  }

  /** Registers the meters of {@code guard}, and observes it; two guards of a registry need two names. */
  public static void bind(MeterRegistry registry, Guard guard) {
    states(registry, guard);
    window(registry, guard);
    if (guard.counts().bulkhead() != null) {
      bulkhead(registry, guard);
    }
    retries(registry, guard);
    guard.observe(new GuardMetrics(registry, guard.name()));
  }

  /** Removes the meters of {@code guard} when it is no longer used, so that no gauge shows its last state. */
  public static void unbind(MeterRegistry registry, Guard guard) {
    for (Meter meter : registry.getMeters()) {
      String name = meter.getId().getName();
      boolean ofGuards = name.startsWith("resilience4j.") || name.startsWith("toolkit.core.guard.");
      String tag = name.startsWith("resilience4j.") ? "name" : "guard";
      if (ofGuards && guard.name().equals(meter.getId().getTag(tag))) {
        registry.remove(meter);
      }
    }
  }

  @Override
  public void made(Outcome outcome, long nanos) {
    Timer timer = switch (outcome) {
      case SUCCESSFUL -> successful;
      case FAILED -> failed;
      case IGNORED -> ignored;
    };
    timer.record(nanos, java.util.concurrent.TimeUnit.NANOSECONDS);
  }

  @Override
  public void refused(Reason reason) {
    if (reason == Reason.OPEN) {
      notPermitted.increment();
    }
    Counter counter = refusals.get(reason);
    if (counter != null) {
      counter.increment();
    }
  }

  private static Timer calls(MeterRegistry registry, String name, String kind) {
    return Timer.builder(BREAKER + "calls")
        .description("Calls that were made, by their result")
        .tags("name", name, "kind", kind)
        .register(registry);
  }

  private static void states(MeterRegistry registry, Guard guard) {
    for (String state : new String[] {"closed", "open", "half_open", "forced_open", "disabled"}) {
      Gauge.builder(BREAKER + "state", guard, one -> stateOf(one).equals(state) ? 1 : 0)
          .description("The states of the circuit breaker")
          .tags("name", guard.name(), "state", state)
          .register(registry);
    }
  }

  private static String stateOf(Guard guard) {
    GuardState state = guard.state();
    if (guard.forced()) {
      return state == GuardState.OPEN ? "forced_open" : "disabled";
    }
    return state.name().toLowerCase(Locale.ROOT);
  }

  private static void window(MeterRegistry registry, Guard guard) {
    gauge(registry, guard, "buffered.calls", "successful", GuardCounts.Window::successful);
    gauge(registry, guard, "buffered.calls", "failed", GuardCounts.Window::failed);
    gauge(registry, guard, "slow.calls", "successful", GuardCounts.Window::slowSuccessful);
    gauge(registry, guard, "slow.calls", "failed", GuardCounts.Window::slowFailed);
    gauge(registry, guard, "failure.rate", "", GuardCounts.Window::failureRate);
    gauge(registry, guard, "slow.call.rate", "", GuardCounts.Window::slowCallRate);
    Gauge.builder(
            "toolkit.core.guard.window", guard, one -> one.counts().window().size())
        .description("The size of the breaker's window, in calls or seconds")
        .tag("guard", guard.name())
        .register(registry);
  }

  private static void gauge(
      MeterRegistry registry,
      Guard guard,
      String what,
      String kind,
      ToDoubleFunction<GuardCounts.Window> value) {
    Gauge.Builder<Guard> gauge = Gauge.builder(
            BREAKER + what, guard, one -> value.applyAsDouble(one.counts().window()))
        .description("Calls in the breaker's window: " + what.replace('.', ' '))
        .tag("name", guard.name());
    (kind.isEmpty() ? gauge : gauge.tag("kind", kind)).register(registry);
  }

  private static void bulkhead(MeterRegistry registry, Guard guard) {
    Gauge.builder("resilience4j.bulkhead.available.concurrent.calls", guard, one -> {
          GuardCounts.Bulkhead now = one.counts().bulkhead();
          return now == null ? 0 : now.available();
        })
        .description("How many more calls may be in progress")
        .tag("name", guard.name())
        .register(registry);
    Gauge.builder("resilience4j.bulkhead.max.allowed.concurrent.calls", guard, one -> {
          GuardCounts.Bulkhead now = one.counts().bulkhead();
          return now == null ? 0 : now.limit();
        })
        .description("How many calls may be in progress")
        .tag("name", guard.name())
        .register(registry);
  }

  private static void retries(MeterRegistry registry, Guard guard) {
    ended(registry, guard, "successful_without_retry", GuardCounts.Retries::successfulWithoutRetry);
    ended(registry, guard, "successful_with_retry", GuardCounts.Retries::successfulWithRetry);
    ended(registry, guard, "failed_without_retry", GuardCounts.Retries::failedWithoutRetry);
    ended(registry, guard, "failed_with_retry", GuardCounts.Retries::failedWithRetry);
    made(registry, guard, "made", GuardCounts.Retries::retries);
    made(registry, guard, "stopped", GuardCounts.Retries::stoppedByBudget);
    Gauge.builder(
            "toolkit.core.guard.retry.budget",
            guard,
            one -> one.counts().retries().budget())
        .description("Retries that the budget would allow")
        .tag("guard", guard.name())
        .register(registry);
  }

  private static void ended(
      MeterRegistry registry,
      Guard guard,
      String kind,
      ToDoubleFunction<GuardCounts.Retries> count) {
    FunctionCounter.builder(
            "resilience4j.retry.calls",
            guard,
            one -> count.applyAsDouble(one.counts().retries()))
        .description("Idempotent calls by how they ended")
        .tags("name", guard.name(), "kind", kind)
        .register(registry);
  }

  private static void made(
      MeterRegistry registry,
      Guard guard,
      String outcome,
      ToDoubleFunction<GuardCounts.Retries> count) {
    FunctionCounter.builder(
            "toolkit.core.guard.retries",
            guard,
            one -> count.applyAsDouble(one.counts().retries()))
        .description("Retries made, or stopped by the budget")
        .tags("guard", guard.name(), "outcome", outcome)
        .register(registry);
  }
}
