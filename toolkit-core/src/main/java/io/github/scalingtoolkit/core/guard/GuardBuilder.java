package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a {@link Guard}. The defaults are for a busy dependency; for one that is called less than
 * a few times a second use {@link #countWindow}. Not safe for use by several threads.
 */
public final class GuardBuilder {
  /** Practically for ever, and well within the nanoseconds of a {@code long}. */
  static final Duration LONGEST = Duration.ofDays(3650);

  final String name;
  boolean timeWindow = true;
  int windowSize = 10;
  int minimumCalls = 20;
  double failureRate = 0.5;
  Duration slowAfter = Duration.ofSeconds(1);
  double slowRate = 1;
  Duration openFor = Duration.ofSeconds(5);
  Duration openForAtMost = Duration.ofSeconds(60);
  int halfOpenCalls = 3;
  Duration halfOpenForAtMost = Duration.ofSeconds(10);
  boolean probed;

  @Nullable
  Duration timeout;

  private int bulkheadLeast = Integer.MAX_VALUE;
  private int bulkheadMost = Integer.MAX_VALUE;
  Duration bulkheadPatience = Duration.ZERO;
  int retries = 2;
  Duration retryAfterAtMost = Duration.ofMillis(50);
  Duration retryPauseAtMost = Duration.ofSeconds(1);
  double retryShare = 0.2;
  int retriesPerSecond = 10;
  Predicate<Throwable> ignored = failure -> false;

  @Nullable
  Predicate<Throwable> retried;

  @Nullable
  Predicate<@Nullable Object> failing;

  @Nullable
  Function<Object, @Nullable Duration> delays;

  Duration delayAtMost = Duration.ZERO;
  Function<Throwable, String> reasons = failure -> failure.getClass().getName();
  Clock clock = Clock.system();
  Pauses pauses = Pauses.SYSTEM;

  GuardBuilder(String name) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank");
    }
    this.name = name;
  }

  /** Decides by the calls of the last {@code window}: whole seconds, 1 s to 1 h. Default: 10 s. For a busy dependency. */
  public GuardBuilder timeWindow(Duration window) {
    if (window.toSeconds() < 1 || window.toSeconds() > 3600) {
      throw new IllegalArgumentException("timeWindow must be 1 s to 1 h but was " + window);
    }
    timeWindow = true;
    windowSize = (int) window.toSeconds();
    return this;
  }

  /**
   * Decides by the last {@code calls} calls, at any time, at least 1. The right window where calls are few or
   * failures slow: no time window ever holds enough of them.
   */
  public GuardBuilder countWindow(int calls) {
    requireAtLeastOne("countWindow", calls);
    timeWindow = false;
    windowSize = calls;
    return this;
  }

  /** Opens only once this many calls are in the window, at least 1. Default: 20. */
  public GuardBuilder minimumCalls(int calls) {
    requireAtLeastOne("minimumCalls", calls);
    minimumCalls = calls;
    return this;
  }

  /** Opens when this share of the window failed: above 0, at most 1. Default: 0.5. */
  public GuardBuilder failureRate(double rate) {
    failureRate = share("failureRate", rate);
    return this;
  }

  /**
   * Opens when this share of the window took longer than {@code after}, failed or not: 1 ms to 3650 days, and above 0, at
   * most 1. Defaults: 1 s and 1, so only when every call is slow.
   */
  public GuardBuilder slowCalls(Duration after, double rate) {
    slowAfter = millisToYears("slowCalls", after);
    slowRate = share("slowCalls", rate);
    return this;
  }

  /**
   * Stays open for {@code first}, doubled at each failed try up to {@code longest}, less up to half at random: 1 ms to
   * 3650 days. Defaults: 5 s and 60 s.
   */
  public GuardBuilder openFor(Duration first, Duration longest) {
    if (first.compareTo(Duration.ofMillis(1)) < 0
        || longest.compareTo(first) < 0
        || longest.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "openFor must be >= 1 ms, not longer than its bound, and that at most " + LONGEST.toDays()
              + " d, but was " + first + " up to " + longest);
    }
    openFor = first;
    openForAtMost = longest;
    return this;
  }

  /** Lets this many calls try when half open, at least 1. Default: 3. A probed guard tries once. */
  public GuardBuilder halfOpenCalls(int calls) {
    requireAtLeastOne("halfOpenCalls", calls);
    halfOpenCalls = calls;
    return this;
  }

  /**
   * Fails the half-open trial calls if they have not ended this long after the first refusal: 1 ms to 3650 days. Default:
   * 10 s. So no half-open state lasts for ever, whatever becomes of its trial calls, as long as calls are made. For a probe
   * see {@link Guard#probe}.
   */
  public GuardBuilder halfOpenForAtMost(Duration bound) {
    halfOpenForAtMost = millisToYears("halfOpenForAtMost", bound);
    return this;
  }

  /** Refuses callers until {@link Guard#probe}, called by a background loop, has succeeded. Default: callers try. */
  public GuardBuilder probed() {
    probed = true;
    return this;
  }

  /**
   * Gives each attempt this long, or the caller's remaining time if that is less: 1 ms to 3650 days. Default: the caller's
   * remaining time.
   *
   * <p>A blocking attempt is not interrupted. It is bounded by its client, which must be given
   * {@link io.github.scalingtoolkit.core.time.Deadline#within}; if it still takes longer than {@code timeout}, it
   * counts as failed, and its caller gets its result. A {@code CompletionStage} that has not ended by then fails with a
   * {@link java.util.concurrent.TimeoutException} and is cancelled.
   */
  public GuardBuilder timeout(Duration timeout) {
    this.timeout = millisToYears("timeout", timeout);
    return this;
  }

  /** Allows at most this many attempts at a time, at least 1; more are refused at once. Default: no bound. */
  public GuardBuilder bulkhead(int calls) {
    return bulkhead(calls, Duration.ZERO);
  }

  /**
   * As {@link #bulkhead(int)}, but a blocking call waits for a place, so that a burst is not refused: for the size of a
   * pool of connections, say. A caller's deadline ends the wait sooner. A caller that waits holds no permit of the
   * breaker and is refused if the breaker has opened meanwhile; its attempt's time begins when it has its place. An
   * asynchronous call does not wait.
   *
   * @param patience how long a call waits at most: zero to 1 h
   */
  public GuardBuilder bulkhead(int calls, Duration patience) {
    requireAtLeastOne("bulkhead", calls);
    if (patience.isNegative() || patience.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException(
          "bulkhead's patience must be 0 to 1 h but was " + patience);
    }
    bulkheadLeast = calls;
    bulkheadMost = calls;
    bulkheadPatience = patience;
    return this;
  }

  /**
   * Allows as many attempts at a time as the dependency can work on, and half as many again; more are refused at
   * once. The bound is found by measuring, a step a second, while at least half of it is used; it begins at 20. For a
   * dependency of unknown capacity, or that others use too.
   *
   * @param least the lowest bound: at least 1
   * @param most the highest bound: not below {@code least}, 100000 at most
   */
  public GuardBuilder adaptiveBulkhead(int least, int most) {
    requireAtLeastOne("adaptiveBulkhead", least);
    if (most < least || most > 100_000) {
      throw new IllegalArgumentException(
          "adaptiveBulkhead must be up to " + least + " to 100000 but was up to " + most);
    }
    bulkheadLeast = least;
    bulkheadMost = most;
    bulkheadPatience = Duration.ZERO;
    return this;
  }

  /** Makes an idempotent call that failed again, this many times at most: 0 to 10. Default: 2. */
  public GuardBuilder retries(int most) {
    if (most < 0 || most > 10) {
      throw new IllegalArgumentException("retries must be 0 to 10 but was " + most);
    }
    retries = most;
    return this;
  }

  /**
   * Waits before a retry, evenly at random from zero to {@code first}, doubled with each retry of the call up to
   * {@code longest} (full jitter). Zero retries at once. Defaults: 50 ms and 1 s.
   */
  public GuardBuilder retryPause(Duration first, Duration longest) {
    if (first.isNegative() || longest.compareTo(first) < 0 || longest.toHours() >= 1) {
      throw new IllegalArgumentException(
          "retryPause must be >= 0, not longer than its bound, and that below 1 h, but was " + first
              + " up to " + longest);
    }
    retryAfterAtMost = first;
    retryPauseAtMost = longest;
    return this;
  }

  /**
   * Allows as many retries, over any 10 s and all callers of this guard together, as {@code share} of the idempotent
   * calls in them and {@code perSecond} a second on top: 0 to 1, and 0 to 10000. Defaults: 0.2 and 10. A call without
   * budget is not refused: it is just not retried.
   */
  public GuardBuilder retryBudget(double share, int perSecond) {
    if (!(share >= 0 && share <= 1) || perSecond < 0 || perSecond > 10_000) {
      throw new IllegalArgumentException(
          "retryBudget must be a share of 0 to 1 and 0 to 10000 a second but was " + share + " and "
              + perSecond);
    }
    retryShare = share;
    retriesPerSecond = perSecond;
    return this;
  }

  /**
   * Names exceptions that do not concern the dependency's health (bad input, wrong type): they pass through, are not
   * counted, are not retried (unless {@link #retrying} says so) and reach no fallback. Default: none.
   *
   * <p>It need not name interrupts and {@link RejectedException}s, of this guard or a nested one: these never count. An
   * exception for which {@code ignored} throws does count.
   */
  public GuardBuilder ignoring(Predicate<Throwable> ignored) {
    this.ignored = Objects.requireNonNull(ignored);
    return this;
  }

  /**
   * Names results that are failures, such as a response with status 503: they count as failed, and an idempotent call
   * that has one is made again. The caller gets the result, the last one if there were several; no fallback takes its
   * place. Default: none.
   *
   * <p>A result that is dropped for a retry is not closed: read it completely in the action.
   *
   * @param failing is given what the action returned, null included, or what its stage completed with; must be quick. If
   *     it throws, the result is a success
   */
  public GuardBuilder failingWhen(Predicate<@Nullable Object> failing) {
    this.failing = Objects.requireNonNull(failing);
    return this;
  }

  /**
   * Names the failures after which an idempotent call is made again, whether or not they count. Default: all that count.
   * Failed results are retried in any case; interrupts, {@link RejectedException}s and {@link Error}s never are. A
   * failure for which {@code worthIt} throws is not.
   */
  public GuardBuilder retrying(Predicate<Throwable> worthIt) {
    this.retried = Objects.requireNonNull(worthIt);
    return this;
  }

  /**
   * Reads from a failure how long the dependency asks for no calls, as in {@code Retry-After}. A retry waits for as
   * long before its usual pause; it is not made if that does not fit into its caller's deadline, or is longer than
   * {@code atMost}. A breaker that opens stays open for as long at least, or for {@code atMost} if that is less, counted
   * from the latest failure that asked. Default: no failure asks.
   *
   * @param delay is given an exception, or a result that {@link #failingWhen} calls a failure, if it counts as failed or
   *     is worth a retry; it may be asked twice. Null means that it does not say, as does an exception
   * @param atMost how long a caller without a deadline may have to wait for one retry: 1 ms to 1 h
   */
  public GuardBuilder retryAfter(Function<Object, @Nullable Duration> delay, Duration atMost) {
    if (atMost.compareTo(Duration.ofMillis(1)) < 0 || atMost.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException(
          "retryAfter must be at most 1 ms to 1 h but was " + atMost);
    }
    delays = Objects.requireNonNull(delay);
    delayAtMost = atMost;
    return this;
  }

  /**
   * Sets the text for a failure in logs and {@link Guard#lastFailure}: one line, without secrets or payloads. Default:
   * the name of its class, since messages of clients may contain both.
   */
  public GuardBuilder reasons(Function<Throwable, String> reasons) {
    this.reasons = Objects.requireNonNull(reasons);
    return this;
  }

  /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
  public GuardBuilder clock(Clock clock) {
    this.clock = Objects.requireNonNull(clock);
    return this;
  }

  @Nullable
  Bulkhead bulkhead() {
    if (bulkheadLeast == Integer.MAX_VALUE) {
      return null;
    }
    return bulkheadLeast == bulkheadMost
        ? Bulkhead.of(bulkheadMost)
        : new AdaptiveBulkhead(bulkheadLeast, bulkheadMost, clock);
  }

  GuardBuilder pauses(Pauses pauses) {
    this.pauses = pauses;
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

  private static double share(String what, double rate) {
    if (!(rate > 0 && rate <= 1)) {
      throw new IllegalArgumentException(what + " must be > 0 and <= 1 but was " + rate);
    }
    return rate;
  }

  private static Duration millisToYears(String what, Duration value) {
    return Check.between(what, value, Duration.ofMillis(1), LONGEST);
  }
}
