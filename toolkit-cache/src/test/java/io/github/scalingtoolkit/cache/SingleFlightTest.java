package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.async;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static io.github.scalingtoolkit.cache.Fixture.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SingleFlightTest {
  private static RedisServer server;
  private static RedisAccess redis;

  private final String name = Fixture.name();
  private final AtomicInteger loads = new AtomicInteger();
  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

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

  private String slow(String key) {
    loads.incrementAndGet();
    inside.countDown();
    Fixture.await(goOn);
    return "v";
  }

  private static CacheAside<String, String> patient(RedisAccess redis, String name) {
    return texts(redis, name).loadLifetime(Duration.ofMinutes(1)).build();
  }

  @Test
  void aHundredThreadsOfOneProcessShareOneLoad() {
    CacheAside<String, String> cache = patient(redis, name);
    AtomicInteger asking = new AtomicInteger();
    List<CompletableFuture<Cached<String>>> all = new ArrayList<>();

    for (int i = 0; i < 100; i++) {
      all.add(async(() -> {
        asking.incrementAndGet();
        return cache.lookup("k", this::slow);
      }));
    }
    Fixture.await(inside);
    Await.until("all are asking", () -> asking.get() == 100);
    goOn.countDown();

    assertThat(all).allSatisfy(one -> assertThat(value(one).value()).isEqualTo("v"));
    assertThat(loads).hasValue(1);
  }

  @Test
  void twoProcessesOfTwentyThreadsShareOneLoad() {
    List<CacheAside<String, String>> processes =
        List.of(patient(redis, name), patient(redis, name));
    AtomicInteger asking = new AtomicInteger();
    List<CompletableFuture<Cached<String>>> all = new ArrayList<>();

    for (int i = 0; i < 40; i++) {
      CacheAside<String, String> process = processes.get(i % 2);
      all.add(async(() -> {
        asking.incrementAndGet();
        return process.lookup("k", this::slow);
      }));
    }
    Await.until("all are asking", () -> asking.get() == 40);
    goOn.countDown();

    assertThat(all).allSatisfy(one -> assertThat(value(one).value()).isEqualTo("v"));
    assertThat(loads).hasValue(1);
  }

  @Test
  void allWaitersGetTheLoadersException() {
    CacheAside<String, String> cache = patient(redis, name);
    IllegalStateException failure = new IllegalStateException("no database");
    CompletableFuture<String> leader = async(() -> cache.get("k", key -> {
      slow(key);
      throw failure;
    }));
    Fixture.await(inside);
    AtomicReference<Thread> waiting = new AtomicReference<>();
    CompletableFuture<String> waiter = async(() -> {
      waiting.set(Thread.currentThread());
      return cache.get("k", this::slow);
    });
    Await.until("it waits", () -> Fixture.waits(waiting.get()));

    goOn.countDown();

    assertThatThrownBy(leader::join).cause().isSameAs(failure);
    assertThatThrownBy(waiter::join).cause().isSameAs(failure);
    assertThat(loads).hasValue(1);
  }

  @Test
  void aCallerAfterAFailedLoadLoadsAgain() {
    CacheAside<String, String> cache = patient(redis, name);
    CompletableFuture<String> leader = async(() -> cache.get("k", key -> {
      throw new IllegalStateException("no database");
    }));
    assertThatThrownBy(leader::join).hasRootCauseMessage("no database");

    assertThat(cache.get("k", key -> "v")).isEqualTo("v");
  }

  @Test
  void anInterruptOfTheLoadingThreadDoesNotFailTheWaiters() {
    CacheAside<String, String> cache = patient(redis, name);
    AtomicReference<Thread> loading = new AtomicReference<>();
    CompletableFuture<String> leader = async(() -> {
      loading.set(Thread.currentThread());
      return cache.get("k", key -> {
        inside.countDown();
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        throw new IllegalStateException("interrupted");
      });
    });
    Fixture.await(inside);
    AtomicReference<Thread> waiting = new AtomicReference<>();
    CompletableFuture<String> waiter = async(() -> {
      waiting.set(Thread.currentThread());
      return cache.get("k", key -> "v");
    });
    Await.until("it waits", () -> Fixture.waits(waiting.get()));

    loading.get().interrupt();

    assertThatThrownBy(leader::join).hasRootCauseMessage("interrupted");
    assertThat(value(waiter)).isEqualTo("v");
  }

  @Test
  void anInterruptedLoadLeavesNobodyWaitingForItsLease() {
    CacheAside<String, String> cache =
        texts(redis, name).lease(Duration.ofMinutes(5)).build();
    CompletableFuture<String> leader = async(() -> cache.get("k", key -> {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted");
    }));
    assertThatThrownBy(leader::join).hasRootCauseMessage("interrupted");
    CompletableFuture<Map<String, String>> all = async(() -> cache.getAll(List.of("l"), keys -> {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted");
    }));
    assertThatThrownBy(all::join).hasRootCauseMessage("interrupted");

    assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));
    assertThat(cache.lookup("l", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));
  }

  @Test
  void anInterruptedWaiterLoadsByItselfAndStaysInterrupted() {
    CacheAside<String, String> cache = patient(redis, name);
    CompletableFuture<String> leader = async(() -> cache.get("k", this::slow));
    Fixture.await(inside);
    AtomicReference<Thread> waiting = new AtomicReference<>();
    CompletableFuture<Boolean> waiter = async(() -> {
      waiting.set(Thread.currentThread());
      assertThat(cache.get("k", key -> "own")).isEqualTo("own");
      return Thread.currentThread().isInterrupted();
    });
    Await.until("it waits", () -> Fixture.waits(waiting.get()));

    waiting.get().interrupt();

    assertThat(value(waiter)).isTrue();
    goOn.countDown();
    assertThat(value(leader)).isEqualTo("v");
  }

  @Test
  void callersDuringALoadPastTheCacheShareTheNextOne() {
    DirectLoads<String> direct = new DirectLoads<>(Duration.ofMinutes(1).toNanos());
    CompletableFuture<String> first = async(() -> direct.load("k", () -> slow("k")));
    Fixture.await(inside);
    List<Thread> threads = new java.util.concurrent.CopyOnWriteArrayList<>();
    List<CompletableFuture<String>> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(async(() -> {
        threads.add(Thread.currentThread());
        return direct.load("k", () -> "load " + loads.incrementAndGet());
      }));
    }
    Await.until(
        "all wait", () -> threads.size() == 20 && threads.stream().allMatch(Fixture::waits));

    goOn.countDown();

    assertThat(value(first)).isEqualTo("v");
    assertThat(others).allSatisfy(other -> assertThat(value(other)).isEqualTo("load 2"));
    assertThat(loads).hasValue(2);
  }

  @Test
  void aHungLoadPastTheCacheDoesNotBlockOthersForLong() {
    DirectLoads<String> direct = new DirectLoads<>(Duration.ofMillis(10).toNanos());
    CompletableFuture<String> hung = async(() -> direct.load("k", () -> slow("k")));
    Fixture.await(inside);

    assertThat(direct.load("k", () -> "second")).isEqualTo("second");
    assertThat(direct.load("k", () -> "third")).isEqualTo("third");

    goOn.countDown();
    assertThat(value(hung)).isEqualTo("v");
    assertThat(direct.load("k", () -> "fourth")).isEqualTo("fourth");
  }
}
