package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RateLimiterUnderFailureTest {
  private static final RateLimit LIMIT = RateLimit.parse("api", "10/1h");

  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  enum Fault {
    HUNG(FaultProxy::hang),
    DEAD(FaultProxy::cut),
    ANSWERS_LOST(FaultProxy::dropReplies);

    private final Consumer<FaultProxy> strike;

    Fault(Consumer<FaultProxy> strike) {
      this.strike = strike;
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void eachPolicyHasItsFailureModeUntilRedisIsBack(Fault fault) {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.open(proxy.redisUrl());
        RedisRateLimiter open = limiter(redis, "open", FailureMode.open());
        RedisRateLimiter closed = limiter(redis, "closed", FailureMode.closed());
        RedisRateLimiter local = limiter(redis, "local", FailureMode.local(2))) {
      List<RedisRateLimiter> all = List.of(open, closed, local);
      all.forEach(limiter ->
          Await.until("Redis decides", () -> !limiter.tryAcquire("warm-up").degraded()));

      fault.strike.accept(proxy);
      // Each on a key of its own, so that a first answer that Redis still gave does not count.
      all.forEach(limiter ->
          Await.until("Redis is out", () -> limiter.tryAcquire("before").degraded()));

      assertThat(decisions(open, 30)).hasSize(30).allMatch(Decision::allowed);
      assertThat(decisions(closed, 30)).noneMatch(Decision::allowed).allMatch(Decision::degraded);
      List<Decision> here = decisions(local, 30);
      assertThat(here.stream().filter(Decision::allowed)).hasSize(5);
      assertThat(here).allMatch(decision -> decision.limit().equals(LIMIT));
      assertThat(local.counts().degradedAllowed()).isGreaterThanOrEqualTo(5);
      assertThat(local.counts().degradedDenied()).isGreaterThanOrEqualTo(25);
      all.forEach(limiter -> Await.until("the breaker is open", () -> {
        limiter.tryAcquire("more");
        return limiter.guard().state() != GuardState.CLOSED;
      }));

      proxy.heal();

      all.forEach(limiter ->
          Await.until("Redis decides again", () -> !limiter.tryAcquire("after").degraded()));
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void anOpenBreakerAsksRedisNothing() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.open(proxy.redisUrl());
        RedisRateLimiter limiter = limiter(redis, "breaker", FailureMode.local(1))) {
      proxy.hang();
      Await.until("the breaker is open", () -> {
        limiter.tryAcquire("ada");
        return limiter.guard().state() == GuardState.OPEN;
      });

      long began = System.nanoTime();
      for (int i = 0; i < 5_000; i++) {
        limiter.tryAcquire("key-" + i);
      }

      // 5,000 budgets of 20 ms would be 100 s.
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  void severalPoliciesTakeFromEveryShareOrFromNone() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.open(proxy.redisUrl());
        RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "both")
            .policy(RateLimit.parse("wide", "10/1h"), FailureMode.local(1))
            .policy(RateLimit.parse("narrow", "4/1h"), FailureMode.local(1))
            .build()) {
      proxy.cut();

      assertThat(limiter.tryAcquire("ada", 3).allowed()).isTrue();
      for (int i = 0; i < 20; i++) {
        Decision denied = limiter.tryAcquire("ada", 3);
        assertThat(denied.allowed()).isFalse();
        assertThat(denied.limit().name()).isEqualTo("narrow");
      }

      // Had the wide one been charged for the denied calls, nothing would be left of it.
      assertThat(limiter.tryAcquire("ada", 1).allowed()).isTrue();
    }
  }

  @Test
  void onAClusterEveryKeyHasItsSlotAndAllItsPoliciesAreInIt() {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis = PatientRedis.open(cluster.url());
        RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "api")
            .policy(RateLimit.parse("burst", "2/1h"), FailureMode.closed())
            .policy(RateLimit.parse("daily", "5/1d"), FailureMode.closed())
            .budget(Duration.ofSeconds(20))
            .build()) {
      for (int i = 0; i < 50; i++) {
        assertThat(decisions(limiter, 3, "user-" + i))
            .extracting(Decision::allowed, Decision::degraded)
            .containsExactly(
                org.assertj.core.groups.Tuple.tuple(true, false),
                org.assertj.core.groups.Tuple.tuple(true, false),
                org.assertj.core.groups.Tuple.tuple(false, false));
      }
      assertThat(cluster.masters()).allSatisfy(master -> {
        try (var jedis = master.connect()) {
          assertThat(jedis.dbSize()).isPositive();
        }
      });
    }
  }

  @Test
  void aWrappedClientIsUsedAsItIsAndStaysOpen() {
    try (redis.clients.jedis.RedisClient client =
            redis.clients.jedis.RedisClient.create("127.0.0.1", server.port());
        RedisAccess redis = RedisAccess.wrap(client)) {
      try (RedisRateLimiter limiter = limiter(redis, "wrapped", FailureMode.closed())) {
        assertThat(limiter.tryAcquire("ada").allowed()).isTrue();
        assertThat(limiter.guard()).isNotSameAs(redis.guard());
      }
      assertThat(client.ping()).isEqualTo("PONG");
    }
  }

  @Test
  void callersOfOneHotKeyAreMergedIntoFarFewerQuestions() throws InterruptedException {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = PatientRedis.open(proxy.redisUrl());
        RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "merged")
            .policy(RateLimit.parse("api", "1000/1h"), FailureMode.closed())
            .budget(Duration.ofSeconds(20))
            .build()) {
      limiter.tryAcquire("warm-up");
      proxy.delay(Duration.ofMillis(5));
      AtomicInteger allowed = new AtomicInteger();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 32; t++) {
        Thread thread = new Thread(() -> {
          for (int i = 0; i < 40; i++) {
            if (limiter.tryAcquire("hot").allowed()) {
              allowed.incrementAndGet();
            }
          }
        });
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(allowed).hasValue(1000);
      assertThat(limiter.counts().calls()).isLessThan(640);
    }
  }

  private static List<Decision> decisions(RedisRateLimiter limiter, int count) {
    return decisions(limiter, count, "ada");
  }

  private static List<Decision> decisions(RedisRateLimiter limiter, int count, String key) {
    List<Decision> decisions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      decisions.add(limiter.tryAcquire(key));
    }
    return decisions;
  }

  private static RedisRateLimiter limiter(RedisAccess redis, String name, FailureMode mode) {
    return RedisRateLimiter.builder(redis, name).policy(LIMIT, mode).build();
  }
}
