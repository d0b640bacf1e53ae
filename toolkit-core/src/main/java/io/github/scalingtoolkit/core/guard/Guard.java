package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops calling a failing dependency, and detects by itself when it has recovered.
 *
 * <p><b>Nesting</b>, from outside in, always the same: {@code fallback(retry(deadline(breaker(bulkhead(timeout(
 * action))))))}. So each retry is an attempt of its own before the breaker and the bulkhead, a pause between two holds
 * no permit, and refusals by the breaker or the bulkhead reach the fallback.
 *
 * <p><b>States.</b> The state machine is Resilience4j's; its types are not part of this API.
 *
 * <ul>
 *   <li>CLOSED: calls are made and counted. When the window has at least {@code minimumCalls} and the failure rate
 *       or the rate of slow calls is reached, it opens.
 *   <li>OPEN: {@link #call} throws {@link RejectedException} at once. It stays open for an interval that doubles with
 *       each try that fails, less up to half at random.
 *   <li>HALF_OPEN: tries. Without {@link GuardBuilder#probed()} the next callers are the tries. With it, callers are
 *       refused until a {@link #probe} has succeeded, so that no caller ever pays for a try, and work that must
 *       be done before calls pass again can be part of the probe. A try that does not end counts as failed after a while.
 * </ul>
 *
 * <p><b>What counts.</b> Failures are: a thrown exception, unless {@link GuardBuilder#ignoring} says that it does not
 * concern the dependency's health; a result that {@link GuardBuilder#failingWhen} names; and a call that took longer
 * than {@link GuardBuilder#timeout}, though its caller gets its result. Not counted are: ignored exceptions; an interrupt; a
 * refusal, by this guard or one that the action calls; a future that its caller cancels; a call whose state has ended
 * before it did; and one that failed when its caller had left it less than half of the guard's time-out and had run out
 * of time. A {@link java.util.concurrent.CancellationException} from the action is a failure: clients use it to say that
 * they gave up.
 *
 * <p><b>Retries.</b> {@link #call} never makes a call twice. {@link #callIdempotent} does, if it failed and was not
 * ignored, within the budget of {@link GuardBuilder#retryBudget} and the caller's deadline. If a retry is refused or the
 * budget is empty, the caller gets the failure or the failed result of the last attempt, so that
 * {@link RejectedException} always means that nothing was sent.
 *
 * <p><b>Deadlines.</b> A caller's {@link Deadline} that has passed refuses the call. The guard does not interrupt a running
 * blocking call: its client must bound it by {@link Deadline#within}; see
 * {@link GuardBuilder#timeout}.
 *
 * <p><b>Exceptions</b> of an action pass through unwrapped, checked ones too; for {@link InterruptedException} see
 * {@link Action}.
 *
 * <p>Safe for use by several threads. Blocks only as long as the action does, for the pauses between retries, and for
 * a place if {@link GuardBuilder#bulkhead(int, Duration)} is set.
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
  private final long timeoutNanos;
  private final long patienceNanos;

  private final Once brokenObserver = new Once();
  private volatile @Nullable GuardObserver observer;

  Guard(GuardBuilder builder) {
    name = builder.name;
    clock = builder.clock;
    classifier = new Classifier(builder);
    breaker = new Breaker(builder, classifier);
    retry = new Retry(builder);
    pauses = builder.pauses;
    bulkhead = builder.bulkhead();
    timeout = builder.timeout;
    timeoutNanos = timeout == null ? Long.MAX_VALUE : timeout.toNanos();
    patienceNanos = builder.bulkheadPatience.toNanos();
  }

  /**
   * Starts to build a guard for one dependency.
   *
   * @param name the dependency's name in messages, logs and metrics, such as {@code "redis"}
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
   * @throws E whatever the action throws, unwrapped
   */
  public <T extends @Nullable Object, E extends Exception> T call(Action<T, E> action) throws E {
    try {
      return attempt(action);
    } catch (FailedResult failed) {
      return failed.returned();
    }
  }

  /**
   * As {@link #call(Action)}, with a fallback for failures.
   *
   * @param fallback is given the {@link RejectedException} or what the action threw, but no ignored exception, no
   *     interrupt and no {@link Error}: those pass through, as does a failed result
   */
  public <T extends @Nullable Object, E extends Exception> T call(
      Action<T, E> action, Function<? super Exception, ? extends T> fallback) throws E {
    try {
      return call(action);
    } catch (Exception failure) {
      return instead(failure, fallback);
    }
  }

  /**
   * As {@link #call(Action)}, for an action that may run several times: one that failed is made again, after a pause, as
   * far as the budget and the caller's deadline allow.
   */
  public <T extends @Nullable Object, E extends Exception> T callIdempotent(Action<T, E> action)
      throws E {
    retry.begin();
    int retries = 0;
    Throwable failed = null;
    while (true) {
      try {
        T result = attempt(action);
        retry.ended(true, retries);
        return result;
      } catch (Throwable failure) {
        boolean refused = failure instanceof RejectedException;
        failed = refused && failed != null ? failed : failure;
        if (refused || !pausedForRetry(failure, retries)) {
          retry.ended(false, retries);
          if (failed instanceof FailedResult result) {
            return result.returned();
          }
          throw Guard.<E>asIs(failed);
        }
        retries++;
      }
    }
  }

  /**
   * As {@link #callIdempotent(Action)}, with a fallback for failures, as
   * {@link #call(Action, Function)}.
   */
  public <T extends @Nullable Object, E extends Exception> T callIdempotent(
      Action<T, E> action, Function<? super Exception, ? extends T> fallback) throws E {
    try {
      return callIdempotent(action);
    } catch (Exception failure) {
      return instead(failure, fallback);
    }
  }

  /** As {@link #call(Action)}, for an action without a result. */
  public <E extends Exception> void run(Action.Effect<E> action) throws E {
    call(() -> {
      action.run();
      return Boolean.TRUE;
    });
  }

  /** As {@link #callIdempotent(Action)}, for an action without a result. */
  public <E extends Exception> void runIdempotent(Action.Effect<E> action) throws E {
    callIdempotent(() -> {
      action.run();
      return Boolean.TRUE;
    });
  }

  /**
   * Makes an asynchronous call once, or refuses it. Never throws: every failure is in the future, and its
   * {@code exceptionally} is the fallback. Never blocks, if the action does not.
   *
   * <p>Cancelling the future cancels the stage, releases the permits and is not counted. A stage cancelled by another
   * party, as some clients do at their own time-out, counts as failed.
   *
   * @param action starts the call; runs on this thread
   * @return completed by the thread that completes the stage, or by a pool's if it took too long
   */
  public <T extends @Nullable Object> CompletableFuture<T> callAsync(
      Action<? extends CompletionStage<T>, ?> action) {
    return new AsyncCall<T>(this, action, null).start();
  }

  /** As {@link #callAsync}, for an action that may run several times; retries begin on a pool's thread. */
  public <T extends @Nullable Object> CompletableFuture<T> callIdempotentAsync(
      Action<? extends CompletionStage<T>, ?> action) {
    retry.begin();
    return new AsyncCall<T>(this, action, retry).start();
  }

  /**
   * Tries the dependency if it is time to: for the background loop of a {@link GuardBuilder#probed()} guard.
   *
   * <p>Give the trial its own time-outs: nothing ends it, and calls are refused until it ends. A trial that takes longer
   * than {@link GuardBuilder#halfOpenForAtMost} is logged, with its stack trace, once a caller is
   * refused; it counts as failed if another thread probes then.
   *
   * @param trial checks the dependency and does any work needed before calls pass again; an exception keeps the guard open
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
   * Returns the reason of the last call or probe that counted as failed, as given by {@link GuardBuilder#reasons}; null if
   * none has since the guard last closed.
   */
  public @Nullable String lastFailure() {
    return breaker.lastFailure();
  }

  /** Tells whether an operator holds the guard in its state. */
  public boolean forced() {
    return breaker.forced();
  }

  /** Refuses all calls until {@link #automatic()}, for an operator. A probe does nothing. */
  public void forceOpen() {
    breaker.forceOpen();
  }

  /**
   * Lets all calls pass and counts none until {@link #automatic()}, for an operator. The recovery steps of a probe are
   * skipped.
   */
  public void forceClosed() {
    breaker.forceClosed();
  }

  /**
   * Ends what {@link #forceOpen} or {@link #forceClosed} began: the guard is closed and counts from nothing. A
   * {@link GuardBuilder#probed()} one is then open and its next probe is due, however it was held: the dependency's state
   * is unknown. Does nothing otherwise.
   */
  public void automatic() {
    breaker.automatic();
  }

  /**
   * Returns how long the guard will go on refusing at least; zero unless it is open. While it is held open that is unknown:
   * then it returns the first interval of {@link GuardBuilder#openFor}.
   */
  public Duration retryAfter() {
    return breaker.retryAfter();
  }

  /**
   * Calls {@code listener} at changes of state, on the thread that made the change: it must not block. Its exceptions are
   * logged and reach no caller. A very short state may be left out; the last one is not.
   */
  public void onStateChange(Consumer<GuardState> listener) {
    breaker.onStateChange(listener);
  }

  /** Reports each attempt to {@code observer} from now on, in place of the previous observer. */
  public void observe(GuardObserver observer) {
    this.observer = Objects.requireNonNull(observer);
  }

  /** Returns the current counts; for metrics. Takes the breaker's lock for a moment. */
  public GuardCounts counts() {
    return new GuardCounts(
        breaker.window(), bulkhead == null ? null : bulkhead.counts(), retry.counts());
  }

  private <T extends @Nullable Object, E extends Exception> T attempt(Action<T, E> action)
      throws E {
    Deadline inherited = Deadline.current();
    Object permit = admit(inherited, patienceNanos);
    boolean hurried = hurried(inherited);
    long started = clock.nanoTime();
    T result;
    try {
      result = timeout == null ? action.run() : Deadline.after(timeout, clock).call(action);
    } catch (Throwable failure) {
      failed(permit, classifier.thrown(failure), started, failure, hurried ? inherited : null);
      throw Guard.<E>asIs(failure);
    }
    if (classifier.isFailure(result)) {
      FailedResult failed = new FailedResult(result);
      failed(permit, Outcome.FAILED, started, failed, hurried ? inherited : null);
      throw failed;
    }
    succeeded(permit, started);
    return result;
  }

  Object admitAtOnce(@Nullable Deadline inherited) {
    return admit(inherited, 0);
  }

  private Object admit(@Nullable Deadline inherited, long patience) {
    if (inherited != null && inherited.isExpired()) {
      throw refused(Reason.DEADLINE, Duration.ZERO);
    }
    Object permit = permit();
    if (bulkhead == null || bulkhead.tryEnter()) {
      return permit;
    }
    breaker.settle(permit, Outcome.IGNORED, 0);
    if (patience == 0) {
      throw refused(Reason.BULKHEAD, Duration.ZERO);
    }
    awaitPlace(bulkhead, inherited, patience);
    try {
      return permit();
    } catch (RejectedException openedMeanwhile) {
      bulkhead.leave(Outcome.IGNORED, 0);
      throw openedMeanwhile;
    }
  }

  private Object permit() {
    Object permit = breaker.tryAcquire();
    if (permit == null) {
      throw refused(Reason.OPEN, breaker.retryAfter());
    }
    return permit;
  }

  /** A caller that was interrupted while it waited for a place wants to end, not another answer. */
  private static boolean wasInterrupted(Throwable failure) {
    return failure instanceof RejectedException refused
        && refused.reason() == Reason.BULKHEAD
        && Thread.currentThread().isInterrupted();
  }

  private void awaitPlace(Bulkhead full, @Nullable Deadline inherited, long patience) {
    long left = inherited == null ? Long.MAX_VALUE : inherited.remainingNanos();
    try {
      if (full.tryEnter(Math.min(patience, left))) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw refused(Reason.BULKHEAD, Duration.ZERO);
    }
    throw refused(left < patience ? Reason.DEADLINE : Reason.BULKHEAD, Duration.ZERO);
  }

  /** The attempt returned a result that is not {@link GuardBuilder#failingWhen a failure}, perhaps too late. */
  void succeeded(Object permit, long started) {
    long nanos = nanosSince(started);
    if (nanos <= timeoutNanos) {
      settle(permit, Outcome.SUCCESSFUL, nanos);
      return;
    }
    breaker.explain(
        permit,
        new TimeoutException(name + " answered after " + Duration.ofNanos(nanos)
            + ", later than its time-out of " + timeout));
    settle(permit, Outcome.FAILED, nanos);
  }

  /**
   * The attempt failed.
   *
   * @param hurriedBy the deadline of a caller that left it less than half of its time-out: if it has passed, and the
   *     attempt did not have its whole time-out all the same, the failure may be the caller's alone
   */
  void failed(
      Object permit, Outcome said, long started, Throwable failure, @Nullable Deadline hurriedBy) {
    long nanos = nanosSince(started);
    boolean cutShort = hurriedBy != null && hurriedBy.isExpired() && nanos <= timeoutNanos;
    if (said == Outcome.IGNORED || cutShort) {
      settle(permit, Outcome.IGNORED, nanos);
      return;
    }
    breaker.explain(permit, failure);
    settle(permit, Outcome.FAILED, nanos);
  }

  void settle(Object permit, Outcome outcome, long nanos) {
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

  long nanosSince(long started) {
    return clock.nanoTime() - started;
  }

  /** Tells whether the caller leaves an attempt less than half of its time: then its failure may be the caller's alone. */
  boolean hurried(@Nullable Deadline inherited) {
    return inherited != null && timeout != null && inherited.remainingNanos() < timeoutNanos / 2;
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

  /** Takes a retry from the budget if one should be made; returns how long to wait before it, or {@link Retry#NO}. */
  long pauseNanos(Throwable failure, int retries, @Nullable Deadline deadline) {
    if (!classifier.isWorthARetry(failure)) {
      return Retry.NO;
    }
    long delay = classifier.delayNanos(failure);
    // No wait of seconds for a retry that would be refused.
    return delay > 0 && breaker.retryAfter().toNanos() > delay
        ? Retry.NO
        : retry.pauseNanos(retries, delay, deadline);
  }

  private boolean pausedForRetry(Throwable failure, int retries) {
    long pause = pauseNanos(failure, retries, Deadline.current());
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

  private <T extends @Nullable Object, E extends Exception> T instead(
      Exception failure, Function<? super Exception, ? extends T> fallback) throws E {
    if (!classifier.reachesFallback(failure) || wasInterrupted(failure)) {
      throw Guard.<E>asIs(failure);
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

  /** Logs once that the observer breaks its contract. The call's outcome does not change. */
  private void broken(Throwable broken) {
    brokenObserver.tell(() -> log.error("guard={} observer=failed action=go-on", name, broken));
  }

  /** Throws what the action threw as it is: one of {@code E}, unchecked, an Error or an InterruptedException. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E asIs(Throwable failure) throws E {
    throw (E) failure;
  }
}
