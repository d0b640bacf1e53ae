package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.async;
import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static io.github.scalingtoolkit.cache.Fixture.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Loaders that take longer than a lease lasts, and those who wait for them. */
class SlowLoaderTest {
  private static RedisServer server;
  private static RedisAccess redis;

  private final String name = Fixture.name();
  private final Noticed noticed = new Noticed();
  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = Fixture.patient(server.url());
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  private CacheAsideBuilder<String, String> hasty() {
    return texts(redis, name).lease(Duration.ofSeconds(1)).listener(noticed);
  }

  /** Its leases last so long in Redis that no pause of this machine ends one; its time passes by {@link #clock}. */
  private CacheAside<String, String> stepped() {
    return texts(redis, name)
        .lease(Duration.ofSeconds(6))
        .loadLifetime(Duration.ofMinutes(1))
        .clock(clock)
        .listener(noticed)
        .build();
  }

  /** Returns once its lease has lasted longer than it was granted for. */
  private String slow(String key) {
    for (int renewals = 0; renewals < 3; renewals++) {
      redis.commands().pexpire("tc:" + name + ":" + key, 5000);
      clock.advance(Duration.ofMillis(2500));
      Await.until(
          "the lease is renewed", () -> redis.commands().pttl("tc:" + name + ":" + key) > 5000);
    }
    return "v of " + key;
  }

  private String held(String key) {
    inside.countDown();
    Fixture.await(goOn);
    return "v";
  }

  @Test
  void aLoadThatOutlastsItsLeaseIsStoredAndSharedAllTheSame() {
    CacheAside<String, String> one = stepped();
    CacheAside<String, String> two = hasty().loadLifetime(Duration.ofMinutes(1)).build();
    CompletableFuture<Cached<String>> loading = async(() -> one.lookup("k", key -> {
      inside.countDown();
      return slow(key);
    }));
    Fixture.await(inside);

    Cached<String> waited = two.lookup("k", key -> "second load");

    assertThat(waited).isEqualTo(new Cached<>("v of k", Outcome.L2_HIT));
    assertThat(value(loading)).isEqualTo(new Cached<>("v of k", Outcome.LOADED));
    assertThat(noticed.problems()).isEmpty();
  }

  @Test
  void aLoadOfSeveralKeysIsRenewedToo() {
    CacheAside<String, String> cache = stepped();

    cache.getAll(List.of("a", "b"), keys -> Map.of("a", slow("a"), "b", slow("b")));

    assertThat(standing(redis, name, "a")).isEqualTo("V+v of a");
    assertThat(standing(redis, name, "b")).isEqualTo("V+v of b");
  }

  @Test
  void aHolderThatRenewsNoMoreIsReplacedWithinALease() {
    CacheAside<String, String> dead = hasty().build();
    CacheAside<String, String> other = hasty().build();
    try (CapturedLog log = CapturedLog.start()) {
      CompletableFuture<String> loading = async(() -> dead.get("k", this::held));
      Fixture.await(inside);

      dead.close();

      assertThat(other.lookup("k", key -> "v of the other"))
          .isEqualTo(new Cached<>("v of the other", Outcome.LOADED));
      goOn.countDown();
      assertThat(value(loading)).isEqualTo("v");
      assertThat(standing(redis, name, "k")).isEqualTo("V+v of the other");
      assertThat(noticed.problems()).containsExactly(CacheProblem.LEASE_ENDED);
      assertThat(log.lines("cache=" + name + " problem=lease-ended"))
          .singleElement()
          .asString()
          .contains("loadLifetime");
    }
  }

  @Test
  void aLoadLongerThanItsLifetimeIsNotStoredAndSaysSo() {
    CacheAside<String, String> cache = texts(redis, name)
        .lease(Duration.ofMillis(50))
        .loadLifetime(Duration.ofMillis(100))
        .listener(noticed)
        .build();

    String value = cache.get("k", key -> {
      Await.until("the lease is over", () -> standing(redis, name, "k") == null);
      return "slow";
    });

    assertThat(value).isEqualTo("slow");
    assertThat(standing(redis, name, "k")).isNull();
    assertThat(noticed.problems()).containsExactly(CacheProblem.LEASE_ENDED);
  }

  @Test
  void aLoadThatAWriteOvertookIsNoProblem() {
    CacheAside<String, String> cache = stepped();
    CompletableFuture<String> loading = async(() -> cache.get("k", this::held));
    Fixture.await(inside);
    cache.write("k", () -> {});

    goOn.countDown();

    assertThat(value(loading)).isEqualTo("v");
    assertThat(standing(redis, name, "k")).isNull();
    assertThat(noticed.problems()).isEmpty();
  }

  @Test
  void aLeaseWithoutAnEndIsTakenOver() {
    CacheAside<String, String> cache =
        texts(redis, name).lease(Duration.ofMillis(50)).listener(noticed).build();
    redis.commands().set("tc:" + name + ":k", "Lsomebodydead");

    assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));

    assertThat(noticed.problems()).containsExactly(CacheProblem.FOREIGN);
  }

  @Test
  void aLeaseLongerThanALoadMayTakeIsWaitedFor() {
    CacheAside<String, String> cache = texts(redis, name)
        .lease(Duration.ofMinutes(1))
        .loadLifetime(Duration.ofMillis(50))
        .build();
    redis.commands().psetex("tc:" + name + ":k", 1000, "Lsomebodydead");

    assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));
  }

  @Test
  void waitingForAnotherProcessEndsWithTheCallersDeadline() {
    CacheAside<String, String> cache =
        texts(redis, name).loadLifetime(Duration.ofHours(1)).build();
    redis.commands().psetex("tc:" + name + ":k", 3_600_000, "Lsomebodyslow");

    CompletableFuture<Cached<String>> hurried =
        async(() -> Deadline.after(Duration.ofMillis(200), Clock.system())
            .call(() -> cache.lookup("k", key -> "own")));

    assertThat(value(hurried)).isEqualTo(new Cached<>("own", Outcome.BYPASS));
  }

  @Test
  void waitingInAProcessEndsWithTheCallersDeadline() {
    CacheAside<String, String> cache =
        texts(redis, name).loadLifetime(Duration.ofHours(1)).build();
    CompletableFuture<String> leader = async(() -> cache.get("k", this::held));
    Fixture.await(inside);

    CompletableFuture<Cached<String>> hurried =
        async(() -> Deadline.after(Duration.ofMillis(200), Clock.system())
            .call(() -> cache.lookup("k", key -> "own")));

    assertThat(value(hurried)).isEqualTo(new Cached<>("own", Outcome.BYPASS));
    goOn.countDown();
    assertThat(value(leader)).isEqualTo("v");
  }

  @Test
  void waitingForALoadPastTheCacheEndsWithTheCallersDeadline() {
    DirectLoads<String> direct = new DirectLoads<>(Duration.ofHours(1).toNanos());
    CompletableFuture<String> running = async(() -> direct.load("k", () -> held("k")));
    Fixture.await(inside);
    AtomicReference<Thread> waiting = new AtomicReference<>();
    CompletableFuture<String> next = async(() -> {
      waiting.set(Thread.currentThread());
      return direct.load("k", () -> "next");
    });
    Await.until("it waits", () -> Fixture.waits(waiting.get()));

    CompletableFuture<String> hurried =
        async(() -> Deadline.after(Duration.ofMillis(200), Clock.system())
            .call(() -> direct.load("k", () -> "own")));

    assertThat(value(hurried)).isEqualTo("own");
    goOn.countDown();
    assertThat(value(running)).isEqualTo("v");
    assertThat(value(next)).isEqualTo("next");
  }

  /** @param takes the time of a load whose caller has an hour */
  private void aWaiterLoadsAfter(RuntimeException failure, Duration takes) {
    CacheAside<String, String> cache =
        texts(redis, name).loadLifetime(Duration.ofMinutes(1)).build();
    CompletableFuture<String> leader = async(() -> Deadline.after(Duration.ofHours(1), clock)
        .call(() -> cache.get("k", key -> {
          held(key);
          clock.advance(takes);
          throw failure;
        })));
    Fixture.await(inside);
    AtomicReference<Thread> waiting = new AtomicReference<>();
    CompletableFuture<String> waiter = async(() -> {
      waiting.set(Thread.currentThread());
      return cache.get("k", key -> "own");
    });
    Await.until("it waits", () -> Fixture.waits(waiting.get()));

    goOn.countDown();

    assertThat(leader).failsWithin(Duration.ofSeconds(30));
    assertThat(value(waiter)).isEqualTo("own");
  }

  @Test
  void aLoaderThatHidItsInterruptDoesNotFailTheWaiters() {
    aWaiterLoadsAfter(
        new IllegalStateException("stopped", new InterruptedException()), Duration.ZERO);
  }

  @Test
  void aLoaderWhoseCallerRanOutOfTimeDoesNotFailTheWaiters() {
    aWaiterLoadsAfter(new IllegalStateException("too late"), Duration.ofHours(2));
  }
}
