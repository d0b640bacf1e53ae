package peers;

import dev.failsafe.CircuitBreaker;
import dev.failsafe.CircuitBreakerOpenException;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
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

/** Failsafe's circuit breaker: a call that passes and one that is refused. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FailsafeGuard {
  private final CircuitBreaker<Object> openBreaker =
      CircuitBreaker.builder().withDelay(Duration.ofHours(1)).build();
  private final FailsafeExecutor<Object> closed = Failsafe.with(
      CircuitBreaker.builder().withFailureThreshold(5, 10).build());
  private final FailsafeExecutor<Object> open = Failsafe.with(openBreaker);
  private String value = "value";

  /** Opens what is to be open. */
  @Setup
  public void open() {
    openBreaker.open();
  }

  /** A call that passes. */
  @Benchmark
  public Object closed() {
    return closed.get(() -> value);
  }

  /** A call that is refused. */
  @Benchmark
  public Object rejected() {
    try {
      return open.get(() -> value);
    } catch (CircuitBreakerOpenException refused) {
      return refused;
    }
  }
}
