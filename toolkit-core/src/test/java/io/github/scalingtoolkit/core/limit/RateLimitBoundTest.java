package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.Jedis;

/** Admitted ≤ burst + rate · t, where t is Redis' own time. */
class RateLimitBoundTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);
  private static final Path FAKETIME =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");

  private static RedisServer server;
  private static RedisAccess redis;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.open(server.url());
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "one, 1, 1s, 1",
    "ten-thousand, 1000, 100ms, 1",
    "ninety-thousand, 9000, 100ms, 9",
    "odd, 7777, 77ms, 7",
    "merged, 1000, 20ms, 1"
  })
  void severalProcessesAndThreadsGetNoMoreThanTheBurstAndTheRate(
      String name, int permits, String period, int cost) throws InterruptedException {
    RateLimit limit = RateLimit.parse(name, permits + "/" + period);
    AtomicLong admitted = new AtomicLong();
    AtomicLong denied = new AtomicLong();
    AtomicBoolean enough = new AtomicBoolean();
    try (RedisRateLimiter one = limiter(redis, "bound", limit);
        RedisRateLimiter other = limiter(redis, "bound", limit)) {
      List<Thread> threads = new ArrayList<>();
      long began = micros();
      for (int t = 0; t < 8; t++) {
        RedisRateLimiter mine = t % 2 == 0 ? one : other;
        Thread thread = new Thread(() -> {
          while (!enough.get()) {
            (mine.tryAcquire("hot", cost).allowed() ? admitted : denied).addAndGet(cost);
          }
        });
        thread.start();
        threads.add(thread);
      }
      long ended = began;
      while (ended - began < 500_000 && ended >= began) {
        ended = micros();
        Thread.onSpinWait();
        java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
      }
      enough.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      double seconds = (micros() - began) / 1e6;

      double rate = permits / (limit.period().toNanos() / 1e9);
      assertThat((double) admitted.get())
          .as("admitted in %s s at %s/s", seconds, rate)
          .isLessThanOrEqualTo(permits + rate * seconds);
      assertThat(admitted.get()).isGreaterThanOrEqualTo(permits / cost * cost);
      assertThat(one.counts().degradedAllowed() + one.counts().degradedDenied()).isZero();
    }
  }

  @Test
  void withChunksItIsTheRateOfOneLifeMoreAtMost() throws InterruptedException {
    RateLimit limit = RateLimit.parse("chunked", "500/100ms");
    Duration life = Duration.ofMillis(50);
    AtomicLong admitted = new AtomicLong();
    AtomicBoolean enough = new AtomicBoolean();
    try (RedisRateLimiter one = chunked(limit, life);
        RedisRateLimiter other = chunked(limit, life)) {
      List<Thread> threads = new ArrayList<>();
      long began = micros();
      for (int t = 0; t < 4; t++) {
        RedisRateLimiter mine = t % 2 == 0 ? one : other;
        Thread thread = new Thread(() -> {
          while (!enough.get()) {
            if (mine.tryAcquire("hot").allowed()) {
              admitted.incrementAndGet();
            }
          }
        });
        thread.start();
        threads.add(thread);
      }
      while (micros() - began < 400_000) {
        java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
      }
      enough.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      double seconds = (micros() - began) / 1e6;

      assertThat((double) admitted.get())
          .isGreaterThan(500)
          .isLessThanOrEqualTo(500 + 5000 * (seconds + 0.05));
      assertThat(one.counts().allowedFromMemory()).isPositive();
    }
  }

  private static RedisRateLimiter chunked(RateLimit limit, Duration life) {
    return RedisRateLimiter.builder(redis, "bound")
        .policy(limit, FailureMode.closed())
        .budget(PATIENT)
        .chunks(20, life)
        .build();
  }

  @Test
  void exactlyTheRateIsAdmittedByTheScriptOverManySteps() {
    // The script alone, asked for one permit at a time as fast as it goes: its sums must not drift.
    RateLimit limit = RateLimit.parse("drift", "900/10ms");
    AcquireScript script = new AcquireScript(redis, "drift", List.of(limit));
    long began = micros();
    long admitted = 0;
    for (int i = 0; i < 4_000; i++) {
      admitted += script.ask("hot", 1, 7).admitted();
    }
    double seconds = (micros() - began) / 1e6;

    assertThat((double) admitted).isPositive().isLessThanOrEqualTo(900 + 90_000 * seconds);
  }

  @Test
  void theScriptForSeveralPoliciesAnswersForOneAsTheOneForOneDoes() {
    LuaScript one =
        LuaScript.fromResource(AcquireScript.class, "/META-INF/toolkit/core/lua/acquire.lua");
    LuaScript several =
        LuaScript.fromResource(AcquireScript.class, "/META-INF/toolkit/core/lua/acquire-all.lua");
    Random random = new Random(3);
    try (Jedis jedis = server.connect()) {
      for (int i = 0; i < 400; i++) {
        String cost = Integer.toString(1 + random.nextInt(4));
        String calls = Integer.toString(1 + random.nextInt(5));
        String burst = Integer.toString(1 + random.nextInt(30));
        List<String> arguments = List.of(cost, calls, burst, "3600000000");
        List<Long> here = numbers(jedis.eval(one.text(), List.of("{same}:one"), arguments));
        List<Long> there =
            numbers(jedis.eval(several.text(), List.of("{same}:several"), arguments));

        // Both within some ms of a clock on which a permit is worth an hour.
        assertThat(there.get(0)).as("admitted by %s", arguments).isEqualTo(here.get(0));
        assertThat(there.get(1) / 60_000_000.0).isCloseTo(here.get(1) / 60_000_000.0, within(1.0));
        assertThat(there.get(2)).isEqualTo(here.get(2));
        assertThat(Math.abs(there.get(3) - here.get(3))).isLessThanOrEqualTo(1);
        assertThat(there.get(4) / 60_000_000.0).isCloseTo(here.get(4) / 60_000_000.0, within(1.0));
        if (i % 20 == 0) {
          jedis.del("{same}:one", "{same}:several");
        }
      }
    }
  }

  private static List<Long> numbers(Object reply) {
    return ((List<?>) reply).stream().map(Long.class::cast).toList();
  }

  @Test
  void aClockSetForwardAddsABurstAtMostAndOneSetBackNoWaitLongerThanAPeriod(@TempDir Path directory)
      throws IOException {
    assumeTrue(Files.exists(FAKETIME), "NOT RUN: needs Debian's libfaketime");
    assumeTrue(
        System.getProperty("toolkit.test.redis-server") == null,
        "NOT RUN: needs the embedded Redis: Debian's 7.0.15 does not start under libfaketime");
    Path offset = directory.resolve("offset");
    Files.writeString(offset, "+0");
    try (RedisServer lying = RedisServer.startIn(Map.of(
            "LD_PRELOAD",
            FAKETIME.toString(),
            "FAKETIME_TIMESTAMP_FILE",
            offset.toString(),
            "FAKETIME_NO_CACHE",
            "1",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1"));
        RedisAccess access = RedisAccess.open(lying.url())) {
      RateLimit limit = RateLimit.parse("api", "10/10m");
      AcquireScript script = new AcquireScript(access, "clock", List.of(limit));
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(10);

      Files.writeString(offset, "+3m");
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(3);
      Files.writeString(offset, "+3d");
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(10);
      Files.writeString(offset, "-30d");
      Grant afterBack = script.ask("ada", 1, 100);

      assertThat(afterBack.admitted()).isZero();
      assertThat(afterBack.retryMicros()).isBetween(59_000_000L, 60_000_000L);
      assertThat(afterBack.resetMicros()).isLessThanOrEqualTo(600_000_000L);
      Files.writeString(offset, "-2591880s");
      assertThat(script.ask("ada", 1, 100).admitted()).isEqualTo(2);
    }
  }

  private static long micros() {
    try (Jedis jedis = server.connect()) {
      List<String> time = jedis.time();
      return Long.parseLong(time.get(0)) * 1_000_000 + Long.parseLong(time.get(1));
    }
  }

  private static RedisRateLimiter limiter(RedisAccess redis, String name, RateLimit limit) {
    return RedisRateLimiter.builder(redis, name)
        .policy(limit, FailureMode.closed())
        .budget(PATIENT)
        .build();
  }
}
