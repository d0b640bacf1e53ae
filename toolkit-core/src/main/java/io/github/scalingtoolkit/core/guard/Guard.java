package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops calling a dependency that fails, and finds out by itself when it is well again.
 *
 * <p><b>Nesting</b>, from outside in, always the same: {@code fallback(retry(deadline(breaker(bulkhead(timeout(
 * action))))))}. So each retry is an attempt of its own before the breaker and the bulkhead, a pause between two holds
 * no permit, and what the breaker or the bulkhead refuses reaches the fallback.
 *
 * <p><b>States.</b> The state machine is Resilience4j's; none of its types show here.
 *
 * <ul>
 *   <li>CLOSED: calls are made and counted. When at least {@code minimumCalls} of the window are in and the failure rate
 *       or the rate of slow calls is reached, it opens.
 *   <li>OPEN: {@link #call} throws {@link RejectedException} at once. It stays open for an interval that doubles with
 *       each try that fails, less up to half at random.
 *   <li>HALF_OPEN: tries. Without {@link GuardBuilder#probed()} the next callers are the tries. With it, callers are
 *       refused until somebody's {@link #probe} has succeeded, so that no caller ever pays for a try, and work that must
 *       be done before calls pass again has a place. A try that does not end counts as failed after a while.
 * </ul>
 *
 * <p><b>What counts.</b> A thrown exception counts as a failure unless {@link GuardBuilder#ignoring} says that it does
 * not speak of the dependency's health; an ignored one passes through and counts as nothing, as do an interrupt, a call
 * refused by the guard, a call whose state has ended before it did, and one that failed when its caller had left it less
 * than half of the guard's time-out and had run out of time.
 *
 * <p><b>Retries.</b> {@link #call} never makes a call twice. {@link #callIdempotent} does, if it failed and was not
 * ignored, within the budget of {@link GuardBuilder#retryBudget} and the caller's deadline. If a retry is refused or
 * cannot be had, the caller gets the failure of the attempt that was made, so that {@link RejectedException} always
 * means that nothing was sent.
 *
 * <p><b>Deadlines.</b> A caller's {@link Deadline} that has passed refuses the call. The guard does not interrupt a
 * blocking call under way: the client's own time-out bounds that; see {@link GuardBuilder#timeout}.
 *
 * <p>Safe for use by several threads. Blocks only as long as the action does, and for the pauses between retries.
 */
public final class Guard {
  private static final Logger log = LoggerFactory.getLogger(Guard.class);

  private final String name;
  private final Clock clock;
  private final Breaker breaker;
  private final Retry retry;
  private final Classifier classifier;
  private final Pauses pauses;
  private final @Nullable Bulkhead bulkhead;
  private final @Nullable Duration timeout;

  private final AtomicBoolean toldOfObserver = new AtomicBoolean();
  private volatile @Nullable GuardObserver observer;

  Guard(GuardBuilder builder) {
    name = builder.name;
    clock = builder.clock;
    breaker = new Breaker(builder);
    retry = new Retry(builder);
    classifier = new Classifier(builder.name, builder.ignored);
    pauses = builder.pauses;
    bulkhead = builder.bulkhead();
    timeout = builder.timeout;
  }

  /**
   * Starts to build a guard for one dependency.
   *
   * @param name what messages, logs and metrics call the dependency, such as {@code "redis"}
   */
  public static GuardBuilder builder(String name) {
    return new GuardBuilder(name);
  }

  /** Returns the dependency's name. */
  public String name() {
    return name;
  }

  /**
   * Makes the call once, or refuses it.
   *
   * @return what the action returned; null only if it did
   * @throws RejectedException if the breaker is open, the bulkhead full or the caller's deadline has passed; the action
   *     did not run
   * @throws RuntimeException whatever the action throws, unwrapped
   */
  public <T extends @Nullable Object, E extends Exception> T call(
      io.github.scalingtoolkit.core.Action<T, E> action) throws E {
    Deadline inherited = Deadline.current();
    Object permit = admit(inherited);
    boolean hurried = hurried(inherited);
    long started = clock.nanoTime();
    T result;
    try {
      Supplier<T> plain = () -> {
        try {
          return action.run();
        } catch (Exception thrown) {
          throw Guard.<RuntimeException>asIs(thrown);
        }
      };
      result = timeout == null ? plain.get() : Deadline.after(timeout, clock).call(plain);
    } catch (Throwable failure) {
      settle(permit, outcome(classifier.thrown(failure), hurried, inherited), started, failure);
      throw failure;
    }
    settle(permit, Outcome.SUCCESSFUL, started);
    return result;
  }

  /**
   * As {@link #call}, with something else instead of a failure.
   *
   * @param fallback is given the {@link RejectedException} or what the action threw, but no ignored exception and no
   *     {@link Error}: those pass through
   */
  public <T extends @Nullable Object> T call(
      Supplier<T> action, Function<? super RuntimeException, ? extends T> fallback) {
    try {
      return call(action::get);
    } catch (RuntimeException failure) {
      return instead(failure, fallback);
    }
  }

  /**
   * As {@link #call}, for an action that may run several times: one that failed is made again, after a pause, as far as
   * the budget allows.
   */
  public <T extends @Nullable Object> T callIdempotent(Supplier<T> action) {
    retry.begin();
    int retries = 0;
    Throwable failed = null;
    while (true) {
      try {
        T result = call(action::get);
        retry.ended(true, retries);
        return result;
      } catch (Throwable failure) {
        boolean refused = failure instanceof RejectedException;
        failed = refused && failed != null ? failed : failure;
        if (refused || !pausedForRetry(failure, retries)) {
          retry.ended(false, retries);
          throw Guard.<RuntimeException>asIs(failed);
        }
        retries++;
      }
    }
  }

  /** As {@link #callIdempotent(Supplier)}, with something else instead of a failure, as {@link #call}. */
  public <T extends @Nullable Object> T callIdempotent(
      Supplier<T> action, Function<? super RuntimeException, ? extends T> fallback) {
    try {
      return callIdempotent(action);
    } catch (RuntimeException failure) {
      return instead(failure, fallback);
    }
  }

  /** As {@link #call}, for an action without a result. */
  public void run(Runnable action) {
    call(() -> {
      action.run();
      return Boolean.TRUE;
    });
  }

  /**
   * Makes an asynchronous call once, or refuses it. Never throws: whatever goes wrong is in the future, and its
   * {@code exceptionally} is the fallback. Never blocks, if the action does not.
   *
   * <p>Cancelling the future cancels the stage, gives the permits back and counts as nothing.
   *
   * @param action starts the call; runs on this thread
   * @return completed by the thread that completes the stage, or by a pool's if it took too long
   */
  public <T extends @Nullable Object> CompletableFuture<T> callAsync(
      Supplier<? extends CompletionStage<T>> action) {
    return new AsyncCall<T>(this, action, null).start();
  }

  /** As {@link #callAsync}, for an action that may run several times; retries begin on a pool's thread. */
  public <T extends @Nullable Object> CompletableFuture<T> callIdempotentAsync(
      Supplier<? extends CompletionStage<T>> action) {
    retry.begin();
    return new AsyncCall<T>(this, action, retry).start();
  }

  /**
   * Tries the dependency if it is time to: for the background loop of a {@link GuardBuilder#probed()} guard.
   *
   * <p>Give the trial time-outs of its own: nothing ends it, and calls are refused until it ends. One that takes longer
   * than {@link GuardBuilder#halfOpenForAtMost} is told of in the log, with the place where it is, once a caller is
   * refused; it counts as failed if somebody else probes then.
   *
   * @param trial asks the dependency and does what must be done before calls pass again; a throw keeps the guard open
   * @return true if the guard is closed now
   * @throws IllegalStateException if the guard was not built with {@link GuardBuilder#probed()}
   */
  public boolean probe(Runnable trial) {
    return breaker.probe(trial);
  }

  /** Returns what the guard would do with a call now. */
  public GuardState state() {
    return breaker.state();
  }

  /**
   * Returns why the last call or probe that counted as failed did, in the words of {@link GuardBuilder#reasons}; null if
   * none has since the guard last closed.
   */
  public @Nullable String lastFailure() {
    return breaker.lastFailure();
  }

  /** Tells whether an operator holds the guard in the state it is in. */
  public boolean forced() {
    return breaker.forced();
  }

  /** Refuses all calls until {@link #automatic()}, for an operator. A probe does nothing. */
  public void forceOpen() {
    breaker.forceOpen();
  }

  /**
   * Lets all calls pass and counts none until {@link #automatic()}, for an operator. What a probe does before calls pass
   * again is not done.
   */
  public void forceClosed() {
    breaker.forceClosed();
  }

  /**
   * Ends what {@link #forceOpen} or {@link #forceClosed} began: the guard is closed and counts from nothing. A
   * {@link GuardBuilder#probed()} one is open and its next probe is due, however it was held: nobody knows what happened
   * to the dependency meanwhile. Does nothing otherwise.
   */
  public void automatic() {
    breaker.automatic();
  }

  /**
   * Returns how long the guard will go on refusing at least; zero unless it is open. While it is held open nobody knows:
   * then the first interval of {@link GuardBuilder#openFor}.
   */
  public Duration retryAfter() {
    return breaker.retryAfter();
  }

  /**
   * Calls {@code listener} at changes of state, on the thread that made the change: it must not block. What it throws is
   * logged and reaches no caller. A state that lasted for less than an instant may be left out; the last one is not.
   */
  public void onStateChange(Consumer<GuardState> listener) {
    breaker.onStateChange(listener);
  }

  /** Tells {@code observer} of each attempt from now on, in place of the one before. */
  public void observe(GuardObserver observer) {
    this.observer = Objects.requireNonNull(observer);
  }

  /** Returns how it stands; for metrics. Takes the breaker's lock for a moment. */
  public GuardCounts counts() {
    return new GuardCounts(
        breaker.window(), bulkhead == null ? null : bulkhead.counts(), retry.counts());
  }

  Object admit(@Nullable Deadline inherited) {
    if (inherited != null && inherited.isExpired()) {
      throw refused(Reason.DEADLINE, Duration.ZERO);
    }
    Object permit = breaker.tryAcquire();
    if (permit == null) {
      throw refused(Reason.OPEN, breaker.retryAfter());
    }
    if (bulkhead != null && !bulkhead.tryEnter()) {
      breaker.settle(permit, Outcome.IGNORED, 0);
      throw refused(Reason.BULKHEAD, Duration.ZERO);
    }
    return permit;
  }

  void settle(Object permit, Outcome outcome, long started, Throwable failure) {
    if (outcome == Outcome.FAILED) {
      breaker.explain(permit, failure);
    }
    settle(permit, outcome, started);
  }

  void settle(Object permit, Outcome outcome, long started) {
    long nanos = clock.nanoTime() - started;
    if (bulkhead != null) {
      bulkhead.leave(outcome, nanos);
    }
    breaker.settle(permit, outcome, nanos);
    GuardObserver told = observer;
    if (told != null) {
      try {
        told.made(outcome, nanos);
      } catch (Throwable broken) {
        broken(broken);
      }
    }
  }

  /** Tells whether the caller leaves an attempt less than half of its time: then its failure may be his alone. */
  boolean hurried(@Nullable Deadline inherited) {
    return inherited != null
        && timeout != null
        && inherited.remainingNanos() < timeout.toNanos() / 2;
  }

  static Outcome outcome(Outcome outcome, boolean hurried, @Nullable Deadline inherited) {
    return hurried && inherited != null && inherited.isExpired() ? Outcome.IGNORED : outcome;
  }

  Clock clock() {
    return clock;
  }

  Classifier classifier() {
    return classifier;
  }

  Pauses pauses() {
    return pauses;
  }

  @Nullable
  Duration timeout() {
    return timeout;
  }

  private boolean pausedForRetry(Throwable failure, int retries) {
    if (failure instanceof Error || classifier.thrown(failure) == Outcome.IGNORED) {
      return false;
    }
    long pause = retry.pauseNanos(retries, Deadline.current());
    if (pause == Retry.NO) {
      return false;
    }
    try {
      pauses.sleep(pause);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private <T extends @Nullable Object> T instead(
      RuntimeException failure, Function<? super RuntimeException, ? extends T> fallback) {
    if (!(failure instanceof RejectedException) && classifier.thrown(failure) == Outcome.IGNORED) {
      throw failure;
    }
    return fallback.apply(failure);
  }

  private RejectedException refused(Reason reason, Duration retryAfter) {
    GuardObserver told = observer;
    if (told != null) {
      try {
        told.refused(reason);
      } catch (Throwable broken) {
        broken(broken);
      }
    }
    return new RejectedException(name, reason, retryAfter);
  }

  /** Says once that the observer breaks its promise. A call has what it made of it all the same. */
  private void broken(Throwable broken) {
    if (toldOfObserver.compareAndSet(false, true)) {
      log.error("guard={} observer=failed action=go-on", name, broken);
    }
  }

  /** Throws what the action threw as it is, checked or not: a Supplier in another language may. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E asIs(Throwable failure) throws E {
    throw (E) failure;
  }
}
