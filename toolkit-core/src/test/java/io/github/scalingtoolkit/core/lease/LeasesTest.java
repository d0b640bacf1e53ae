package io.github.scalingtoolkit.core.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

class LeasesTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  /** Of ten hand-overs: who asks once a second needs nearly ten. */
  private static final Duration TOLD = Duration.ofSeconds(3);

  private static RedisServer server;
  private static RedisAccess redis;

  private final List<Leases> opened = new ArrayList<>();

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(20)).build();
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @AfterEach
  void close() {
    opened.forEach(Leases::close);
  }

  @Test
  void aLockHasOneHolderAndIsHandedOverWhenItCloses() throws Exception {
    Leases here = leases(Duration.ofHours(1));
    Leases there = leases(Duration.ofHours(1));
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
  void whoWaitsIsToldOfAReleaseAndNeedNotAsk() throws Exception {
    Leases here = leases(Duration.ofHours(1));
    Leases there = leases(Duration.ofHours(1));
    Duration took = Duration.ZERO;
    for (int i = 0; i < 10; i++) {
      took = took.plus(handOver(here, there, "told"));
    }

    assertThat(took).isLessThan(TOLD);
  }

  @Test
  void underContentionThereIsOneHolderAtATimeAndTokensRise() throws Exception {
    List<Leases> processes = List.of(leases(LONG), leases(LONG));
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
    List<Leases> processes = List.of(leases(LONG), leases(LONG));
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
  void aLeaseIsRenewedForAsLongAsItIsHeld() throws Exception {
    Leases leases = leases(Duration.ofSeconds(3));
    Lease lease = leases.acquire("renewed", Duration.ZERO).orElseThrow();
    double first = endInRedis("renewed");

    Await.until("its end has moved on", () -> endInRedis("renewed") > first + 500);

    assertThat(lease.isHeld()).isTrue();
    assertThat(leases.acquire("renewed", Duration.ZERO)).isEmpty();
  }

  @Test
  void aHolderThatIsCutOffIsToldAndItsSuccessorHasAGreaterToken() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess cutOff = RedisAccess.open(proxy.redisUrl())) {
      Leases far = Leases.builder(cutOff).lifetime(Duration.ofSeconds(2)).build();
      opened.add(far);
      Lease lost = far.acquire("cut-off", Duration.ZERO).orElseThrow();
      CountDownLatch told = new CountDownLatch(1);
      lost.onLost(told::countDown);

      proxy.hang();

      Lease next = leases(LONG).acquire("cut-off", LONG).orElseThrow();
      // It ends in its holder's view no later than in Redis, which has just handed it over.
      assertThat(lost.isHeld()).isFalse();
      assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(next.token()).isGreaterThan(lost.token());
      CountDownLatch late = new CountDownLatch(1);
      lost.onLost(late::countDown);
      assertThat(late.getCount()).isZero();

      proxy.heal();
      lost.close();
      assertThat(leases(LONG).acquire("cut-off", Duration.ZERO)).isEmpty();
      assertThat(next.isHeld()).isTrue();
    }
  }

  @Test
  void anErrorOfOneListenerKeepsNoOtherLeaseFromBeingRenewedOrTold() throws Exception {
    Leases leases = leases(Duration.ofSeconds(3));
    Lease spoilt = leases.acquire("spoilt", Duration.ZERO).orElseThrow();
    Lease other = leases.acquire("unspoilt", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch toldOther = new CountDownLatch(1);
    spoilt.onLost(() -> {
      throw new AssertionError("a listener's own mistake");
    });
    spoilt.onLost(told::countDown);
    other.onLost(toldOther::countDown);
    forget("spoilt");
    assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
    double end = endInRedis("unspoilt");

    Await.until("the other's end has moved on", () -> endInRedis("unspoilt") > end + 500);

    assertThat(other.isHeld()).isTrue();
    forget("unspoilt");
    assertThat(toldOther.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aHolderIsToldNoLaterThanRedisHandsOverAlsoWhileItsRenewalHangs() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess patient = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(30))
            .build()) {
      Leases far = Leases.builder(patient).lifetime(Duration.ofSeconds(1)).build();
      opened.add(far);
      Lease lost = far.acquire("late", Duration.ZERO).orElseThrow();
      CompletableFuture<Long> told = new CompletableFuture<>();
      lost.onLost(() -> told.complete(System.nanoTime()));
      proxy.hang();

      assertThat(leases(LONG).acquire("late", LONG)).isPresent();
      long handedOver = System.nanoTime();

      // It ends here before it does in Redis; the rest is for a busy machine's threads.
      assertThat(Duration.ofNanos(told.get(60, TimeUnit.SECONDS) - handedOver))
          .isLessThan(Duration.ofSeconds(2));
      proxy.heal();
    }
  }

  @Test
  void aListenerThatBlocksKeepsNoLeaseFromBeingRenewed() throws Exception {
    Leases leases = leases(Duration.ofSeconds(3));
    Lease lost = leases.acquire("blocking", Duration.ZERO).orElseThrow();
    Lease other = leases.acquire("unblocked", Duration.ZERO).orElseThrow();
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    lost.onLost(() -> {
      blocked.countDown();
      Await.until("it may go on", () -> release.getCount() == 0);
    });
    forget("blocking");
    assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();
    double end = endInRedis("unblocked");

    Await.until("the other's end has moved on", () -> endInRedis("unblocked") > end + 500);

    assertThat(other.isHeld()).isTrue();
    release.countDown();
  }

  @Test
  void leasesAreRenewedAlsoWhileTheBreakerBeforeOtherCommandsIsOpen() throws Exception {
    try (RedisAccess access = RedisAccess.open(server.url());
        Leases leases = Leases.builder(access).lifetime(Duration.ofSeconds(3)).build()) {
      Lease lease = leases.acquire("breaker", Duration.ZERO).orElseThrow();
      double end = endInRedis("breaker");
      access.guard().forceOpen();

      Await.until("its end has moved on", () -> endInRedis("breaker") > end + 500);

      assertThat(lease.isHeld()).isTrue();
    }
  }

  @Test
  void whoWaitsWhileItClosesIsToldSoAndHoldsNothing() throws Exception {
    Leases closing = leases(Duration.ofHours(1));
    Lease held =
        leases(Duration.ofHours(1)).acquire("waited-for", Duration.ZERO).orElseThrow();
    CompletableFuture<Optional<Lease>> waiting = waiting(() -> closing.acquire("waited-for", LONG));

    closing.close();

    assertThat(waiting)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(IllegalStateException.class)
        .withMessageContaining("closed");
    held.close();
    assertThat(leases(LONG).acquire("waited-for", Duration.ZERO)).isPresent();
  }

  @Test
  void whatRedisForgotIsLostAndTheNextTokenIsGreaterAllTheSame() throws Exception {
    Leases leases = leases(Duration.ofSeconds(3));
    Lease lease = leases.acquire("forgotten", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    lease.onLost(() -> {
      told.countDown();
      throw new IllegalStateException("a listener's own mistake");
    });
    forget("forgotten");

    assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();

    Lease next = leases.acquire("forgotten", Duration.ZERO).orElseThrow();
    assertThat(next.token()).isGreaterThan(lease.token());
  }

  @Test
  void tokensRiseAlsoWhereTheLastWasGivenByAClockAhead() throws Exception {
    long ahead = (System.currentTimeMillis() + 3_600_000) * 1000;
    try (Jedis jedis = server.connect()) {
      jedis.set("lease:{skewed}:token", Long.toString(ahead));
    }
    Leases leases = leases(LONG);

    Lease first = leases.acquire("skewed", Duration.ZERO).orElseThrow();
    first.close();
    Lease second = leases.acquire("skewed", Duration.ZERO).orElseThrow();

    assertThat(first.token()).isEqualTo(ahead + 1);
    assertThat(second.token()).isEqualTo(ahead + 2);
  }

  @Test
  void closingGivesBackWhatIsHeldAndTakesNothingMore() throws Exception {
    Leases leases = leases(Duration.ofHours(1));
    Lease lease = leases.acquire("closing", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    lease.onLost(told::countDown);

    leases.close();

    assertThat(lease.isHeld()).isFalse();
    assertThat(told.getCount()).isEqualTo(1);
    assertThat(leases(LONG).acquire("closing", Duration.ZERO)).isPresent();
    assertThatIllegalStateException()
        .isThrownBy(() -> leases.acquire("closing", Duration.ZERO))
        .withMessageContaining("closed");
  }

  @Test
  void whoIsInterruptedWhileWaitingHoldsNothing() throws Exception {
    Leases leases = leases(Duration.ofHours(1));
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
    Await.until("it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);

    waiter.interrupt();

    assertThat(outcome.get(30, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    lease.close();
    assertThat(leases.acquire("interrupted", Duration.ZERO)).isPresent();
  }

  @Test
  void aWrappedClientIsEnoughAndAWaiterFindsOutByAsking() throws Exception {
    try (RedisClient client = RedisClient.create("127.0.0.1", server.port());
        RedisAccess wrapped = RedisAccess.wrap(client)) {
      Leases leases = Leases.builder(wrapped).lifetime(Duration.ofHours(1)).build();
      opened.add(leases);
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
      Duration took = Duration.ZERO;
      for (int i = 0; i < 10; i++) {
        took = took.plus(handOver(leases, leases, "name-" + i));
      }

      assertThat(took).isLessThan(TOLD);
    }
  }

  @Test
  void refusesWhatCannotWork() {
    Leases leases = leases(LONG);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> leases.acquire("a b", Duration.ZERO))
        .withMessageContaining("a b");
    assertThatIllegalArgumentException().isThrownBy(() -> leases.acquire("a", 0, Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> leases.acquire("a", Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Leases.builder(redis).lifetime(Duration.ofMillis(99)));
  }

  @Test
  void aRedisThatIsOutIsSaidAtOnceAndNotTakenForALockThatIsHeld() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess access = RedisAccess.open(proxy.redisUrl())) {
      Leases leases = Leases.open(access);
      opened.add(leases);
      proxy.cut();

      assertThatThrownBy(() -> leases.acquire("out", LONG)).isInstanceOf(RuntimeException.class);
    }
  }

  @Test
  void aLostAnswerIsRiddenOutUnderTheSameHolderWhileThereIsTimeToWait() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = Leases.builder(access).lifetime(Duration.ofHours(1)).build();
      opened.add(leases);
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      proxy.dropReplies();

      CompletableFuture<Optional<Lease>> outcome = async(() -> leases.acquire("hiccup", LONG));
      // By the try whose answer is lost: without it, the holder's name would be in its own way for
      // an hour.
      Await.until("Redis has given the permit", () -> isHeldInRedis("hiccup"));
      proxy.heal();

      Lease lease = outcome.get(60, TimeUnit.SECONDS).orElseThrow();
      assertThat(lease.isHeld()).isTrue();
      assertThat(leases(LONG).acquire("hiccup", Duration.ZERO)).isEmpty();
      lease.close();
      assertThat(leases(LONG).acquire("hiccup", Duration.ZERO)).isPresent();
    }
  }

  @Test
  void whoGivesUpAfterALostAnswerLeavesNothingTaken() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = Leases.builder(access).lifetime(Duration.ofHours(1)).build();
      opened.add(leases);
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      proxy.dropReplies();

      assertThatThrownBy(() -> leases.acquire("given-up", Duration.ZERO))
          .isInstanceOf(JedisException.class);
      assertThat(isHeldInRedis("given-up")).isTrue();
      proxy.heal();

      // An hour before it would have ended by itself.
      assertThat(leases(LONG).acquire("given-up", LONG)).isPresent();
    }
  }

  @Test
  void whatRedisRefusesIsSaidAtOnce() {
    try (Jedis jedis = server.connect()) {
      jedis.set("lease:{wrong-type}:holders", "no sorted set");
    }
    Leases leases = leases(LONG);

    assertThatThrownBy(() -> leases.acquire("wrong-type", Duration.ofDays(1)))
        .isInstanceOf(JedisDataException.class);
  }

  private Leases leases(Duration lifetime) {
    Leases leases = Leases.builder(redis).lifetime(lifetime).build();
    opened.add(leases);
    return leases;
  }

  private static boolean isHeldInRedis(String name) {
    try (Jedis jedis = server.connect()) {
      return jedis.exists("lease:{" + name + "}:holders");
    }
  }

  private static void forget(String name) {
    try (Jedis jedis = server.connect()) {
      jedis.del("lease:{" + name + "}:holders", "lease:{" + name + "}:token");
    }
  }

  private static double endInRedis(String name) {
    try (Jedis jedis = server.connect()) {
      return jedis.zrangeWithScores("lease:{" + name + "}:holders", 0, 0).get(0).getScore();
    }
  }

  /** Hands a name over once to one who waits, and returns how long he waited from the release on. */
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

  private static <T> CompletableFuture<T> async(Callable<T> call) {
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
