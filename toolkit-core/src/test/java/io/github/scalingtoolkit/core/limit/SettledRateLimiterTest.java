package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class SettledRateLimiterTest {
  private static RedisServer server;
  private static RedisAccess redis;

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));

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

  @Test
  void whatOneProcessAdmittedCountsInAnotherOnceTheyHaveSettled() {
    SettledRateLimiter one = limiter("share", "10/1h");
    SettledRateLimiter other = limiter("share", "10/1h");
    assertThat(admitted(one, "ada", 6)).isEqualTo(6);
    assertThat(admitted(other, "ada", 1)).isEqualTo(1);

    settleAll(one, other);

    assertThat(admitted(other, "ada", 10)).isEqualTo(3);
    assertThat(other.tryAcquire("ada").degraded()).isFalse();
    assertThat(admitted(other, "bob", 10)).isEqualTo(10);
  }

  @Test
  void whatWasTooMuchIsMadeGoodFor() {
    SettledRateLimiter one = limiter("debt", "10/1h");
    SettledRateLimiter other = limiter("debt", "10/1h");
    assertThat(admitted(one, "ada", 20)).isEqualTo(10);
    assertThat(admitted(other, "ada", 20)).isEqualTo(10);

    settleAll(one, other);

    Decision denied = other.tryAcquire("ada");
    assertThat(denied.allowed()).isFalse();
    assertThat(denied.retryAfter()).isBetween(Duration.ofMinutes(65), Duration.ofMinutes(66));
    clock.advance(denied.retryAfter().minusSeconds(1));
    assertThat(other.tryAcquire("ada").allowed()).isFalse();
    clock.advance(Duration.ofSeconds(2));
    assertThat(other.tryAcquire("ada").allowed()).isTrue();
  }

  @Test
  void debtIsBoundedByABurst() {
    List<SettledRateLimiter> many = List.of(
        limiter("bounded", "10/1h"),
        limiter("bounded", "10/1h"),
        limiter("bounded", "10/1h"),
        limiter("bounded", "10/1h"));
    many.forEach(limiter -> admitted(limiter, "ada", 10));

    many.forEach(SettledRateLimiter::settle);

    assertThat(many.get(3).tryAcquire("ada").resetAfter())
        .isBetween(Duration.ofMinutes(119), Duration.ofHours(2));
  }

  @Test
  void manyKeysAreSettledInFewRoundTrips() {
    SettledRateLimiter limiter = limiter("many", "10/1h");
    for (int i = 0; i < 1200; i++) {
      limiter.tryAcquire("user-" + i);
    }

    assertThat(limiter.settle()).isTrue();
    assertThat(limiter.settle()).isTrue();
    assertThat(limiter.settle()).isFalse();

    try (Jedis jedis = server.connect()) {
      assertThat(jedis.exists("rl:{many:user-0}:api")).isTrue();
      assertThat(jedis.exists("rl:{many:user-1199}:api")).isTrue();
    }
  }

  @Test
  void overALongerTimeTwoProcessesKeepToTheRateOfOne() {
    RateLimit limit = RateLimit.parse("api", "20/200ms");
    int admitted = 0;
    Duration took;
    Duration late;
    try (SettledRateLimiter one = SettledRateLimiter.start(redis, "rate", limit);
        SettledRateLimiter other = SettledRateLimiter.start(redis, "rate", limit)) {
      Lateness ofOne = new Lateness(one);
      Lateness ofOther = new Lateness(other);
      long began = System.nanoTime();
      while (System.nanoTime() - began < Duration.ofMillis(1500).toNanos()) {
        admitted += one.tryAcquire("ada").allowed() ? 1 : 0;
        admitted += other.tryAcquire("ada").allowed() ? 1 : 0;
        java.util.concurrent.locks.LockSupport.parkNanos(200_000);
        ofOne.look();
        ofOther.look();
      }
      took = Duration.ofNanos(System.nanoTime() - began);
      late = ofOne.sum().plus(ofOther.sum());
    }

    // 150 at the rate of one, 300 at twice that; a burst for each process at the start, and again
    // for one late settlement. While a busy machine settles later still, each counts alone.
    double atTheRate = 100.0 * took.plus(late).toMillis() / 1000;
    assertThat((double) admitted).isGreaterThanOrEqualTo(20).isLessThan(atTheRate + 4 * 20);
  }

  /** For how long a limiter had not settled for longer than a period. */
  private static final class Lateness {
    private static final long PERIOD = Duration.ofMillis(200).toNanos();

    private final SettledRateLimiter limiter;
    private long settlements;
    private long since = System.nanoTime();
    private long late;

    Lateness(SettledRateLimiter limiter) {
      this.limiter = limiter;
    }

    void look() {
      long now = System.nanoTime();
      long settled = limiter.counts().calls();
      if (settled != settlements) {
        late += Math.max(0, now - since - PERIOD);
        settlements = settled;
        since = now;
      }
    }

    Duration sum() {
      return Duration.ofNanos(late + Math.max(0, System.nanoTime() - since - PERIOD));
    }
  }

  @Test
  void whileRedisIsOutEachProcessCountsAloneWithoutWaiting() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess access = RedisAccess.open(proxy.redisUrl());
        SettledRateLimiter limiter =
            SettledRateLimiter.start(access, "outage", RateLimit.parse("api", "1000/1h"))) {
      MeterRegistry registry = new SimpleMeterRegistry();
      LimiterMetrics.bind(registry, limiter);
      assertThat(registry.get("toolkit.core.limiter.degraded").gauge().value()).isZero();
      proxy.hang();

      Await.until("Redis is known to be out", () -> limiter.tryAcquire("ada").degraded());
      Await.until(
          "it is shown",
          () -> registry.get("toolkit.core.limiter.degraded").gauge().value() == 1);
      MetricConventions.assertFollowedBy(registry);

      assertThat(admitted(limiter, "bob", 2000)).isEqualTo(1000);
      assertThat(limiter.counts().degradedAllowed()).isGreaterThanOrEqualTo(1000);
      assertThat(limiter.counts().degradedDenied()).isGreaterThanOrEqualTo(1000);
      assertThat(registry
              .get("toolkit.core.limiter.decisions")
              .tags("outcome", "allowed", "source", "degraded")
              .functionCounter()
              .count())
          .isGreaterThanOrEqualTo(1000);

      proxy.heal();
      Await.until("it is settled again", () -> !limiter.tryAcquire("cid").degraded());
    }
  }

  @Test
  void anErrorReplyToOneKeyKeepsNoOtherFromBeingSettled() {
    SettledRateLimiter one = limiter("spoilt", "10/1h");
    SettledRateLimiter other = limiter("spoilt", "10/1h");
    for (int i = 0; i < 20; i++) {
      one.tryAcquire("user-" + i, 10);
      other.tryAcquire("user-" + i, 1);
    }
    try (Jedis jedis = server.connect()) {
      jedis.lpush("rl:{spoilt:user-7}:api", "no number");
    }

    settleAll(one, other);

    for (int i = 0; i < 20; i++) {
      assertThat(other.tryAcquire("user-" + i).allowed()).as("user-%s", i).isEqualTo(i == 7);
    }
    assertThat(other.degraded()).isTrue();
  }

  @Test
  void anErrorInTheBackgroundDoesNotEndIt() {
    AtomicInteger thrown = new AtomicInteger();
    Clock failing = new Clock() {
      @Override
      public Instant now() {
        return Clock.system().now();
      }

      @Override
      public long nanoTime() {
        if (Thread.currentThread().getName().startsWith("limiter-")
            && thrown.getAndIncrement() == 0) {
          throw new AssertionError("once");
        }
        return Clock.system().nanoTime();
      }
    };
    try (SettledRateLimiter limiter = SettledRateLimiter.builder(redis, "error")
        .policy(RateLimit.parse("api", "10/1h"))
        .clock(failing)
        .start()) {
      limiter.tryAcquire("ada");
      Await.until("it has failed", () -> thrown.get() > 0);
      limiter.tryAcquire("bob");

      Await.until("it is settled again", () -> thrown.get() > 1);
    }
    SettledRateLimiter next = limiter("error", "10/1h");
    next.tryAcquire("bob", 1);
    next.settle();
    assertThat(next.tryAcquire("bob", 8).remaining()).isZero();
  }

  @Test
  void aResetHereIsHeardByAnotherProcessThatDenies() {
    SettledRateLimiter one = limiter("reset", "10/1h");
    SettledRateLimiter other = limiter("reset", "10/1h");
    assertThat(admitted(one, "ada", 10)).isEqualTo(10);
    admitted(other, "ada", 1);
    settleAll(one, other);
    assertThat(other.tryAcquire("ada").allowed()).isFalse();

    one.reset("ada");
    assertThat(admitted(one, "ada", 1)).isEqualTo(1);
    one.settle();
    clock.advance(Duration.ofSeconds(1));
    assertThat(other.tryAcquire("ada").allowed()).isFalse();
    other.settle();

    assertThat(other.peek("ada").remaining()).isEqualTo(9);
    assertThat(admitted(other, "ada", 20)).isEqualTo(9);
  }

  @Test
  void whatIsGivenBackHereIsHeardByAnotherProcessThatDenies() {
    SettledRateLimiter one = limiter("given", "10/1h");
    SettledRateLimiter other = limiter("given", "10/1h");
    assertThat(admitted(one, "ada", 9)).isEqualTo(9);
    assertThat(admitted(other, "ada", 1)).isEqualTo(1);
    settleAll(one, other);
    assertThat(other.tryAcquire("ada").allowed()).isFalse();

    one.giveBack("ada", 4);
    one.settle();
    clock.advance(Duration.ofSeconds(1));
    other.tryAcquire("ada");
    other.settle();

    assertThat(admitted(other, "ada", 20)).isEqualTo(4);
  }

  @Test
  void aResetIsNotUndoneByTheAnswerToAnOlderCharge() {
    AtomicReference<Runnable> whileItAsks = new AtomicReference<>(() -> {});
    SettledRateLimiter limiter = limiter("reset-crossed", "1/1d", whileItAsks);
    assertThat(admitted(limiter, "ada", 5)).isEqualTo(1);
    whileItAsks.set(() -> limiter.reset("ada"));

    limiter.settle();

    assertThat(limiter.peek("ada").remaining()).isEqualTo(1);
    limiter.settle();
    assertThat(admitted(limiter, "ada", 5)).isEqualTo(1);
    limiter.settle();
    assertThat(admitted(limiter, "ada", 5)).isZero();
  }

  @Test
  void whatIsGivenBackIsNotTakenAgainByTheAnswerToAnOlderCharge() {
    AtomicReference<Runnable> whileItAsks = new AtomicReference<>(() -> {});
    SettledRateLimiter one = limiter("given-crossed", "10/1d", whileItAsks);
    SettledRateLimiter other = limiter("given-crossed", "10/1d");
    assertThat(admitted(other, "ada", 3)).isEqualTo(3);
    other.settle();
    assertThat(admitted(one, "ada", 7)).isEqualTo(7);
    whileItAsks.set(() -> one.giveBack("ada", 4));

    one.settle();

    // What the other has used counts all the same.
    assertThat(one.peek("ada").remaining()).isEqualTo(4);
    one.settle();
    assertThat(admitted(one, "ada", 20)).isEqualTo(4);
    one.settle();
    assertThat(admitted(other, "ada", 1)).isEqualTo(1);
    other.settle();
    assertThat(admitted(other, "ada", 20)).isZero();
  }

  @Test
  void returnedPermitsAreNotTakenAgainByAnOlderAnswer() {
    LocalCounts counts = new LocalCounts(clock, 2, 0);
    Rate rate = Rate.of(RateLimit.parse("api", "10/1d"));
    counts.tryAcquire("ada", 10, rate);
    LocalCounts.Mark mark = counts.mark("ada");
    counts.giveBack("ada", 4, rate);

    counts.heard("ada", rate.burstNanos(), rate.burstNanos(), 0, mark, false, rate);

    assertThat(counts.peek("ada", rate).remaining()).isEqualTo(4);
  }

  @Test
  void isNoLongerDegradedAMinuteAfterTheLastFailureAlsoIfNobodyAsks() {
    try (RedisAccess out = PatientRedis.open(server.url())) {
      SettledRateLimiter limiter = SettledRateLimiter.builder(out, "idle")
          .policy(RateLimit.parse("api", "10/1h"))
          .clock(clock)
          .notStarted();
      out.guard().forceOpen();
      limiter.tryAcquire("ada");
      limiter.settle();
      clock.advance(Duration.ofMinutes(1).minusNanos(1));
      assertThat(limiter.degraded()).isTrue();

      clock.advance(Duration.ofNanos(1));

      assertThat(limiter.degraded()).isFalse();
      limiter.tryAcquire("ada");
      limiter.settle();
      assertThat(limiter.degraded()).isTrue();
    }
  }

  @Test
  void whatWasAdmittedWhileRedisWasOutIsNotForgivenByItsNextAnswer() {
    try (RedisAccess out = PatientRedis.open(server.url())) {
      SettledRateLimiter limiter = SettledRateLimiter.builder(out, "outage-debt")
          .policy(RateLimit.parse("api", "10/1h"))
          .clock(clock)
          .notStarted();
      admitted(limiter, "ada", 2);
      limiter.settle();
      out.guard().forceOpen();
      admitted(limiter, "ada", 6);
      limiter.settle();
      assertThat(limiter.tryAcquire("ada").degraded()).isTrue();
      out.guard().forceClosed();

      limiter.settle();

      assertThat(admitted(limiter, "ada", 20)).isEqualTo(1);
    }
  }

  @Test
  void aResetThatCannotBeSettledIsTriedUntilItCan() {
    SettledRateLimiter one = limiter("late-reset", "10/1h");
    admitted(one, "ada", 10);
    one.settle();
    try (RedisAccess out = PatientRedis.open(server.url())) {
      SettledRateLimiter cutOff = SettledRateLimiter.builder(out, "late-reset")
          .policy(RateLimit.parse("api", "10/1h"))
          .clock(clock)
          .notStarted();
      out.guard().forceOpen();
      cutOff.reset("ada");
      cutOff.settle();
      out.guard().forceClosed();
      cutOff.settle();
    }

    clock.advance(Duration.ofSeconds(1));
    one.tryAcquire("ada");
    one.settle();

    assertThat(admitted(one, "ada", 20)).isEqualTo(10);
  }

  @Test
  void aFloodOfDeniedCallsAsksOnceASecond() {
    SettledRateLimiter limiter = limiter("flood", "1/1h");
    admitted(limiter, "ada", 1);
    limiter.settle();
    long before = limiter.counts().calls();

    for (int second = 0; second < 3; second++) {
      clock.advance(Duration.ofSeconds(1));
      for (int i = 0; i < 1000; i++) {
        limiter.tryAcquire("ada");
        limiter.settle();
      }
    }

    assertThat(limiter.counts().calls() - before).isEqualTo(3);
  }

  @Test
  void closingSettlesALastTime() {
    SettledRateLimiter limiter =
        SettledRateLimiter.start(redis, "closing", RateLimit.parse("api", "10/1h"));
    limiter.tryAcquire("ada", 10);
    limiter.close();

    SettledRateLimiter next = limiter("closing", "10/1h");
    next.tryAcquire("ada");
    next.settle();

    assertThat(next.tryAcquire("ada").allowed()).isFalse();
  }

  /** Runs {@code once} when it next looks at the clock: in a settlement, when its content is fixed and not yet sent. */
  private SettledRateLimiter limiter(String name, String limit, AtomicReference<Runnable> once) {
    Clock crossed = new Clock() {
      @Override
      public Instant now() {
        return clock.now();
      }

      @Override
      public long nanoTime() {
        once.getAndSet(() -> {}).run();
        return clock.nanoTime();
      }
    };
    return SettledRateLimiter.builder(redis, name)
        .policy(RateLimit.parse("api", limit))
        .clock(crossed)
        .notStarted();
  }

  private SettledRateLimiter limiter(String name, String limit) {
    return SettledRateLimiter.builder(redis, name)
        .policy(RateLimit.parse("api", limit))
        .clock(clock)
        .notStarted();
  }

  private static void settleAll(SettledRateLimiter one, SettledRateLimiter other) {
    one.settle();
    other.settle();
  }

  private static int admitted(RateLimiter limiter, String key, int calls) {
    int admitted = 0;
    for (int i = 0; i < calls; i++) {
      admitted += limiter.tryAcquire(key).allowed() ? 1 : 0;
    }
    return admitted;
  }
}
