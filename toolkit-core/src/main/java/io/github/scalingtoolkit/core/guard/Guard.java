package io.github.scalingtoolkit.core.guard;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops calling a dependency that fails, and finds out by itself when it is well again.
 *
 * <p><b>States.</b> The state machine is Resilience4j's; none of its types show here.
 *
 * <ul>
 *   <li>CLOSED: calls are made and counted. When at least {@code minimumCalls} of the window are in and the failure rate
 *       is reached, it opens.
 *   <li>OPEN: {@link #call} throws {@link RejectedException} at once. It stays open for an interval that doubles with
 *       each try that fails, less up to half at random.
 *   <li>HALF_OPEN: tries. Without {@link Builder#probed()} the next callers are the tries. With it, callers are refused
 *       until somebody's {@link #probe} has succeeded, so that no caller ever pays for a try, and work that must be done
 *       before calls pass again has a place.
 * </ul>
 *
 * <p><b>What counts.</b> A thrown exception counts as a failure unless {@link Builder#ignoring} says that it does not
 * speak of the dependency's health; an ignored one passes through and counts as nothing. A call refused by the guard
 * counts as nothing.
 *
 * <p><b>Deadlines.</b> A caller's {@link Deadline} that has passed refuses the call. The guard does not interrupt a call
 * under way: the client's own socket timeout bounds that.
 *
 * <p>Safe for use by several threads. Blocks only as long as the action does.
 */
public final class Guard {
  private static final Logger log = LoggerFactory.getLogger(Guard.class);

  private final String name;
  private final CircuitBreaker breaker;
  private final OpenInterval openInterval;
  private final boolean probed;
  private final Clock clock;
  private final List<Consumer<GuardState>> listeners = new CopyOnWriteArrayList<>();

  private volatile int openings;
  private volatile long retryAtNanos;

  private Guard(Builder builder) {
    name = builder.name;
    probed = builder.probed;
    clock = builder.clock;
    openInterval = new OpenInterval(builder.openFor, builder.openForAtMost);
    CircuitBreakerConfig.Builder config = CircuitBreakerConfig.custom()
        .slidingWindow(
            builder.windowSize,
            builder.minimumCalls,
            builder.timeWindow ? SlidingWindowType.TIME_BASED : SlidingWindowType.COUNT_BASED)
        .failureRateThreshold(builder.failureRatePercent)
        .permittedNumberOfCallsInHalfOpenState(probed ? 1 : builder.halfOpenCalls)
        .maxWaitDurationInHalfOpenState(builder.openForAtMost)
        .clock(new MonotonicJavaClock(clock))
        .currentTimestampFunction(ignored -> clock.nanoTime(), TimeUnit.NANOSECONDS)
        .recordException(failure -> failed(builder.ignored, failure))
        .ignoreException(failure -> !failed(builder.ignored, failure))
        .writableStackTraceEnabled(false)
        .waitIntervalFunctionInOpenState(this::openMillis);
    breaker = CircuitBreaker.of(name, config.build());
    breaker.getEventPublisher().onStateTransition(event -> {
      GuardState now = stateOf(event.getStateTransition().getToState());
      log.atLevel(now == GuardState.OPEN ? org.slf4j.event.Level.WARN : org.slf4j.event.Level.INFO)
          .log(
              "guard={} from={} to={} failureRate={}% openings={}",
              name,
              stateOf(event.getStateTransition().getFromState()),
              now,
              breaker.getMetrics().getFailureRate(),
              openings);
      if (now == GuardState.CLOSED) {
        openings = 0;
      }
      listeners.forEach(listener -> listener.accept(now));
    });
  }

  /**
   * Starts to build a guard for one dependency.
   *
   * @param name what messages, logs and metrics call the dependency, such as {@code "redis"}
   */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** Returns the dependency's name. */
  public String name() {
    return name;
  }

  /** Returns what the guard would do with a call now. */
  public GuardState state() {
    return stateOf(breaker.getState());
  }

  /**
   * Makes the call, or refuses it.
   *
   * @return what the action returned; null only if it did
   * @throws RejectedException if the breaker is open or the caller's deadline has passed; the action did not run
   * @throws RuntimeException whatever the action throws, unwrapped
   */
  public <T extends @org.jspecify.annotations.Nullable Object> T call(Supplier<T> action) {
    admit();
    long started = clock.nanoTime();
    T result;
    try {
      result = action.get();
    } catch (Throwable failure) {
      breaker.onError(clock.nanoTime() - started, TimeUnit.NANOSECONDS, failure);
      throw failure;
    }
    breaker.onSuccess(clock.nanoTime() - started, TimeUnit.NANOSECONDS);
    return result;
  }

  /** As {@link #call}, for an action without a result. */
  public void run(Runnable action) {
    call(() -> {
      action.run();
      return Boolean.TRUE;
    });
  }

  /**
   * Tries the dependency if it is time to: for the background loop of a {@link Builder#probed()} guard.
   *
   * @param trial asks the dependency and does what must be done before calls pass again; a throw keeps the guard open
   * @return true if the guard is closed now
   * @throws IllegalStateException if the guard was not built with {@link Builder#probed()}
   */
  public boolean probe(Runnable trial) {
    if (!probed) {
      throw new IllegalStateException(
          "guard " + name + " was built without probed(): its callers are its probes");
    }
    if (breaker.getState() == CircuitBreaker.State.OPEN) {
      if (clock.nanoTime() - retryAtNanos < 0) {
        return false;
      }
      breaker.transitionToHalfOpenState();
    }
    if (breaker.getState() != CircuitBreaker.State.HALF_OPEN || !breaker.tryAcquirePermission()) {
      return breaker.getState() == CircuitBreaker.State.CLOSED;
    }
    long started = clock.nanoTime();
    try {
      trial.run();
    } catch (Throwable failure) {
      // An Error as well: the permission that it holds is the only one.
      log.debug("guard={} probe=failed cause={}", name, failure.getClass().getName());
      // An ignored exception would give the permission back and leave the breaker half open: any
      // throw is a no.
      breaker.onError(
          clock.nanoTime() - started, TimeUnit.NANOSECONDS, new ProbeFailedException(failure));
      return false;
    }
    breaker.onSuccess(clock.nanoTime() - started, TimeUnit.NANOSECONDS);
    return breaker.getState() == CircuitBreaker.State.CLOSED;
  }

  /** Returns how long the guard will go on refusing at least; zero unless it is open. */
  public Duration retryAfter() {
    return state() == GuardState.CLOSED
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(0, retryAtNanos - clock.nanoTime()));
  }

  /**
   * Calls {@code listener} at each change of state, on the thread that made the change: it must not block or throw.
   */
  public void onStateChange(Consumer<GuardState> listener) {
    listeners.add(Objects.requireNonNull(listener));
  }

  private static boolean failed(Predicate<Throwable> ignored, Throwable failure) {
    return failure instanceof ProbeFailedException || !ignored.test(failure);
  }

  private void admit() {
    if (Deadline.currentIsExpired()) {
      throw new RejectedException(name, Reason.DEADLINE, Duration.ZERO);
    }
    boolean admitted = probed
        ? breaker.getState() == CircuitBreaker.State.CLOSED && breaker.tryAcquirePermission()
        : breaker.tryAcquirePermission();
    if (!admitted) {
      throw new RejectedException(name, Reason.OPEN, retryAfter());
    }
  }

  private long openMillis(int attempt) {
    openings = attempt;
    long nanos = openInterval.nanos(attempt);
    retryAtNanos = clock.nanoTime() + nanos;
    // A probed guard leaves OPEN only by its probe; ten years is Resilience4j's "never".
    return probed
        ? TimeUnit.DAYS.toMillis(3650)
        : Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos));
  }

  private static GuardState stateOf(CircuitBreaker.State state) {
    return switch (state) {
      case CLOSED, DISABLED, METRICS_ONLY -> GuardState.CLOSED;
      case HALF_OPEN -> GuardState.HALF_OPEN;
      case OPEN, FORCED_OPEN -> GuardState.OPEN;
    };
  }

  /** Wraps whatever a probe threw, so that no classifier takes it for a success. */
  private static final class ProbeFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ProbeFailedException(Throwable cause) {
      super(null, cause, false, false);
    }
  }

  /** Collects what a {@link Guard} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final String name;
    private boolean timeWindow = true;
    private int windowSize = 10;
    private int minimumCalls = 20;
    private float failureRatePercent = 50;
    private Duration openFor = Duration.ofSeconds(5);
    private Duration openForAtMost = Duration.ofSeconds(60);
    private int halfOpenCalls = 3;
    private boolean probed;
    private Predicate<Throwable> ignored = failure -> false;
    private Clock clock = Clock.system();

    private Builder(String name) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("name must not be blank");
      }
      this.name = name;
    }

    /** Judges by the calls of the last {@code window}: whole seconds, at least 1. Default: 10 s. For a busy dependency. */
    public Builder timeWindow(Duration window) {
      if (window.toSeconds() < 1 || window.toSeconds() > 3600) {
        throw new IllegalArgumentException("timeWindow must be 1 s to 1 h but was " + window);
      }
      timeWindow = true;
      windowSize = (int) window.toSeconds();
      return this;
    }

    /**
     * Judges by the last {@code calls} calls, whenever they were, at least 1. The right window where calls are few or
     * failures slow: no time window ever holds enough of them.
     */
    public Builder countWindow(int calls) {
      requireAtLeastOne("countWindow", calls);
      timeWindow = false;
      windowSize = calls;
      return this;
    }

    /** Opens only once this many calls are in the window, at least 1. Default: 20. */
    public Builder minimumCalls(int calls) {
      requireAtLeastOne("minimumCalls", calls);
      minimumCalls = calls;
      return this;
    }

    /** Opens when this share of the window failed: above 0, at most 1. Default: 0.5. */
    public Builder failureRate(double rate) {
      if (!(rate > 0 && rate <= 1)) {
        throw new IllegalArgumentException("failureRate must be > 0 and <= 1 but was " + rate);
      }
      failureRatePercent = (float) (rate * 100);
      return this;
    }

    /**
     * Stays open for {@code first}, doubled at each failed try up to {@code longest}, less up to half at random.
     * Defaults: 5 s and 60 s.
     */
    public Builder openFor(Duration first, Duration longest) {
      if (first.toMillis() < 1 || longest.compareTo(first) < 0) {
        throw new IllegalArgumentException(
            "openFor must be >= 1 ms and not longer than its bound but was " + first + " up to "
                + longest);
      }
      openFor = first;
      openForAtMost = longest;
      return this;
    }

    /** Lets this many calls try when half open, at least 1. Default: 3. A probed guard tries once. */
    public Builder halfOpenCalls(int calls) {
      requireAtLeastOne("halfOpenCalls", calls);
      halfOpenCalls = calls;
      return this;
    }

    /** Refuses callers until {@link Guard#probe}, called by a background loop, has succeeded. Default: callers try. */
    public Builder probed() {
      probed = true;
      return this;
    }

    /** Names exceptions that say nothing of the dependency's health (bad input, wrong type). Default: none. */
    public Builder ignoring(Predicate<Throwable> ignored) {
      this.ignored = Objects.requireNonNull(ignored);
      return this;
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /**
     * Builds the guard.
     *
     * @throws IllegalArgumentException if a count window is smaller than the minimum of calls, and so could never open
     */
    public Guard build() {
      if (!timeWindow && minimumCalls > windowSize) {
        throw new IllegalArgumentException("minimumCalls must be <= countWindow but was "
            + minimumCalls + " > " + windowSize + ": such a breaker would never open");
      }
      return new Guard(this);
    }

    private static void requireAtLeastOne(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(what + " must be >= 1 but was " + value);
      }
    }
  }
}
