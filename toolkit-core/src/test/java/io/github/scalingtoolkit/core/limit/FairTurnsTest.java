package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.limit.FairTurns.Outcome;
import io.github.scalingtoolkit.core.limit.FairTurns.Turn;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class FairTurnsTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  private final List<String> order = Collections.synchronizedList(new ArrayList<>());

  @Test
  void aNewKeyIsServedBeforeTheWaitersOfAKeyThatHasAPlace() throws Exception {
    FairTurns turns = FairTurns.of(1, 1, 100);
    Turn first = turns.take("crowd", LONG);
    List<CompletableFuture<Void>> waiters = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      waiters.add(queued(turns, "crowd", i));
    }
    waiters.add(queued(turns, "one", 1));
    waiters.add(queued(turns, "other", 1));

    first.close();
    waiters.forEach(CompletableFuture::join);

    assertThat(order).containsExactly("one", "other", "crowd", "crowd", "crowd", "crowd", "crowd");
  }

  @Test
  void keysThatAllWaitAreServedInTurn() throws Exception {
    FairTurns turns = FairTurns.of(1, 1, 100);
    Turn first = turns.take("x", LONG);
    List<CompletableFuture<Void>> waiters = new ArrayList<>();
    for (String key : List.of("a", "b", "c")) {
      for (int i = 1; i <= 3; i++) {
        waiters.add(queued(turns, key, i));
      }
    }

    first.close();
    waiters.forEach(CompletableFuture::join);

    assertThat(order).containsExactly("a", "b", "c", "a", "b", "c", "a", "b", "c");
  }

  @Test
  void oneKeyUsesNoMorePlacesThanItMayAndLeavesTheRestToOthers() throws Exception {
    FairTurns turns = FairTurns.of(3, 2, 0);

    try (Turn one = turns.take("a", LONG);
        Turn two = turns.take("a", LONG);
        Turn three = turns.take("a", LONG);
        Turn other = turns.take("b", LONG)) {
      assertThat(one.outcome()).isEqualTo(Outcome.TAKEN);
      assertThat(two.outcome()).isEqualTo(Outcome.TAKEN);
      assertThat(three.outcome()).isEqualTo(Outcome.LINE_FULL);
      assertThat(other.outcome()).isEqualTo(Outcome.TAKEN);
    }
    try (Turn again = turns.take("a", Duration.ZERO)) {
      assertThat(again.outcome()).isEqualTo(Outcome.TAKEN);
    }
  }

  @Test
  void aCallerThatWaitsInVainOrIsInterruptedHasLeftNoPlaceBehind() throws Exception {
    FairTurns turns = FairTurns.of(1, 1, 2);
    Turn held = turns.take("a", LONG);
    try (Turn late = turns.take("b", Duration.ofMillis(1))) {
      assertThat(late.outcome()).isEqualTo(Outcome.TOO_LATE);
    }
    Thread waiter = new Thread(() -> {
      try (Turn never = turns.take("b", LONG)) {
        order.add(never.outcome().name());
      } catch (InterruptedException expected) {
        order.add("interrupted");
      }
    });
    waiter.start();
    Await.until("it waits", () -> turns.waiting("b") == 1);

    waiter.interrupt();
    waiter.join();
    held.close();
    held.close();

    assertThat(order).containsExactly("interrupted");
    try (Turn next = turns.take("c", Duration.ZERO);
        Turn beyond = turns.take("d", Duration.ZERO)) {
      assertThat(next.outcome()).isEqualTo(Outcome.TAKEN);
      assertThat(beyond.outcome()).as("closed twice, one place").isEqualTo(Outcome.TOO_LATE);
    }
  }

  @Test
  void oneKeyFillsHalfOfASharedLineHoweverManyComeAtOnce() throws Exception {
    FairTurns turns = FairTurns.of(1, 1, 100, 6);
    Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    List<Thread> crowd = new ArrayList<>();
    CountDownLatch together = new CountDownLatch(1);
    try (Turn held = turns.take("held", LONG)) {
      for (int i = 0; i < 50; i++) {
        Thread thread = new Thread(() -> {
          try {
            together.await();
            try (Turn turn = turns.take("crowd", LONG)) {
              outcomes.add(turn.outcome());
            }
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
        crowd.add(thread);
        thread.start();
      }
      together.countDown();
      Await.until("all wait or are refused", () -> turns.waiting("crowd") + outcomes.size() == 50);

      assertThat(turns.waiting("crowd")).isEqualTo(3);
      assertThat(outcomes).hasSize(47).containsOnly(Outcome.LINE_FULL);
    }
    for (Thread thread : crowd) {
      thread.join();
    }
    assertThat(outcomes).filteredOn(Outcome.TAKEN::equals).hasSize(3);
  }

  @Test
  void aSharedLineThatIsFullRefusesNewKeysUntilOneHasLeft() throws Exception {
    FairTurns turns = FairTurns.of(1, 1, 100, 2);
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    try (Turn held = turns.take("held", LONG)) {
      waiting.add(queued(turns, "a", 1));
      waiting.add(queued(turns, "b", 1));
      try (Turn refused = turns.take("c", LONG)) {
        assertThat(refused.outcome()).isEqualTo(Outcome.CROWDED);
      }
    }
    waiting.forEach(CompletableFuture::join);

    try (Turn held = turns.take("held", LONG)) {
      assertThat(lateFor(turns, "c")).isEqualTo(Outcome.TOO_LATE);
      assertThat(lateFor(turns, "d")).as("who left is not in line").isEqualTo(Outcome.TOO_LATE);
      assertThat(lateFor(turns, "e")).isEqualTo(Outcome.TOO_LATE);
    }
  }

  private static Outcome lateFor(FairTurns turns, String key) throws InterruptedException {
    try (Turn late = turns.take(key, Duration.ZERO)) {
      return late.outcome();
    }
  }

  @Test
  void refusesSizesThatServeNobody() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FairTurns.of(0, 1, 1))
        .withMessage("places must be >= 1 but was 0");
    assertThatIllegalArgumentException().isThrownBy(() -> FairTurns.of(1, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> FairTurns.of(1, 1, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FairTurns.of(1, 1, 1, 1))
        .withMessage("mostWaiting must be >= 2 but was 1");
  }

  /** Waits in a thread of its own for a place, notes its turn, and gives the place on; returns once it waits. */
  private CompletableFuture<Void> queued(FairTurns turns, String key, int position)
      throws ExecutionException, InterruptedException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try (Turn turn = turns.take(key, LONG)) {
        assertThat(turn.outcome()).isEqualTo(Outcome.TAKEN);
        order.add(key);
        done.complete(null);
      } catch (Throwable failure) {
        done.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    Await.until("it waits", () -> turns.waiting(key) == position || done.isDone());
    return done;
  }
}
