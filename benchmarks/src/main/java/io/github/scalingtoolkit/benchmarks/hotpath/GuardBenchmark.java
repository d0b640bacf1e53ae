package io.github.scalingtoolkit.benchmarks.hotpath;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardBuilder;
import io.github.scalingtoolkit.core.guard.GuardMetrics;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call pays for its breaker: closed, closed with metrics, and refused. Beside each is Resilience4j alone with the
 * same window: by hand, as cheap as it can be, and by its own decorator and its own meters.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GuardBenchmark {
  /** Which window both have. */
  @Param({"count", "time"})
  public String window = "count";

  private String value = "value";
  /** Made once: what is measured is the guard, and not the making of a lambda. */
  private final Action<String, RuntimeException> action = () -> value;

  private final Supplier<String> supplier = () -> value;

  private Guard closed = guard("closed").build();
  private Guard full = closed;
  private Guard open = closed;
  private Guard forcedOpen = closed;
  private Guard metered = closed;
  private CircuitBreaker raw = CircuitBreaker.ofDefaults("closed");
  private CircuitBreaker rawOpen = raw;
  private CircuitBreaker rawForcedOpen = raw;
  private CircuitBreaker rawMetered = raw;

  private GuardBuilder guard(String name) {
    GuardBuilder builder = Guard.builder(name).openFor(Duration.ofHours(1), Duration.ofHours(1));
    return window.equals("count")
        ? builder.countWindow(10).minimumCalls(5)
        : builder.timeWindow(Duration.ofSeconds(10)).minimumCalls(5);
  }

  private CircuitBreakerConfig rawConfig() {
    SlidingWindowType type =
        window.equals("count") ? SlidingWindowType.COUNT_BASED : SlidingWindowType.TIME_BASED;
    return CircuitBreakerConfig.custom()
        .slidingWindow(10, 5, type)
        .waitDurationInOpenState(Duration.ofHours(1))
        .build();
  }

  /** Makes the guards, and opens what is to be open. */
  @Setup
  public void make() {
    closed = guard("closed").build();
    full = guard("full").bulkhead(64).timeout(Duration.ofSeconds(1)).build();
    open = guard("open").build();
    forcedOpen = guard("forced").build();
    metered = guard("metered").build();
    GuardMetrics.bind(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), metered);
    for (int i = 0; i < 5; i++) {
      try {
        open.call(() -> {
          throw new IllegalStateException("down");
        });
      } catch (IllegalStateException expected) {
        // Five of these open it.
      }
    }
    forcedOpen.forceOpen();

    CircuitBreakerRegistry breakers = CircuitBreakerRegistry.of(rawConfig());
    raw = CircuitBreaker.of("closed", rawConfig());
    rawOpen = CircuitBreaker.of("open", rawConfig());
    rawOpen.transitionToOpenState();
    rawForcedOpen = CircuitBreaker.of("forced", rawConfig());
    rawForcedOpen.transitionToForcedOpenState();
    rawMetered = breakers.circuitBreaker("metered");
    TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(breakers)
        .bindTo(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
  }

  /** A call that passes. */
  @Benchmark
  public String closed() {
    return closed.call(action);
  }

  /** A call that passes a bulkhead and has a time-out, as well. */
  @Benchmark
  public String closedFull() {
    return full.call(action);
  }

  /** A call that passes and may be retried. */
  @Benchmark
  public String closedIdempotent() {
    return closed.callIdempotent(action);
  }

  /** Its floor: permission, call, result. */
  @Benchmark
  public String rawByHand() {
    raw.acquirePermission();
    long started = raw.getCurrentTimestamp();
    String result = value;
    raw.onResult(raw.getCurrentTimestamp() - started, raw.getTimestampUnit(), result);
    return result;
  }

  /** What most write instead. */
  @Benchmark
  public String rawDecorated() {
    return raw.executeSupplier(supplier);
  }

  /** A call that passes, with the guard's meters. */
  @Benchmark
  public String metered() {
    return metered.call(action);
  }

  /** The same with Resilience4j's tagged meters. */
  @Benchmark
  public String rawMetered() {
    return rawMetered.executeSupplier(supplier);
  }

  /** A call that is refused. */
  @Benchmark
  public Object rejected() {
    try {
      return open.call(action);
    } catch (RejectedException refused) {
      return refused;
    }
  }

  /** A call that is refused because an operator says so. */
  @Benchmark
  public Object rejectedForced() {
    try {
      return forcedOpen.call(action);
    } catch (RejectedException refused) {
      return refused;
    }
  }

  /** The same by Resilience4j's decorator. */
  @Benchmark
  public Object rawRejected() {
    try {
      return rawOpen.executeSupplier(supplier);
    } catch (RuntimeException refused) {
      return refused;
    }
  }

  /** The same by Resilience4j's decorator. */
  @Benchmark
  public Object rawRejectedForced() {
    try {
      return rawForcedOpen.executeSupplier(supplier);
    } catch (RuntimeException refused) {
      return refused;
    }
  }
}
