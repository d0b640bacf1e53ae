package io.github.scalingtoolkit.core.guard;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.scalingtoolkit.core.time.Backoff;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Resilience4j's state machine, as the guard uses it, with these additions:
 *
 * <ul>
 *   <li><b>No events.</b> With a single consumer registered it creates an event object for every call. All its
 *       transitions happen inside calls made here, so they are found by a check after each call ({@link #notice}).
 *       A state that came and went during another thread's check may go unnoticed; the last one never does.
 *   <li><b>A permit belongs to the state that issued it</b>, known by the identity of that state's metrics. The result of a
 *       call after that state has ended is not counted: results of calls made before an outage do not affect
 *       the tries after it, and no permit is returned twice.
 *   <li><b>A lost try counts as failed</b> once the half-open state has lasted for its bound: the next
 *       refused caller records that. This needs no timer and no thread, and no half-open state lasts for ever. Only a probe is not
 *       failed for its length alone: it may have much to do. A probe that takes longer than the bound is logged.
 *   <li><b>A refusal while open</b> costs one reading of the clock: the state machine is not called.
 * </ul>
 */
final class Breaker {
  private static final Logger log = LoggerFactory.getLogger(Breaker.class);
  private static final Throwable FAILED = new RuntimeException("failed", null, false, false) {
    private static final long serialVersionUID = 1L;
  };

  private static final long NANOS_BELOW_A_MILLISECOND = 999_999;

  /** A probe in progress. */
  private static final class Trial {
    private final Thread thread = Thread.currentThread();
    private final long sinceNanos;
    private final AtomicBoolean told = new AtomicBoolean();

    Trial(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  /** The tries of one half-open state, and the time since which there were too few. */
  private record Tries(Object permit, long sinceNanos) {}

  private final String name;
  private final Clock clock;
  private final boolean probed;
  private final int tries;
  private final Duration halfOpenForAtMost;
  private final Backoff openInterval;
  private final Duration firstInterval;
  private final int windowSize;
  private final Function<Throwable, String> reasons;
  private final Classifier classifier;
  private final long longestDelayNanos;
  private final CircuitBreaker machine;
  private final List<Consumer<GuardState>> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock noticing = new ReentrantLock();
  private final AtomicReference<@Nullable Tries> lastTries = new AtomicReference<>();
  private final AtomicReference<@Nullable Trial> trialUnderWay = new AtomicReference<>();

  private volatile CircuitBreaker.State seen = CircuitBreaker.State.CLOSED;
  private volatile int openings;

  /** The latest time until which a counted failure asked for no calls; in the past if none did. */
  private final AtomicLong leftAloneUntilNanos;

  private volatile long retryAtNanos;
  private volatile @Nullable String lastFailure;

  Breaker(GuardBuilder builder, Classifier classifier) {
    this.classifier = classifier;
    name = builder.name;
    clock = builder.clock;
    probed = builder.probed;
    tries = probed ? 1 : builder.halfOpenCalls;
    halfOpenForAtMost = builder.halfOpenForAtMost;
    // Less up to half at random keeps processes from trying at once.
    openInterval = Backoff.doubling(builder.openFor, builder.openForAtMost).jitter(0.5);
    firstInterval = openInterval.ceiling(1);
    windowSize = builder.windowSize;
    reasons = builder.reasons;
    longestDelayNanos = builder.delayAtMost.toNanos();
    leftAloneUntilNanos = new AtomicLong(clock.nanoTime());
    CircuitBreakerConfig config = CircuitBreakerConfig.custom()
        .slidingWindow(
            builder.windowSize,
            builder.minimumCalls,
            builder.timeWindow ? SlidingWindowType.TIME_BASED : SlidingWindowType.COUNT_BASED)
        .failureRateThreshold((float) (builder.failureRate * 100))
        .slowCallDurationThreshold(builder.slowAfter)
        .slowCallRateThreshold((float) (builder.slowRate * 100))
        .permittedNumberOfCallsInHalfOpenState(tries)
        .clock(new MonotonicJavaClock(clock))
        .writableStackTraceEnabled(false)
        .waitIntervalFunctionInOpenState(this::openMillis)
        .build();
    machine = CircuitBreaker.of(name, config);
  }

  /** Returns a permit to make a call, which {@link #settle} must take back; null if the call is refused. */
  @Nullable
  Object tryAcquire() {
    // In this order: should the state end in between, the permit is of one that has ended, and
    // counts nothing.
    Object permit = machine.getMetrics();
    CircuitBreaker.State now = machine.getState();
    return switch (now) {
      case CLOSED, DISABLED, METRICS_ONLY -> permit;
      case FORCED_OPEN -> null;
      case OPEN, HALF_OPEN -> {
        if (probed) {
          tellOfHungTrial();
          yield null;
        }
        yield tryAcquireTry(now);
      }
    };
  }

  private @Nullable Object tryAcquireTry(CircuitBreaker.State before) {
    if (before == CircuitBreaker.State.OPEN && clock.nanoTime() - retryAtNanos < 0) {
      return null;
    }
    boolean granted = machine.tryAcquirePermission();
    Object permit = machine.getMetrics();
    notice();
    if (granted) {
      return permit;
    }
    giveUpLostTries();
    return null;
  }

  /** Takes a permit back with the call's outcome, which the issuing state counts if it still lasts. */
  void settle(Object permit, Outcome outcome, long nanos) {
    if (machine.getMetrics() == permit) {
      switch (outcome) {
        case SUCCESSFUL -> machine.onSuccess(nanos, TimeUnit.NANOSECONDS);
        case FAILED -> machine.onError(nanos, TimeUnit.NANOSECONDS, FAILED);
        case IGNORED -> machine.releasePermission();
      }
    }
    if (machine.getState() != seen) {
      notice();
    }
  }

  /**
   * Remembers why a call that is about to be settled failed, and how long the dependency asks not to be called
   * again, if the failure will count.
   */
  void explain(Object permit, Throwable failure) {
    if (machine.getMetrics() != permit) {
      return;
    }
    lastFailure = reason(failure);
    long delay = Math.min(classifier.delayNanos(failure), longestDelayNanos);
    if (delay > 0) {
      leftAloneUntilNanos.accumulateAndGet(
          clock.nanoTime() + delay, (one, other) -> other - one > 0 ? other : one);
    }
  }

  private String reason(Throwable failure) {
    if (failure instanceof FailedResult failed) {
      return failed.getMessage();
    }
    try {
      return reasons.apply(failure);
    } catch (Throwable broken) {
      // An exception here must not keep the caller from returning its permit.
      return failure.getClass().getName();
    }
  }

  /** As {@link Guard#lastFailure}. */
  @Nullable
  String lastFailure() {
    return lastFailure;
  }

  /** As {@link Guard#probe}. */
  boolean probe(Runnable trial) {
    if (!probed) {
      throw new IllegalStateException(
          "guard " + name + " was built without probed(): its callers are its probes");
    }
    Object permit = tryAcquireProbe();
    if (permit == null) {
      return state() == GuardState.CLOSED;
    }
    long started = clock.nanoTime();
    Trial underWay = new Trial(started);
    trialUnderWay.set(underWay);
    try {
      trial.run();
    } catch (Throwable failure) {
      // An Error as well: the permit that it holds is the only one. And a failure whatever is
      // ignored: any throw is a no.
      explain(permit, failure);
      log.debug("guard={} probe=failed cause=\"{}\"", name, lastFailure);
      settle(permit, Outcome.FAILED, clock.nanoTime() - started);
      return false;
    } finally {
      trialUnderWay.compareAndSet(underWay, null);
    }
    // Its duration does not matter: it has done its work.
    settle(permit, Outcome.SUCCESSFUL, 0);
    return state() == GuardState.CLOSED;
  }

  /**
   * Logs once where a probe is that takes longer than a try may. It is not failed: its work may take that
   * long, and its thread, which nothing here can end, is as a rule the only one that probes.
   */
  private void tellOfHungTrial() {
    Trial trial = trialUnderWay.get();
    if (trial == null) {
      return;
    }
    long nanos = clock.nanoTime() - trial.sinceNanos;
    if (nanos > halfOpenForAtMost.toNanos() && trial.told.compareAndSet(false, true)) {
      Throwable where = new Throwable("the probe is here");
      where.setStackTrace(trial.thread.getStackTrace());
      log.warn(
          "guard={} probe=hanging for={}ms thread={} action=go-on-refusing",
          name,
          TimeUnit.NANOSECONDS.toMillis(nanos),
          trial.thread.getName(),
          where);
    }
  }

  private @Nullable Object tryAcquireProbe() {
    if (machine.getState() == CircuitBreaker.State.OPEN) {
      noticing.lock();
      try {
        if (machine.getState() == CircuitBreaker.State.OPEN) {
          if (clock.nanoTime() - retryAtNanos < 0) {
            return null;
          }
          machine.transitionToHalfOpenState();
        }
      } finally {
        noticing.unlock();
      }
      notice();
    }
    if (machine.getState() != CircuitBreaker.State.HALF_OPEN) {
      return null;
    }
    Object permit = machine.getMetrics();
    if (machine.tryAcquirePermission()) {
      return permit;
    }
    giveUpLostTries();
    return null;
  }

  /** Counts tries that have not ended within the bound as failed, so that the state machine can judge. */
  private void giveUpLostTries() {
    if (machine.getState() != CircuitBreaker.State.HALF_OPEN) {
      return;
    }
    Object permit = machine.getMetrics();
    long now = clock.nanoTime();
    Tries known = lastTries.get();
    if (known == null || known.permit != permit) {
      lastTries.compareAndSet(known, new Tries(permit, now));
    } else if (now - known.sinceNanos > halfOpenForAtMost.toNanos()
        && lastTries.compareAndSet(known, null)) {
      for (int i = 0; i < tries && machine.getMetrics() == permit; i++) {
        settle(permit, Outcome.FAILED, 0);
      }
    }
  }

  GuardState state() {
    return stateOf(machine.getState());
  }

  boolean forced() {
    CircuitBreaker.State state = machine.getState();
    return state == CircuitBreaker.State.FORCED_OPEN || state == CircuitBreaker.State.DISABLED;
  }

  void forceOpen() {
    machine.transitionToForcedOpenState();
    notice();
  }

  void forceClosed() {
    machine.transitionToDisabledState();
    notice();
  }

  void automatic() {
    noticing.lock();
    try {
      if (!forced()) {
        return;
      }
      if (probed) {
        machine.transitionToOpenState();
        retryAtNanos = clock.nanoTime();
      } else {
        machine.transitionToClosedState();
      }
    } finally {
      noticing.unlock();
    }
    notice();
  }

  Duration retryAfter() {
    CircuitBreaker.State state = machine.getState();
    if (state == CircuitBreaker.State.FORCED_OPEN) {
      return firstInterval;
    }
    return stateOf(state) == GuardState.CLOSED
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(0, retryAtNanos - clock.nanoTime()));
  }

  void onStateChange(Consumer<GuardState> listener) {
    listeners.add(Objects.requireNonNull(listener));
  }

  GuardCounts.Window window() {
    CircuitBreaker.Metrics metrics = machine.getMetrics();
    return new GuardCounts.Window(
        windowSize,
        metrics.getNumberOfSuccessfulCalls(),
        metrics.getNumberOfFailedCalls(),
        metrics.getNumberOfSlowSuccessfulCalls(),
        metrics.getNumberOfSlowFailedCalls(),
        metrics.getFailureRate(),
        metrics.getSlowCallRate());
  }

  private void notice() {
    noticing.lock();
    try {
      CircuitBreaker.State now = machine.getState();
      CircuitBreaker.State before = seen;
      if (now == before) {
        return;
      }
      seen = now;
      log(before, now);
      if (stateOf(now) == GuardState.CLOSED) {
        openings = 0;
        lastFailure = null;
        leftAloneUntilNanos.set(clock.nanoTime());
      }
      if (stateOf(now) != stateOf(before)) {
        listeners.forEach(listener -> tell(listener, stateOf(now)));
      }
    } finally {
      noticing.unlock();
    }
  }

  /** A line when it stops calling and one when it calls again: that it goes on being down is no news. */
  private void log(CircuitBreaker.State before, CircuitBreaker.State now) {
    if (stateOf(now) == GuardState.CLOSED) {
      log.info("guard={} from={} to={} openings={}", name, before, now, openings);
      return;
    }
    String failure = lastFailure;
    CircuitBreaker.Metrics judged = machine.getMetrics();
    boolean slow = failure == null
        || judged.getSlowCallRate() >= machine.getCircuitBreakerConfig().getSlowCallRateThreshold()
            && judged.getFailureRate()
                < machine.getCircuitBreakerConfig().getFailureRateThreshold();
    String cause =
        now == CircuitBreaker.State.FORCED_OPEN ? "an operator" : slow ? "slow calls" : failure;
    log.atLevel(stateOf(before) == GuardState.CLOSED ? Level.WARN : Level.DEBUG)
        .log("guard={} from={} to={} cause=\"{}\"", name, before, now, cause);
  }

  private void tell(Consumer<GuardState> listener, GuardState now) {
    try {
      listener.accept(now);
    } catch (Throwable broken) {
      // An Error as well: it would replace the outcome of the caller's own call.
      log.warn("guard={} listener=failed state={}", name, now, broken);
    }
  }

  private long openMillis(int attempt) {
    openings = attempt;
    long now = clock.nanoTime();
    long leftAlone = Math.max(0, leftAloneUntilNanos.get() - now);
    long millis = Math.max(
        Math.max(1, TimeUnit.NANOSECONDS.toMillis(openInterval.nanosAfter(attempt))),
        TimeUnit.NANOSECONDS.toMillis(leftAlone + NANOS_BELOW_A_MILLISECOND));
    // One more: Resilience4j lets a try pass only after the moment and not at it.
    retryAtNanos = now + TimeUnit.MILLISECONDS.toNanos(millis) + 1;
    // A probed guard leaves OPEN only by its probe; ten years is Resilience4j's "never".
    return probed ? TimeUnit.DAYS.toMillis(3650) : millis;
  }

  private static GuardState stateOf(CircuitBreaker.State state) {
    return switch (state) {
      case CLOSED, DISABLED, METRICS_ONLY -> GuardState.CLOSED;
      case HALF_OPEN -> GuardState.HALF_OPEN;
      case OPEN, FORCED_OPEN -> GuardState.OPEN;
    };
  }
}
