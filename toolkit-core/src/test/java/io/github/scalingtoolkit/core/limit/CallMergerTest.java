package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.limit.CallMerger.Share;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisConnectionException;

class CallMergerTest {
  private static final long PATIENT = Duration.ofSeconds(30).toNanos();

  private static final Terms TERMS = terms("1000/1h");

  private final List<Integer> asked = new ArrayList<>();
  private final CountDownLatch leading = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  @Test
  void callersDuringAQuestionShareTheNextOne() throws Exception {
    CallMerger merger = new CallMerger((key, cost, calls, terms) -> firstWaits(calls, 3), PATIENT);
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();
    List<CompletableFuture<Share>> others = queued(merger, 5);

    go.countDown();

    assertThat(admitted(first.get())).isTrue();
    List<Boolean> admitted = new ArrayList<>();
    for (CompletableFuture<Share> other : others) {
      admitted.add(admitted(other.get()));
    }
    assertThat(asked).containsExactly(1, 5);
    assertThat(admitted).containsExactly(true, true, true, false, false);
    Await.until("the line is gone", () -> merger.busy() == 0);
  }

  @Test
  void otherKeysOtherCostsAndOtherLimitsDoNotWait() throws Exception {
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) ->
            key.equals("ada") && cost == 1 && terms == TERMS ? firstWaits(calls, 1) : grant(calls),
        PATIENT);
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();

    assertThat(admitted(merger.acquire("bob", 1, TERMS))).isTrue();
    assertThat(admitted(merger.acquire("ada", 2, TERMS))).isTrue();
    assertThat(admitted(merger.acquire("ada", 1, terms("5/1h")))).isTrue();
    assertThat(first).isNotDone();

    go.countDown();
    assertThat(admitted(first.get())).isTrue();
  }

  @Test
  void thoseInLineFailWithTheirLeaderAndTheKeyIsFreeAgain() throws Exception {
    AtomicInteger questions = new AtomicInteger();
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> {
          if (questions.getAndIncrement() == 0) {
            firstWaits(calls, 1);
            throw new IllegalStateException("down");
          }
          return grant(calls);
        },
        PATIENT);
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();
    List<CompletableFuture<Share>> others = queued(merger, 3);

    go.countDown();

    assertThat(first.get().grant()).isNull();
    for (CompletableFuture<Share> other : others) {
      assertThat(other.get().grant()).isNull();
    }
    assertThat(questions).hasValue(1);
    assertThat(admitted(merger.acquire("ada", 1, TERMS))).isTrue();
  }

  @Test
  void anErrorOfTheLeaderLeavesNoCallerWaiting() throws Exception {
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> {
          firstWaits(calls, 1);
          throw new StackOverflowError();
        },
        PATIENT);
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();
    List<CompletableFuture<Share>> others = queued(merger, 2);

    go.countDown();

    assertThat(first)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableOfType(ExecutionException.class);
    assertThat(others.get(1).get().grant()).isNull();
    assertThat(merger.busy()).isZero();
  }

  @Test
  void aLeaderPastItsDeadlineDoesNotDecideForOthers() throws Exception {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    io.github.scalingtoolkit.core.guard.Guard guard =
        io.github.scalingtoolkit.core.guard.Guard.builder("redis").build();
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> guard.call(() -> firstWaits(calls, calls)), PATIENT);
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();
    Deadline deadline = Deadline.after(Duration.ofSeconds(1), clock);
    List<CompletableFuture<Share>> hurried = new ArrayList<>();
    hurried.add(inLine(merger, () -> deadline.call(() -> merger.acquire("ada", 1, TERMS))));
    hurried.addAll(queued(merger, 2));
    clock.advance(Duration.ofSeconds(2));

    go.countDown();

    assertThat(admitted(first.get())).isTrue();
    assertThat(hurried.get(0).get().grant()).isNull();
    assertThat(admitted(hurried.get(1).get())).isTrue();
    assertThat(admitted(hurried.get(2).get())).isTrue();
    assertThat(asked).containsExactly(1, 2);
  }

  @Test
  void aLeaderCutShortByItsDeadlineDoesNotDecideForOthers() throws Exception {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    AtomicInteger questions = new AtomicInteger();
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> {
          Grant grant = firstWaits(calls, calls);
          if (questions.getAndIncrement() == 0) {
            throw new JedisConnectionException(new SocketTimeoutException("Read timed out"));
          }
          return grant;
        },
        PATIENT);
    Deadline deadline = Deadline.after(Duration.ofMillis(2), clock);
    CompletableFuture<Share> hurried =
        async(() -> deadline.call(() -> merger.acquire("ada", 1, TERMS)));
    leading.await();
    List<CompletableFuture<Share>> patient = queued(merger, 3);
    clock.advance(Duration.ofMillis(5));

    go.countDown();

    assertThat(hurried.get().grant()).isNull();
    for (CompletableFuture<Share> share : patient) {
      assertThat(admitted(share.get())).isTrue();
    }
    assertThat(asked).containsExactly(1, 3);
  }

  @Test
  void anInterruptedLeaderDoesNotDecideForOthers() throws Exception {
    AtomicInteger questions = new AtomicInteger();
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> {
          Grant grant = firstWaits(calls, calls);
          if (questions.getAndIncrement() == 0) {
            Thread.currentThread().interrupt();
            throw new JedisConnectionException("interrupted");
          }
          return grant;
        },
        PATIENT);
    CompletableFuture<Share> interrupted = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();
    List<CompletableFuture<Share>> others = queued(merger, 3);

    go.countDown();

    assertThat(interrupted.get().grant()).isNull();
    for (CompletableFuture<Share> share : others) {
      assertThat(admitted(share.get())).isTrue();
    }
    assertThat(asked).containsExactly(1, 3);
  }

  @Test
  void aCallerOutOfPatienceLeavesWhileTheLeaderHangs() throws Exception {
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> firstWaits(calls, calls),
        Duration.ofMillis(1).toNanos());
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();

    for (int i = 0; i < 100; i++) {
      assertThat(merger.acquire("ada", 1, TERMS).grant()).isNull();
    }

    assertThat(merger.inLine()).isZero();
    go.countDown();
    assertThat(admitted(first.get())).isTrue();
  }

  @Test
  void aCallerOutOfPatienceLeavesAndTheOthersGoOn() throws Exception {
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> firstWaits(calls, calls),
        Duration.ofMillis(1).toNanos());
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();

    assertThat(merger.acquire("ada", 1, TERMS).grant()).isNull();
    assertThat(merger.acquire("ada", 1, TERMS).grant()).isNull();

    go.countDown();
    assertThat(admitted(first.get())).isTrue();
    Await.until("the line is gone", () -> merger.busy() == 0);
    assertThat(asked).containsExactly(1);
  }

  @Test
  void anInterruptLosesNoPermitAndIsKeptForTheCaller() throws Exception {
    CallMerger merger =
        new CallMerger((key, cost, calls, terms) -> firstWaits(calls, calls), PATIENT);
    CompletableFuture<Share> first = async(() -> merger.acquire("ada", 1, TERMS));
    leading.await();
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread waiter = new Thread(() -> {
      Thread.currentThread().interrupt();
      boolean admitted = admitted(merger.acquire("ada", 1, TERMS));
      interrupted.complete(admitted && Thread.currentThread().isInterrupted());
    });
    waiter.start();
    awaitParked(waiter);

    go.countDown();

    assertThat(admitted(first.get())).isTrue();
    assertThat(interrupted.get()).isTrue();
  }

  @Test
  void underFailuresOnlyGrantedPermitsAreUsed() throws Exception {
    AtomicLong granted = new AtomicLong();
    AtomicLong received = new AtomicLong();
    Random dice = new Random(7);
    CallMerger merger = new CallMerger(
        (key, cost, calls, terms) -> {
          int throwOf;
          synchronized (dice) {
            throwOf = dice.nextInt(10);
          }
          if (throwOf == 0) {
            throw new IllegalStateException("down");
          }
          Thread.yield();
          long fit = throwOf < 5 ? calls : calls / 2;
          granted.addAndGet(fit);
          return new Grant(fit, fit < calls ? 1 : 0, 0, 0, 0);
        },
        Duration.ofMillis(2).toNanos());
    List<CompletableFuture<?>> callers = new ArrayList<>();
    for (int t = 0; t < 12; t++) {
      callers.add(async(() -> {
        for (int i = 0; i < 5_000; i++) {
          if (admitted(merger.acquire("key-" + i % 2, 1, TERMS))) {
            received.incrementAndGet();
          }
        }
        return null;
      }));
    }

    for (CompletableFuture<?> caller : callers) {
      caller.get();
    }

    assertThat(received.get()).isPositive().isLessThanOrEqualTo(granted.get());
    assertThat(merger.busy()).isZero();
  }

  private Grant firstWaits(int calls, int fit) {
    boolean first;
    synchronized (asked) {
      asked.add(calls);
      first = asked.size() == 1;
    }
    if (first) {
      leading.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return new Grant(Math.min(calls, fit), 0, 0, 0, 0);
  }

  private static Terms terms(String limit) {
    return new Terms("api", List.of(RateLimit.parse("api", limit)));
  }

  private static Grant grant(int calls) {
    return new Grant(calls, 0, 0, 0, 0);
  }

  private static boolean admitted(Share share) {
    return share.grant() != null && share.place() < share.grant().admitted();
  }

  private static List<CompletableFuture<Share>> queued(CallMerger merger, int count)
      throws Exception {
    List<CompletableFuture<Share>> waiting = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      waiting.add(inLine(merger, () -> merger.acquire("ada", 1, TERMS)));
    }
    return waiting;
  }

  /** Starts a caller and returns once it waits, so that callers stand in line in a known order. */
  private static CompletableFuture<Share> inLine(
      CallMerger merger, java.util.concurrent.Callable<Share> call) throws Exception {
    BlockingQueue<Thread> thread = new LinkedBlockingQueue<>();
    CompletableFuture<Share> share = async(() -> {
      thread.add(Thread.currentThread());
      return call.call();
    });
    awaitParked(thread.take());
    return share;
  }

  private static void awaitParked(Thread thread) {
    Await.until("the caller waits in line", () -> thread.getState() == Thread.State.TIMED_WAITING);
  }

  private static <T> CompletableFuture<T> async(java.util.concurrent.Callable<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        result.complete(call.call());
      } catch (Throwable failure) {
        result.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    return result;
  }
}
