package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs random histories, with calls that overlap, beside a model that says in a page what fallback, retries and their
 * budget, deadline, breaker, bulkhead and time-out together must do, for blocking calls and for asynchronous ones.
 *
 * <p>Blocking calls take no time of the clock and asynchronous ones any; retries are made at once. Each second attempt of
 * those that fail does so by its result.
 */
class GuardModelTest {
  private static final String BAD = "a result that is a failure";
  private static final int WINDOW = 6;
  private static final int MINIMUM = 3;
  private static final int TRIES = 2;
  private static final int BULKHEAD = 4;
  private static final int RETRIES = 2;
  private static final long LOST_AFTER = Duration.ofSeconds(3).toNanos();
  private static final Duration TIMEOUT = Duration.ofSeconds(4);
  private static final int BUDGET_SECONDS = 10;
  private static final int THOUSANDTHS_A_CALL = 100;

  /** What callers leave it: nothing, less than half of the time-out, less than all of it, enough. */
  private static final List<Duration> LEFT =
      List.of(Duration.ZERO, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofDays(1));

  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final ManualPauses pauses = new ManualPauses(clock);
  private int perSecond;
  private Guard guard = guard();

  private Guard guard() {
    return Guard.builder("store")
        .countWindow(WINDOW)
        .minimumCalls(MINIMUM)
        .failureRate(0.5)
        .slowCalls(Duration.ofHours(1), 1)
        .openFor(Duration.ofSeconds(1), Duration.ofSeconds(4))
        .halfOpenCalls(TRIES)
        .halfOpenForAtMost(Duration.ofNanos(LOST_AFTER))
        .bulkhead(BULKHEAD)
        .timeout(TIMEOUT)
        .retries(RETRIES)
        .retryPause(Duration.ZERO, Duration.ZERO)
        .retryBudget(THOUSANDTHS_A_CALL / 1000.0, perSecond)
        .ignoring(IllegalArgumentException.class::isInstance)
        .failingWhen(BAD::equals)
        .pauses(pauses)
        .clock(clock)
        .build();
  }

  /** A state of the model: the calls it has judged, and what it still lets pass. */
  private final class Model {
    private GuardState state = GuardState.CLOSED;
    private Object generation = new Object();
    private final Deque<Boolean> failed = new ArrayDeque<>();
    private int permits;
    private long openUntil;
    private long refusedSince = -1;
    private int underWay;
    private final List<long[]> budget = new ArrayList<>();
    private long made;
    private long stopped;
    private final long[] ended = new long[4];

    @Nullable
    Reason admit(Call call) {
      if (call.left() == 0) {
        return Reason.DEADLINE;
      }
      if (state == GuardState.OPEN && clock.nanoTime() >= openUntil) {
        enter(GuardState.HALF_OPEN);
      }
      if (state == GuardState.OPEN) {
        return Reason.OPEN;
      }
      if (state == GuardState.HALF_OPEN) {
        if (permits == 0) {
          loseTries();
          return Reason.OPEN;
        }
        permits--;
      }
      if (underWay == BULKHEAD) {
        permits++;
        return Reason.BULKHEAD;
      }
      underWay++;
      call.admitted(generation);
      return null;
    }

    private void loseTries() {
      if (refusedSince < 0) {
        refusedSince = clock.nanoTime();
      } else if (clock.nanoTime() - refusedSince > LOST_AFTER) {
        Object lost = generation;
        while (generation == lost) {
          judge(true);
        }
      }
    }

    /** An attempt has ended; tells whether the call is made again. */
    boolean ended(Call call, Outcome found) {
      Outcome outcome = call.hurried && call.left() == 0 ? Outcome.IGNORED : found;
      underWay--;
      if (call.admittedIn == generation) {
        if (outcome == Outcome.IGNORED) {
          permits++;
        } else {
          judge(outcome == Outcome.FAILED);
        }
      }
      boolean again = outcome == Outcome.FAILED
          && call.idempotent
          && call.retries < RETRIES
          && call.left() > 0
          && withdraw();
      if (again) {
        call.retries++;
      } else if (!call.cancelled) {
        call(call, outcome == Outcome.SUCCESSFUL);
      }
      return again;
    }

    /** A call has ended. */
    void call(Call call, boolean successful) {
      if (call.idempotent) {
        ended[(successful ? 0 : 2) + (call.retries == 0 ? 0 : 1)]++;
      }
    }

    void begin(Call call) {
      if (call.idempotent) {
        budget.add(new long[] {second(), THOUSANDTHS_A_CALL});
      }
    }

    private boolean withdraw() {
      if (left() < 1000) {
        stopped++;
        return false;
      }
      budget.add(new long[] {second(), -1000});
      made++;
      return true;
    }

    private long left() {
      budget.removeIf(entry -> entry[0] <= second() - BUDGET_SECONDS);
      return perSecond * BUDGET_SECONDS * 1000L
          + budget.stream().mapToLong(entry -> entry[1]).sum();
    }

    private void judge(boolean failure) {
      boolean tries = state == GuardState.HALF_OPEN;
      failed.add(failure);
      if (failed.size() > (tries ? TRIES : WINDOW)) {
        failed.remove();
      }
      if (failed.size() >= (tries ? TRIES : MINIMUM)) {
        boolean bad = failed.stream().filter(one -> one).count() * 2 >= failed.size();
        if (bad || tries) {
          enter(bad ? GuardState.OPEN : GuardState.CLOSED);
        }
      }
    }

    private void enter(GuardState next) {
      state = next;
      generation = new Object();
      failed.clear();
      permits = TRIES;
      refusedSince = -1;
      openUntil = Long.MAX_VALUE;
    }

    private long second() {
      return clock.nanoTime() / Duration.ofSeconds(1).toNanos();
    }
  }

  /** A call with its attempts, one at a time, as the model has it and as the guard makes them. */
  private final class Call {
    private final boolean idempotent;
    private final Deadline deadline;
    private final long deadlineAt;
    private int retries;
    private int expectedAttempts;
    private Object admittedIn = new Object();
    private boolean hurried;
    private long timesOutAt;
    private boolean cancelled;
    private boolean bad;

    private int attempts;
    private CompletableFuture<String> stage = new CompletableFuture<>();
    private CompletableFuture<String> result = new CompletableFuture<>();

    Call(boolean idempotent, Duration left) {
      this.idempotent = idempotent;
      deadline = Deadline.after(left, clock);
      deadlineAt = clock.nanoTime() + left.toNanos();
    }

    long left() {
      return Math.max(0, deadlineAt - clock.nanoTime());
    }

    void admitted(Object generation) {
      expectedAttempts++;
      admittedIn = generation;
      hurried = left() < TIMEOUT.toNanos() / 2;
      timesOutAt = clock.nanoTime() + Math.min(TIMEOUT.toNanos(), left());
    }

    CompletableFuture<String> attempt() {
      attempts++;
      assertThat(Deadline.within(Duration.ofDays(2)))
          .isEqualTo(Duration.ofNanos(timesOutAt - clock.nanoTime()));
      stage = new CompletableFuture<>();
      return stage;
    }

    @Nullable
    Throwable failure() {
      assertThat(result).isDone();
      return result.handle((value, failure) -> failure).join();
    }
  }

  private final Model model = new Model();
  private final List<Call> underWay = new ArrayList<>();
  private final List<Call> again = new ArrayList<>();
  private int timedOut;
  private int refusedAgain;
  private int badResults;

  private static int allTimedOut;
  private static int allRefusedAgain;
  private static int allBadResults;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89})
  void doesWhatTheModelSays(long seed) {
    Random random = new Random(seed);
    // One retry a second on top is hardly ever used up here: every other history goes without.
    perSecond = (int) (seed % 2);
    guard = guard();
    int[] seen = new int[GuardState.values().length];

    for (int step = 0; step < 5_000; step++) {
      int dice = random.nextInt(100);
      int badWeather = step / 500 % 2;
      if (dice < 35) {
        callAsync(aCall(random));
      } else if (dice < 45) {
        callBlocking(aCall(random), random, badWeather);
      } else if (dice < 80 && !underWay.isEmpty()) {
        end(underWay.remove(random.nextInt(underWay.size())), random, badWeather);
      } else {
        pass(Duration.ofMillis(random.nextInt(random.nextInt(10) == 0 ? 4_000 : 200)));
      }
      assertThat(guard.state()).as("seed %d, step %d", seed, step).isEqualTo(model.state);
      learn();
      GuardCounts counts = guard.counts();
      assertThat(Objects.requireNonNull(counts.bulkhead()).available())
          .isEqualTo(BULKHEAD - underWay.size());
      assertThat(counts.retries())
          .as("seed %d, step %d", seed, step)
          .isEqualTo(new GuardCounts.Retries(
              model.ended[0],
              model.ended[1],
              model.ended[2],
              model.ended[3],
              model.made,
              model.stopped,
              Math.max(0, model.left() / 1000)));
      assertThat(pauses.pending()).isEqualTo(underWay.size());
      seen[model.state.ordinal()]++;
    }

    assertThat(seen).as("steps in each state").doesNotContain(0);
    assertThat(model.ended).as("ends of idempotent calls").doesNotContain(0);
    assertThat(model.made).as("retries made").isPositive();
    if (perSecond == 0) {
      assertThat(model.stopped).as("retries stopped by the budget").isPositive();
    }
    allTimedOut += timedOut;
    allRefusedAgain += refusedAgain;
    allBadResults += badResults;
  }

  /** How long a breaker stays open is drawn anew each time, so that a rare step may be missing in one history. */
  @AfterAll
  static void theHistoriesHadEachKindOfStep() {
    assertThat(allTimedOut).as("time-outs").isPositive();
    assertThat(allRefusedAgain).as("retries that were refused").isPositive();
    assertThat(allBadResults).as("failed results returned").isPositive();
  }

  private Call aCall(Random random) {
    int dice = random.nextInt(20);
    return new Call(random.nextBoolean(), LEFT.get(dice < 3 ? dice : 3));
  }

  private void callAsync(Call call) {
    model.begin(call);
    Reason refused = model.admit(call);
    call.result = call.deadline.call(() -> call.idempotent
        ? guard.callIdempotentAsync(call::attempt)
        : guard.callAsync(call::attempt));

    assertThat(call.attempts).isEqualTo(call.expectedAttempts);
    if (refused == null) {
      underWay.add(call);
    } else {
      model.call(call, false);
      assertThat(call.failure()).isInstanceOf(RejectedException.class);
      assertThat(((RejectedException) Objects.requireNonNull(call.failure())).reason())
          .isEqualTo(refused);
    }
  }

  private void callBlocking(Call call, Random random, int badWeather) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i <= RETRIES; i++) {
      outcomes.add(outcome(random, badWeather));
    }
    boolean fallback = random.nextBoolean();
    Object expected = blocking(call, outcomes);
    List<Object> got = new ArrayList<>();
    Throwable thrown =
        catchThrowable(() -> got.add(call.deadline.call(() -> made(call, outcomes, fallback))));

    assertThat(call.attempts).isEqualTo(call.expectedAttempts);
    if (expected == Outcome.FAILED && call.bad) {
      assertThat(got).containsExactly(BAD);
      badResults++;
    } else if (expected.equals("well") || (fallback && !expected.equals(Outcome.IGNORED))) {
      assertThat(got).containsExactly(expected.equals("well") ? "well" : "instead");
    } else if (expected instanceof Reason reason) {
      assertThat(thrown)
          .isInstanceOfSatisfying(
              RejectedException.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    } else {
      assertThat(thrown).isExactlyInstanceOf(failure((Outcome) expected).getClass());
    }
  }

  private String made(Call call, List<Outcome> outcomes, boolean fallback) {
    if (call.idempotent) {
      return fallback
          ? guard.callIdempotent(() -> answer(call, outcomes), failure -> "instead")
          : guard.callIdempotent(() -> answer(call, outcomes));
    }
    return fallback
        ? guard.call(() -> answer(call, outcomes), failure -> "instead")
        : guard.call(() -> answer(call, outcomes));
  }

  private String answer(Call call, List<Outcome> outcomes) {
    // The clock stands still, so all attempts have the same time left as the last.
    call.attempt();
    Outcome outcome = outcomes.get(call.attempts - 1);
    call.bad = outcome == Outcome.FAILED && call.attempts % 2 == 0;
    if (call.bad) {
      return BAD;
    }
    if (outcome == Outcome.SUCCESSFUL) {
      return "well";
    }
    throw failure(outcome);
  }

  /** Returns what the model says of a blocking call: "well", why it was refused, or how it failed. */
  private Object blocking(Call call, List<Outcome> outcomes) {
    model.begin(call);
    while (true) {
      Reason refused = model.admit(call);
      if (refused != null) {
        model.call(call, false);
        refusedAgain += call.retries > 0 ? 1 : 0;
        return call.retries == 0 ? refused : Outcome.FAILED;
      }
      Outcome outcome = outcomes.get(call.retries);
      if (!model.ended(call, outcome)) {
        return outcome == Outcome.SUCCESSFUL ? "well" : outcome;
      }
    }
  }

  private void end(Call call, Random random, int badWeather) {
    if (random.nextInt(10) == 0) {
      call.cancelled = true;
      model.ended(call, Outcome.IGNORED);
      assertThat(call.result.cancel(true)).isTrue();
      assertThat(call.stage).isCancelled();
      assertThat(call.failure()).isInstanceOf(CancellationException.class);
      settle();
      return;
    }
    Outcome outcome = outcome(random, badWeather);
    if (model.ended(call, outcome)) {
      again.add(call);
    }
    call.bad = outcome == Outcome.FAILED && call.attempts % 2 == 0;
    if (call.bad) {
      call.stage.complete(BAD);
    } else if (outcome == Outcome.SUCCESSFUL) {
      call.stage.complete("well");
      assertThat(call.result).isCompletedWithValue("well");
    } else {
      call.stage.completeExceptionally(new CompletionException(failure(outcome)));
    }
    if (outcome == Outcome.IGNORED) {
      assertThat(call.failure()).isInstanceOf(IllegalArgumentException.class);
    }
    settle();
  }

  /** Lets time pass: what is not done by its time-out is cancelled, in the order it was begun. */
  private void pass(Duration step) {
    pauses.advance(step);
    for (Call call : List.copyOf(underWay)) {
      if (call.timesOutAt <= clock.nanoTime()) {
        underWay.remove(call);
        timedOut++;
        call.bad = false;
        assertThat(call.stage).isCancelled();
        if (model.ended(call, Outcome.FAILED)) {
          again.add(call);
        } else {
          assertThat(call.failure()).isInstanceOf(TimeoutException.class);
        }
      }
    }
    settle();
  }

  /** Makes the retries that are due. */
  private void settle() {
    List<Call> refused = new ArrayList<>();
    for (Call call : again) {
      if (model.admit(call) == null) {
        underWay.add(call);
      } else {
        refusedAgain++;
        model.call(call, false);
        refused.add(call);
      }
    }
    pauses.advance(Duration.ZERO);
    for (Call call : again) {
      assertThat(call.attempts).isEqualTo(call.expectedAttempts);
      assertThat(call.result.isDone()).isEqualTo(refused.contains(call));
    }
    for (Call call : refused) {
      if (call.bad) {
        assertThat(call.result).isCompletedWithValue(BAD);
        badResults++;
      } else {
        assertThat(call.failure()).isNotNull().isNotInstanceOf(RejectedException.class);
      }
    }
    again.clear();
  }

  /** Tells the model how long the guard is open: that is drawn at random. */
  private void learn() {
    if (model.state == GuardState.OPEN && model.openUntil == Long.MAX_VALUE) {
      assertThat(guard.retryAfter()).isBetween(Duration.ofMillis(500), Duration.ofMillis(4_001));
      model.openUntil = clock.nanoTime() + guard.retryAfter().toNanos();
    }
  }

  private static Outcome outcome(Random random, int badWeather) {
    int dice = random.nextInt(100);
    if (dice < 10) {
      return Outcome.IGNORED;
    }
    return dice < (badWeather == 0 ? 30 : 65) ? Outcome.FAILED : Outcome.SUCCESSFUL;
  }

  private static RuntimeException failure(Outcome outcome) {
    return outcome == Outcome.IGNORED
        ? new IllegalArgumentException("bad input")
        : new IllegalStateException("down");
  }
}
