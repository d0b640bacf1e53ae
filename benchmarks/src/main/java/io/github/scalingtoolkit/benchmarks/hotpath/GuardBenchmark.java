package io.github.scalingtoolkit.benchmarks.hotpath;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call pays for its breaker: closed, and refused. The floor of both is Resilience4j alone, used by hand as cheaply
 * as it can be, and by its own decorator.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GuardBenchmark {
  private String value = "value";
  private Guard closed = guard("closed");
  private Guard open = guard("open");
  private CircuitBreaker raw = CircuitBreaker.ofDefaults("closed");
  private CircuitBreaker rawOpen = CircuitBreaker.ofDefaults("open");

  private static Guard guard(String name) {
    return Guard.builder(name)
        .countWindow(10)
        .minimumCalls(5)
        .openFor(Duration.ofHours(1), Duration.ofHours(1))
        .build();
  }

  /** Opens what is to be open. */
  @Setup
  public void open() {
    for (int i = 0; i < 5; i++) {
      try {
        open.call(() -> {
          throw new IllegalStateException("down");
        });
      } catch (IllegalStateException expected) {
        // Five of these open it.
      }
    }
    rawOpen.transitionToForcedOpenState();
  }

  /** A call that passes. */
  @Benchmark
  public String closed() {
    return closed.call(() -> value);
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
    return raw.executeSupplier(() -> value);
  }

  /** A call that is refused. */
  @Benchmark
  public Object rejected() {
    try {
      return open.call(() -> value);
    } catch (RejectedException refused) {
      return refused;
    }
  }

  /** The same by Resilience4j's decorator. */
  @Benchmark
  public Object rawRejected() {
    try {
      return rawOpen.executeSupplier(() -> value);
    } catch (RuntimeException refused) {
      return refused;
    }
  }
}
