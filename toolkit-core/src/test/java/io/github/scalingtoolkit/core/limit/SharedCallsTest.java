package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.limit.SharedCalls.Bounds;
import io.github.scalingtoolkit.core.limit.SharedCalls.Result;
import io.github.scalingtoolkit.core.limit.SharedCalls.Result.Answered;
import io.github.scalingtoolkit.core.limit.SharedCalls.Result.Left;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SharedCallsTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Bounds ONE_AT_A_TIME = new Bounds(1, 4, 80, LONG, LONG);

  private final List<List<String>> calls = new CopyOnWriteArrayList<>();
  private final Semaphore ends = new Semaphore(0);
  private final Map<String, Object> outcomes = new ConcurrentHashMap<>();
  private final List<Thread> callers = new ArrayList<>();
  private SharedCalls<String, String> shared =
      SharedCalls.of(this::answer, String::length, ONE_AT_A_TIME);

  /** Answers in capitals, once it may; fails where an item is "fails". */
  private List<String> answer(List<String> items) {
    calls.add(items);
    ends.acquireUninterruptibly();
    if (items.contains("fails")) {
      throw new IllegalStateException("failed");
    }
    return items.stream().map(item -> item.toUpperCase(Locale.ROOT)).toList();
  }

  private Thread comes(String item, @Nullable Deadline deadline) {
    int before = shared.waiting();
    Thread caller = new Thread(() -> {
      try {
        Result<String> result = deadline == null
            ? shared.call(item)
            : deadline.<Result<String>, RuntimeException>call(() -> shared.call(item));
        outcomes.put(item, result);
      } catch (IllegalStateException failed) {
        outcomes.put(item, failed);
      }
    });
    callers.add(caller);
    caller.start();
    Await.until(
        item + " is under way or in line",
        () -> isSent(item) || shared.waiting() > before || !caller.isAlive());
    return caller;
  }

  private void come(String... items) {
    for (String item : items) {
      comes(item, null);
    }
  }

  private boolean isSent(String item) {
    return calls.stream().anyMatch(call -> call.contains(item));
  }

  private void allEnd() throws InterruptedException {
    ends.release(100);
    for (Thread caller : callers) {
      caller.join();
    }
  }

  @Test
  void aLoneCallerGoesAtOnceAndThoseWhoComeMeanwhileTogether() throws Exception {
    come("a", "b", "c", "d");
    assertThat(calls).containsExactly(List.of("a"));

    allEnd();

    assertThat(calls).containsExactly(List.of("a"), List.of("b", "c", "d"));
    for (String item : List.of("a", "b", "c", "d")) {
      assertThat(outcomes).containsEntry(item, new Answered<>(item.toUpperCase(Locale.ROOT)));
    }
  }

  @Test
  void aCallTakesNoMoreItemsThanItMay() throws Exception {
    come("a", "b", "c", "d", "e", "f");

    allEnd();

    assertThat(calls).containsExactly(List.of("a"), List.of("b", "c", "d", "e"), List.of("f"));
  }

  @Test
  void aCallTakesNoMoreSizeThanItMay() throws Exception {
    shared = SharedCalls.of(this::answer, item -> 10, new Bounds(1, 100, 85, LONG, LONG));
    come("a", "1", "2", "3", "4", "5", "6", "7", "8", "9");

    allEnd();

    assertThat(calls)
        .containsExactly(
            List.of("a"), List.of("1", "2", "3", "4", "5", "6", "7", "8"), List.of("9"));
  }

  @Test
  void severalCallsMayBeUnderWay() throws Exception {
    shared = SharedCalls.of(this::answer, String::length, new Bounds(2, 4, 80, LONG, LONG));

    come("a", "b", "c", "d");
    assertThat(calls).containsExactly(List.of("a"), List.of("b"));
    allEnd();

    assertThat(calls).hasSize(3).contains(List.of("c", "d"));
  }

  @Test
  void whatACallThrowsIsForAllItCarriedAndForNobodyElse() throws Exception {
    come("a", "fails", "c");
    ends.release();
    Await.until("the second call is under way", () -> calls.size() == 2);
    come("d");

    allEnd();

    assertThat(outcomes.get("fails"))
        .isSameAs(outcomes.get("c"))
        .isInstanceOf(IllegalStateException.class);
    assertThat(outcomes)
        .containsEntry("a", new Answered<>("A"))
        .containsEntry("d", new Answered<>("D"));
  }

  @Test
  void whoWasCarriedIsAnsweredEvenIfTheNextCannotBeChosen() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    Clock clock = new Clock() {
      @Override
      public Instant now() {
        return Instant.EPOCH;
      }

      @Override
      public long nanoTime() {
        if (broken.get()) {
          throw new IllegalStateException("the clock is broken");
        }
        return 0;
      }
    };
    come("a", "leads", "carried");
    ends.release();
    Await.until("both are under way", () -> isSent("carried"));
    Thread next = comes("next", Deadline.after(LONG.multipliedBy(3), clock));

    broken.set(true);
    ends.release();
    Await.until("it is answered", () -> outcomes.containsKey("carried"));
    Await.until("the next one has found it out, too", () -> {
      LockSupport.unpark(next);
      return !next.isAlive();
    });

    assertThat(outcomes).containsEntry("carried", new Answered<>("CARRIED"));
  }

  @Test
  void aFailureOfAnyKindIsThrown() {
    shared = SharedCalls.of(
        items -> {
          throw SharedCallsTest.<RuntimeException>asIs(new InterruptedException());
        },
        String::length,
        ONE_AT_A_TIME);

    assertThatThrownBy(() -> shared.call("a")).isInstanceOf(InterruptedException.class);
    // A call that failed is not under way any more.
    assertThatThrownBy(() -> shared.call("a")).isInstanceOf(InterruptedException.class);
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> X asIs(Throwable thrown) throws X {
    throw (X) thrown;
  }

  @Test
  void aCallThatHangsDelaysOthersByTheirWaitAlone() throws Exception {
    shared = SharedCalls.of(
        this::answer, String::length, new Bounds(1, 4, 80, Duration.ofMillis(1), LONG));
    come("hangs");
    Thread next = new Thread(() -> outcomes.put("next", shared.call("next")));
    callers.add(next);
    next.start();

    Await.until("the next one goes all the same", () -> isSent("next"));
    allEnd();

    assertThat(outcomes)
        .containsEntry("hangs", new Answered<>("HANGS"))
        .containsEntry("next", new Answered<>("NEXT"));
  }

  @Test
  void aLargeItemGoesAloneAtOnce() throws Exception {
    String large = "x".repeat(80 / 8 + 1);
    come("a", "b", large);

    assertThat(calls).containsExactly(List.of("a"), List.of(large));
    assertThat(shared.waiting()).isOne();
    allEnd();
  }

  @Test
  void aCallerWithLittleTimeGoesAloneAtOnce() throws Exception {
    come("a", "b");

    comes("hurried", Deadline.after(LONG.plus(LONG).minusSeconds(1), Clock.system()));

    assertThat(calls).containsExactly(List.of("a"), List.of("hurried"));
    allEnd();
  }

  @Test
  void aCallerWithLessTimeThanALongCallMaySharesAllTheSame() throws Exception {
    Duration typical = Duration.ofSeconds(1);
    shared = SharedCalls.of(this::answer, String::length, new Bounds(1, 4, 80, LONG, typical));
    come("a");
    comes("b", Deadline.after(LONG.plusMinutes(1), Clock.system()));
    comes("c", Deadline.after(LONG.plusMinutes(1), Clock.system()));

    assertThat(calls).containsExactly(List.of("a"));
    allEnd();

    assertThat(calls).containsExactly(List.of("a"), List.of("b", "c"));
  }

  @Test
  void aCallRunsUnderTheLatestDeadlineOfThoseItIsFor() throws Exception {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    List<String> deadlines = new CopyOnWriteArrayList<>();
    shared = SharedCalls.of(
        items -> {
          Deadline current = Deadline.current();
          deadlines.add(
              items + (current == null ? " none" : " " + current.remaining().toMinutes()));
          return answer(items);
        },
        String::length,
        ONE_AT_A_TIME);

    comes("a", Deadline.after(LONG.multipliedBy(3), clock));
    comes("b", Deadline.after(LONG.multipliedBy(3), clock));
    comes("c", Deadline.after(LONG.multipliedBy(5), clock));
    comes("d", Deadline.after(LONG.multipliedBy(4), clock));
    ends.release();
    Await.until("c calls for three", () -> calls.size() == 2);
    comes("e", Deadline.after(LONG.multipliedBy(3), clock));
    comes("f", null);
    allEnd();

    assertThat(deadlines).containsExactly("[a] 30", "[b, c, d] 50", "[e, f] none");
    assertThat(outcomes).containsEntry("b", new Answered<>("B")).hasSize(6);
  }

  @Test
  void whoseTimeIsOverLeavesAndCutsNobodyElseShort() throws Exception {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    come("a");
    Thread taken = comes("taken", Deadline.after(LONG.multipliedBy(3), clock));
    Thread leads = comes("leads", Deadline.after(LONG.multipliedBy(5), clock));
    // Who makes a call stays with it.
    ends.release();
    Await.until("two are under way", () -> isSent("leads"));
    come("c");
    Thread inLine = comes("in line", Deadline.after(LONG.multipliedBy(4), clock));

    clock.advance(LONG.multipliedBy(4).minusSeconds(1));
    hasLeft(taken);
    clock.advance(Duration.ofSeconds(1));
    hasLeft(inLine);
    assertThat(leads.isAlive()).isTrue();
    allEnd();

    assertThat(outcomes)
        .containsEntry("taken", new Left<String>(true))
        .containsEntry("in line", new Left<String>(false))
        .containsEntry("leads", new Answered<>("LEADS"))
        .containsEntry("c", new Answered<>("C"));
    assertThat(calls).containsExactly(List.of("a"), List.of("taken", "leads"), List.of("c"));
  }

  private static void hasLeft(Thread caller) {
    Await.until("it has left", () -> {
      LockSupport.unpark(caller);
      return !caller.isAlive();
    });
  }

  @Test
  void whoLeavesACallThatCarriesTheirItemDoesNotKnowItsOutcome() throws Exception {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    come("a", "leads");
    Thread follower = comes("follower", Deadline.after(LONG.multipliedBy(3), clock));
    ends.release();
    Await.until("both are under way", () -> isSent("follower"));

    clock.advance(LONG.multipliedBy(3));
    Await.until("the follower has left", () -> {
      LockSupport.unpark(follower);
      return !follower.isAlive();
    });
    allEnd();

    assertThat(outcomes)
        .containsEntry("follower", new Left<String>(true))
        .containsEntry("leads", new Answered<>("LEADS"));
  }

  @Test
  void anInterruptedCallerIsServedAllTheSameAndStaysInterrupted() throws Exception {
    Thread.currentThread().interrupt();
    ends.release();
    assertThat(shared.call("a")).isEqualTo(new Answered<>("A"));
    assertThat(Thread.interrupted()).isTrue();

    come("b");
    Thread caller = new Thread(() -> {
      Result<String> result = shared.call("c");
      outcomes.put("c", result + " " + Thread.currentThread().isInterrupted());
    });
    callers.add(caller);
    caller.start();
    Await.until("it is in line", () -> shared.waiting() == 1);
    caller.interrupt();
    allEnd();

    assertThat(outcomes).containsEntry("c", new Answered<>("C") + " true");
  }

  @Test
  void answersThatAreTooFewAreAFailureForAll() {
    shared = SharedCalls.of(items -> List.of(), String::length, ONE_AT_A_TIME);

    assertThatThrownBy(() -> shared.call("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a call for 1 items returned 0 answers");
  }

  @Test
  void boundsMustBePositive() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Bounds(0, 1, 1, LONG, LONG))
        .withMessage("calls must be > 0 but was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Bounds(1, 1, 1, Duration.ZERO, LONG))
        .withMessage("patience must be > 0 but was PT0S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Bounds(1, 1, 1, LONG, Duration.ZERO))
        .withMessage("typical must be > 0 but was PT0S");
  }
}
