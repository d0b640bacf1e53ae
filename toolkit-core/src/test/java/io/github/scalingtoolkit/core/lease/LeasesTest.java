package io.github.scalingtoolkit.core.lease;

import static io.github.scalingtoolkit.core.lease.RedisForLeases.LONG;
import static io.github.scalingtoolkit.core.lease.RedisForLeases.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;

/** Who is given a lease, who waits for it and how it is handed over. */
class LeasesTest {
  /** Of ten hand-overs: who asks once a second needs nearly ten. */
  private static final Duration TOLD = Duration.ofSeconds(6);

  @RegisterExtension
  private static final RedisForLeases redis = new RedisForLeases();

  @Test
  void aLockHasOneHolderAndIsHandedOverWhenItCloses() throws Exception {
    Leases here = redis.leases(Duration.ofHours(1));
    Leases there = redis.leases(Duration.ofHours(1));
    Lease first = here.acquire("lock", Duration.ZERO).orElseThrow();
    assertThat(there.acquire("lock", Duration.ZERO)).isEmpty();
    CompletableFuture<Optional<Lease>> waiting = waiting(() -> there.acquire("lock", LONG));

    first.close();

    // An hour before it would have ended by itself.
    Lease second = waiting.get(30, TimeUnit.SECONDS).orElseThrow();
    assertThat(second.token()).isGreaterThan(first.token());
    assertThat(second.isHeld()).isTrue();
    assertThat(first.isHeld()).isFalse();
    first.close();
    assertThat(here.acquire("lock", Duration.ZERO)).isEmpty();
  }

  @Test
  void aWaiterIsNotifiedOfAReleaseWithoutAsking() throws Exception {
    Leases here = redis.leases(Duration.ofHours(1));
    Leases there = redis.leases(Duration.ofHours(1));
    handOver(here, there, "until-both-listen");
    Duration took = Duration.ZERO;
    for (int i = 0; i < 10; i++) {
      took = took.plus(handOver(here, there, "told"));
    }

    assertThat(took).isLessThan(TOLD);
  }

  @Test
  void oneOfAProcessAsksForEachReleaseAndTheyAreServedInOrder() throws Exception {
    Leases here = redis.leases(Duration.ofHours(1));
    Leases there = redis.leases(Duration.ofHours(1));
    handOver(here, there, "until-both-listen-in-order");
    Lease held = here.acquire("in-order", Duration.ZERO).orElseThrow();
    List<CompletableFuture<Optional<Lease>>> waiting = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiting.add(waiting(() -> there.acquire("in-order", LONG)));
    }
    long before = redis.scripts();

    for (CompletableFuture<Optional<Lease>> next : waiting) {
      held.close();
      held = next.get(30, TimeUnit.SECONDS).orElseThrow();
    }

    // For each a release and a question; once a second the first in line asks besides.
    assertThat(redis.scripts() - before).isBetween(16L, 16L + 8);
  }

  @Test
  void waitersTakeAllPermitsOfASemaphoreAtOnce() throws Exception {
    Leases here = redis.leases(Duration.ofHours(1));
    Leases there = redis.leases(Duration.ofHours(1));
    handOver(here, there, "until-both-listen-to-ten");
    for (int i = 0; i < 10; i++) {
      assertThat(here.acquire("ten", 10, Duration.ZERO)).isPresent();
    }
    List<CompletableFuture<Optional<Lease>>> waiting = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      waiting.add(waiting(() -> there.acquire("ten", 10, LONG)));
    }

    // One message for all ten permits: the first in line hears it, and each tells the next.
    redis.forget("ten");
    long began = System.nanoTime();
    try (Jedis jedis = redis.server().connect()) {
      jedis.publish("lease:released", "ten");
    }

    for (CompletableFuture<Optional<Lease>> next : waiting) {
      assertThat(next.get(30, TimeUnit.SECONDS)).isPresent();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(TOLD);
  }

  @Test
  void aWaiterThatGivesUpPassesItsNotificationOn() throws Exception {
    Releases releases = new Releases();
    Releases.Waiter first = releases.join("a");
    Releases.Waiter second = releases.join("a");
    first.aboutToTry();
    assertThat(second.await(1_000_000, 1)).isFalse();

    releases.released("a");
    first.leave(false);

    assertThat(second.await(LONG.toNanos(), LONG.toNanos())).isTrue();
    second.aboutToTry();
    second.leave(true);
    Releases.Waiter third = releases.join("a");
    assertThat(third.await(LONG.toNanos(), LONG.toNanos())).isTrue();
  }

  @Test
  void runsAnActionAsTheHolderAndGivesBackWhateverComesOfIt() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    List<Long> tokens = new ArrayList<>();

    boolean ran = leases.run("run", Duration.ZERO, lease -> {
      assertThat(leases.acquire("run", Duration.ZERO)).isEmpty();
      tokens.add(lease.token());
    });
    Optional<String> result = leases.call("run", Duration.ZERO, lease -> "made by " + lease.name());
    assertThatThrownBy(() -> leases.run("run", Duration.ZERO, lease -> {
          throw new java.io.IOException("no disk");
        }))
        .isInstanceOf(java.io.IOException.class)
        .hasMessage("no disk");

    assertThat(ran).isTrue();
    assertThat(result).contains("made by run");
    Lease free = leases.acquire("run", Duration.ZERO).orElseThrow();
    assertThat(free.token()).isGreaterThan(tokens.get(0));
    assertThat(leases.run("run", Duration.ZERO, lease -> tokens.add(0L))).isFalse();
    assertThat(leases.call("run", Duration.ZERO, lease -> tokens.add(0L))).isEmpty();
    assertThat(tokens).hasSize(1);
  }

  @Test
  void aThreadThatWouldWaitForItselfIsToldSoAtOnce() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease held = leases.acquire("own", LONG).orElseThrow();

    assertThatIllegalStateException()
        .isThrownBy(() -> leases.run("own", Duration.ofDays(1), lease -> {}))
        .withMessageContaining("'own'")
        .withMessageContaining("'" + Thread.currentThread().getName() + "'")
        .withMessageContaining("not re-entrant");

    assertThat(leases.acquire("own", Duration.ZERO)).isEmpty();
    CompletableFuture<Optional<Lease>> another = waiting(() -> leases.acquire("own", LONG));
    held.close();
    another.get(30, TimeUnit.SECONDS).orElseThrow().close();
    leases.acquire("own", LONG).orElseThrow().close();
    try (Lease one = leases.acquire("own-of-two", 2, LONG).orElseThrow();
        Lease two = leases.acquire("own-of-two", 2, LONG).orElseThrow()) {
      assertThat(two.token()).isGreaterThan(one.token());
    }
  }

  @Test
  void aThreadWaitsForALockThatItHandedToAnother() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease handed = leases.acquire("handed", LONG).orElseThrow();
    CompletableFuture<Long> elsewhere = async(handed::token);
    elsewhere.get(30, TimeUnit.SECONDS);
    Thread taker = Thread.currentThread();
    CompletableFuture<Void> closing = async(() -> {
      Await.until(
          "the taker waits", () -> LockSupport.getBlocker(taker) instanceof Releases.Waiter);
      handed.close();
      return null;
    });

    Optional<Lease> again = leases.acquire("handed", LONG);

    closing.get(30, TimeUnit.SECONDS);
    assertThat(again).isPresent();
  }

  @Test
  void theThreadsDeadlineEndsTheWaitForALeaseWithoutOne() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease held = leases.acquire("bounded", Duration.ZERO).orElseThrow();
    CompletableFuture<Optional<Lease>> before = waiting(() -> leases.acquire("bounded", LONG));
    Deadline soon = Deadline.after(Duration.ofMillis(30), Clock.system());
    CompletableFuture<Optional<Lease>> second =
        async(() -> soon.call(() -> leases.acquire("bounded", LONG)));

    assertThat(second.get(30, TimeUnit.SECONDS)).isEmpty();
    held.close();
    before.get(30, TimeUnit.SECONDS).orElseThrow().close();
    // It has passed by now: Redis is asked once all the same.
    Optional<Lease> free = soon.call(() -> leases.acquire("bounded", LONG));
    assertThat(free).isPresent();
    Optional<Lease> taken = soon.call(() -> redis.leases(LONG).acquire("bounded", LONG));
    assertThat(taken).isEmpty();
  }

  @Test
  void underContentionThereIsOneHolderAtATimeAndTokensRise() throws Exception {
    List<Leases> processes = List.of(redis.leases(LONG), redis.leases(LONG));
    AtomicInteger inside = new AtomicInteger();
    List<Long> tokens = new CopyOnWriteArrayList<>();
    List<CompletableFuture<Void>> workers = new ArrayList<>();
    for (int t = 0; t < 6; t++) {
      Leases mine = processes.get(t % 2);
      workers.add(async(() -> {
        for (int i = 0; i < 20; i++) {
          try (Lease lease = mine.acquire("contended", LONG).orElseThrow()) {
            assertThat(inside.incrementAndGet()).isEqualTo(1);
            tokens.add(lease.token());
            inside.decrementAndGet();
          }
        }
        return null;
      }));
    }
    for (CompletableFuture<Void> worker : workers) {
      worker.get(60, TimeUnit.SECONDS);
    }

    assertThat(tokens).hasSize(120).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void aSemaphoreIsNeverHeldByMoreThanItHasPermits() throws Exception {
    List<Leases> processes = List.of(redis.leases(LONG), redis.leases(LONG));
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Long> tokens = new CopyOnWriteArrayList<>();
    List<CompletableFuture<Void>> workers = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      Leases mine = processes.get(t % 2);
      workers.add(async(() -> {
        for (int i = 0; i < 15; i++) {
          try (Lease lease = mine.acquire("semaphore", 3, LONG).orElseThrow()) {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            tokens.add(lease.token());
            Thread.yield();
            inside.decrementAndGet();
          }
        }
        return null;
      }));
    }
    for (CompletableFuture<Void> worker : workers) {
      worker.get(60, TimeUnit.SECONDS);
    }
    Leases one = processes.get(0);
    for (int i = 0; i < 3; i++) {
      assertThat(one.acquire("semaphore", 3, Duration.ZERO)).isPresent();
    }

    assertThat(most.get()).isBetween(1, 3);
    assertThat(tokens).hasSize(120).doesNotHaveDuplicates();
    assertThat(one.acquire("semaphore", 3, Duration.ZERO)).isEmpty();
  }

  @Test
  void closingFailsWaitersAndLeavesNothingHeld() throws Exception {
    Leases closing = redis.leases(Duration.ofHours(1));
    Lease held =
        redis.leases(Duration.ofHours(1)).acquire("waited-for", Duration.ZERO).orElseThrow();
    CompletableFuture<Optional<Lease>> waiting = waiting(() -> closing.acquire("waited-for", LONG));

    closing.close();

    assertThat(waiting)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(IllegalStateException.class)
        .withMessageContaining("closed");
    held.close();
    assertThat(redis.leases(LONG).acquire("waited-for", Duration.ZERO)).isPresent();
  }

  @Test
  void tokensRiseAlsoWhereTheLastWasGivenByAClockAhead() throws Exception {
    long ahead = (System.currentTimeMillis() + 3_600_000) * 1000;
    try (Jedis jedis = redis.server().connect()) {
      jedis.set("lease:{skewed}:token", Long.toString(ahead));
    }
    Leases leases = redis.leases(LONG);

    Lease first = leases.acquire("skewed", Duration.ZERO).orElseThrow();
    first.close();
    Lease second = leases.acquire("skewed", Duration.ZERO).orElseThrow();

    assertThat(first.token()).isEqualTo(ahead + 1);
    assertThat(second.token()).isEqualTo(ahead + 2);
  }

  @Test
  void closingGivesBackWhatIsHeldAndTakesNothingMore() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease lease = leases.acquire("closing", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    lease.onLost(told::countDown);

    leases.close();

    assertThat(lease.isHeld()).isFalse();
    assertThat(told.getCount()).isEqualTo(1);
    assertThat(redis.leases(LONG).acquire("closing", Duration.ZERO)).isPresent();
    assertThatIllegalStateException()
        .isThrownBy(() -> leases.acquire("closing", Duration.ZERO))
        .withMessageContaining("closed");
  }

  @Test
  void anInterruptedWaiterHoldsNothing() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease lease = leases.acquire("interrupted", Duration.ZERO).orElseThrow();
    CompletableFuture<Throwable> outcome = new CompletableFuture<>();
    Thread waiter = new Thread(() -> {
      try {
        outcome.completeExceptionally(
            new AssertionError(leases.acquire("interrupted", LONG).toString()));
      } catch (InterruptedException expected) {
        outcome.complete(expected);
      }
    });
    waiter.start();
    // For a permit: while it waits for Redis' answer an interrupt only comes with that.
    Await.until("it waits", () -> LockSupport.getBlocker(waiter) instanceof Releases.Waiter);

    waiter.interrupt();

    assertThat(outcome.get(30, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    lease.close();
    assertThat(leases.acquire("interrupted", Duration.ZERO)).isPresent();
  }

  @Test
  void aWrappedClientIsEnoughAndAWaiterFindsOutByAsking() throws Exception {
    try (RedisClient client = RedisClient.create("127.0.0.1", redis.server().port());
        RedisAccess wrapped = RedisAccess.wrap(client)) {
      Leases leases = redis.leases(wrapped, Duration.ofHours(1));
      Lease lease = leases.acquire("wrapped", Duration.ZERO).orElseThrow();
      CompletableFuture<Optional<Lease>> waiting = async(() -> leases.acquire("wrapped", LONG));

      lease.close();

      assertThat(waiting.get(30, TimeUnit.SECONDS)).isPresent();
      leases.close();
    }
  }

  @Test
  void onAClusterANameLivesInOneSlotAndWaitersAreTold() throws Exception {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess access =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(10)).build();
        Leases leases = Leases.builder(access).lifetime(Duration.ofMinutes(10)).build()) {
      handOver(leases, leases, "until-it-listens");
      Duration took = Duration.ZERO;
      for (int i = 0; i < 10; i++) {
        took = took.plus(handOver(leases, leases, "name-" + i));
      }

      assertThat(took).isLessThan(TOLD);
    }
  }

  @Test
  void refusesWhatCannotWork() {
    Leases leases = redis.leases(LONG);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> leases.acquire("a b", Duration.ZERO))
        .withMessageContaining("a b");
    assertThatIllegalArgumentException().isThrownBy(() -> leases.acquire("a", 0, Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> leases.acquire("a", Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Leases.builder(redis.access()).lifetime(Duration.ofMillis(99)));
  }

  /** Hands a name over once to a waiter, and returns how long it waited after the release. */
  private static Duration handOver(Leases from, Leases to, String name) throws Exception {
    Lease lease = from.acquire(name, Duration.ZERO).orElseThrow();
    CompletableFuture<Optional<Lease>> waiting = waiting(() -> to.acquire(name, LONG));
    long closed = System.nanoTime();
    lease.close();
    Lease next = waiting.get(60, TimeUnit.SECONDS).orElseThrow();
    Duration took = Duration.ofNanos(System.nanoTime() - closed);
    next.close();
    return took;
  }

  /** Starts a call and returns once it waits for a permit. */
  private static <T> CompletableFuture<T> waiting(Callable<T> call) {
    AtomicReference<Thread> thread = new AtomicReference<>();
    CompletableFuture<T> outcome = async(() -> {
      thread.set(Thread.currentThread());
      return call.call();
    });
    Await.until(
        "it waits",
        () -> thread.get() != null
            && LockSupport.getBlocker(thread.get()) instanceof Releases.Waiter);
    return outcome;
  }
}
