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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;

class LeasesTest {
  private static final Duration LONG = Duration.ofSeconds(60);

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
    CompletableFuture<Optional<Lease>> waiting = async(() -> there.acquire("lock", LONG));

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
  void whatRedisForgotIsLostAndTheNextTokenIsGreaterAllTheSame() throws Exception {
    Leases leases = leases(Duration.ofSeconds(3));
    Lease lease = leases.acquire("forgotten", Duration.ZERO).orElseThrow();
    CountDownLatch told = new CountDownLatch(1);
    lease.onLost(() -> {
      told.countDown();
      throw new IllegalStateException("a listener's own mistake");
    });
    try (Jedis jedis = server.connect()) {
      jedis.del("lease:{forgotten}:holders", "lease:{forgotten}:token");
    }

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
      for (int i = 0; i < 10; i++) {
        String name = "name-" + i;
        Lease lease = leases.acquire(name, Duration.ZERO).orElseThrow();
        CompletableFuture<Optional<Lease>> waiting = async(() -> leases.acquire(name, LONG));
        lease.close();
        assertThat(waiting.get(30, TimeUnit.SECONDS)).isPresent();
      }
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

  private Leases leases(Duration lifetime) {
    Leases leases = Leases.builder(redis).lifetime(lifetime).build();
    opened.add(leases);
    return leases;
  }

  private static double endInRedis(String name) {
    try (Jedis jedis = server.connect()) {
      return jedis.zrangeWithScores("lease:{" + name + "}:holders", 0, 0).get(0).getScore();
    }
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
