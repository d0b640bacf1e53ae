package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs random histories, with calls that overlap, beside a model that says in thirty lines what deadline, breaker and
 * bulkhead together must do.
 */
class GuardModelTest {
  private static final int WINDOW = 6;
  private static final int MINIMUM = 3;
  private static final int TRIES = 2;
  private static final int BULKHEAD = 4;
  private static final long LOST_AFTER = Duration.ofSeconds(3).toNanos();

  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final Guard guard = Guard.builder("store")
      .countWindow(WINDOW)
      .minimumCalls(MINIMUM)
      .failureRate(0.5)
      .slowCalls(Duration.ofHours(1), 1)
      .openFor(Duration.ofSeconds(1), Duration.ofSeconds(4))
      .halfOpenCalls(TRIES)
      .halfOpenForAtMost(Duration.ofNanos(LOST_AFTER))
      .bulkhead(BULKHEAD)
      .ignoring(IllegalArgumentException.class::isInstance)
      .clock(clock)
      .build();

  /** A state of the model: the calls it has judged, and what it still lets pass. */
  private final class Model {
    private GuardState state = GuardState.CLOSED;
    private Object generation = new Object();
    private final Deque<Boolean> failed = new ArrayDeque<>();
    private int permits;
    private long openUntil;
    private long refusedSince = -1;
    private int underWay;

    @Nullable
    Reason refusal(boolean expired) {
      if (expired) {
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

    void ended(Object admittedIn, Outcome outcome) {
      underWay--;
      if (admittedIn != generation) {
        return;
      }
      if (outcome == Outcome.IGNORED) {
        permits++;
      } else {
        judge(outcome == Outcome.FAILED);
      }
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
      openUntil = Long.MIN_VALUE;
    }
  }

  private record Call(
      CompletableFuture<String> stage, CompletableFuture<String> result, Object admittedIn) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89})
  void doesWhatTheModelSays(long seed) {
    Random random = new Random(seed);
    Model model = new Model();
    List<Call> underWay = new ArrayList<>();
    int[] seen = new int[GuardState.values().length];

    for (int step = 0; step < 5_000; step++) {
      int dice = random.nextInt(100);
      if (dice < 45) {
        call(model, underWay, random.nextInt(20) == 0);
      } else if (dice < 85 && !underWay.isEmpty()) {
        end(model, underWay.remove(random.nextInt(underWay.size())), random, step / 500 % 2);
      } else {
        clock.advance(Duration.ofMillis(random.nextInt(random.nextInt(10) == 0 ? 4_000 : 200)));
      }
      assertThat(guard.state()).as("seed %d, step %d", seed, step).isEqualTo(model.state);
      if (model.state == GuardState.OPEN && model.openUntil == Long.MIN_VALUE) {
        // How long it stays open is drawn at random: the model is told.
        assertThat(guard.retryAfter()).isBetween(Duration.ofMillis(500), Duration.ofMillis(4_001));
        model.openUntil = clock.nanoTime() + guard.retryAfter().toNanos();
      }
      GuardCounts.Bulkhead bulkhead = guard.counts().bulkhead();
      assertThat(bulkhead).isNotNull();
      assertThat(bulkhead.available()).isEqualTo(BULKHEAD - underWay.size());
      seen[model.state.ordinal()]++;
    }

    assertThat(seen).as("steps in each state").doesNotContain(0);
  }

  private void call(Model model, List<Call> underWay, boolean expired) {
    CompletableFuture<String> stage = new CompletableFuture<>();
    boolean[] ran = new boolean[1];
    Reason expected = model.refusal(expired);
    CompletableFuture<String> result = Deadline.after(
            expired ? Duration.ZERO : Duration.ofDays(1), clock)
        .call(() -> guard.callAsync(() -> {
          ran[0] = true;
          return stage;
        }));

    assertThat(ran[0]).isEqualTo(expected == null);
    if (expected == null) {
      underWay.add(new Call(stage, result, model.generation));
    } else {
      assertThat(result.handle((value, failure) -> failure).join())
          .isInstanceOfSatisfying(
              RejectedException.class, refused -> assertThat(refused.reason()).isEqualTo(expected));
    }
  }

  private static void end(Model model, Call call, Random random, int weather) {
    int dice = random.nextInt(100);
    if (dice < 10) {
      model.ended(call.admittedIn, Outcome.IGNORED);
      call.stage.completeExceptionally(new IllegalArgumentException("bad input"));
    } else if (dice < 20) {
      model.ended(call.admittedIn, Outcome.IGNORED);
      assertThat(call.result.cancel(true)).isTrue();
      assertThat(call.stage).isCancelled();
    } else if (dice < (weather == 0 ? 40 : 75)) {
      model.ended(call.admittedIn, Outcome.FAILED);
      call.stage.completeExceptionally(new IllegalStateException("down"));
    } else {
      model.ended(call.admittedIn, Outcome.SUCCESSFUL);
      call.stage.complete("well");
      assertThat(call.result.join()).isEqualTo("well");
    }
  }
}
