package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.scalingtoolkit.core.guard.GuardMetrics;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class RedisRateLimiterTest {
  private static final FailureMode CLOSED = FailureMode.closed();
  /** A machine that others use may hold an answer up for longer than 20 ms. */
  private static final Duration PATIENT = Duration.ofSeconds(20);

  private static RedisServer server;
  private static RedisAccess redis;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = PatientRedis.open(server.url());
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @Test
  void twoProcessesShareTheirPermits() {
    try (RedisRateLimiter here = limiter("share", "5/1h");
        RedisRateLimiter there = limiter("share", "5/1h")) {
      List<Decision> decisions = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        decisions.add(here.tryAcquire("ada"));
        decisions.add(there.tryAcquire("ada"));
      }

      assertThat(decisions)
          .extracting(Decision::allowed)
          .containsExactly(true, true, true, true, true, false);
      assertThat(decisions).extracting(Decision::remaining).containsExactly(4L, 3L, 2L, 1L, 0L, 0L);
      Decision denied = decisions.get(5);
      assertThat(denied.retryAfter()).isBetween(Duration.ofMinutes(11), Duration.ofMinutes(12));
      assertThat(denied.resetAfter()).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(60));
      assertThat(denied.degraded()).isFalse();
      assertThat(here.tryAcquire("bob").allowed()).isTrue();
    }
  }

  @Test
  void aDearCallLeavesTheRestToCheapOnes() {
    try (RedisRateLimiter limiter = clocked("cost", "10/1h", ManualClock.startingAt(NOW))) {
      assertThat(limiter.tryAcquire("ada", 7).remaining()).isEqualTo(3);
      Decision dear = limiter.tryAcquire("ada", 4);
      Decision dearAgain = limiter.tryAcquire("ada", 5);
      Decision cheap = limiter.tryAcquire("ada", 3);

      assertThat(dear.allowed()).isFalse();
      assertThat(dear.remaining()).isEqualTo(3);
      assertThat(dear.retryAfter()).isBetween(Duration.ofMinutes(5), Duration.ofMinutes(6));
      assertThat(dearAgain.allowed()).isFalse();
      assertThat(cheap.allowed()).isTrue();
      assertThat(limiter.counts().deniedFromMemory()).isEqualTo(1);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> limiter.tryAcquire("ada", 11))
          .withMessageContaining("1 to 10");
      assertThatIllegalArgumentException().isThrownBy(() -> limiter.tryAcquire("ada", 0));
    }
  }

  @Test
  void aCallTakesFromAllPoliciesOrFromNone() {
    try (RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "several")
        .policy(RateLimit.parse("burst", "2/10m"), CLOSED)
        .policy(RateLimit.parse("daily", "3/1d"), CLOSED)
        .budget(PATIENT)
        .build()) {
      assertThat(limiter.policyHeader("ada"))
          .isEqualTo("\"burst\";q=2;w=600, \"daily\";q=3;w=86400");
      limiter.tryAcquire("ada");
      Decision second = limiter.tryAcquire("ada");
      assertThat(second.limit().name()).isEqualTo("burst");
      assertThat(second.remaining()).isZero();

      Decision denied = limiter.tryAcquire("ada");

      assertThat(denied.allowed()).isFalse();
      assertThat(denied.limit().name()).isEqualTo("burst");
      try (Jedis jedis = server.connect()) {
        jedis.del("rl:{several:ada}:burst");
      }
      try (RedisRateLimiter fresh = RedisRateLimiter.builder(redis, "several")
          .policy(RateLimit.parse("burst", "2/10m"), CLOSED)
          .policy(RateLimit.parse("daily", "3/1d"), CLOSED)
          .budget(PATIENT)
          .build()) {
        // The denied call took nothing from the day, so one is left of it.
        assertThat(fresh.tryAcquire("ada").allowed()).isTrue();
        Decision ofTheDay = fresh.tryAcquire("ada");
        assertThat(ofTheDay.allowed()).isFalse();
        assertThat(ofTheDay.limit().name()).isEqualTo("daily");
        assertThat(ofTheDay.rateLimitHeader())
            .isEqualTo("\"daily\";r=0;t=" + ofTheDay.retryAfterSeconds());
        try (Jedis jedis = server.connect()) {
          long until = Long.parseLong(jedis.get("rl:{several:ada}:burst").replaceAll("\\..*", ""));
          assertThat(fresh.tryAcquire("ada", 1).allowed()).isFalse();
          assertThat(Long.parseLong(jedis.get("rl:{several:ada}:burst").replaceAll("\\..*", "")))
              .isEqualTo(until);
        }
      }
    }
  }

  @Test
  void whatWasUsedCountsOnWhenTheLimitIsChanged() {
    try (RedisRateLimiter wide = limiter("change", "100/1h")) {
      for (int i = 0; i < 50; i++) {
        wide.tryAcquire("ada");
      }
    }
    try (RedisRateLimiter narrow = limiter("change", "10/1h")) {
      // 50 of 100 are half an hour ahead, which are 5 of 10.
      assertThat(narrow.tryAcquire("ada").remaining()).isEqualTo(4);
    }
    try (RedisRateLimiter shorter = limiter("change", "10/1m")) {
      Decision denied = shorter.tryAcquire("ada");

      assertThat(denied.allowed()).isFalse();
      assertThat(denied.retryAfter()).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(6));
    }
    try (Jedis jedis = server.connect()) {
      // It was pulled back for good, and not only read as less.
      assertThat(jedis.pttl("rl:{change:ada}:api")).isBetween(1L, 60_001L);
    }
  }

  @Test
  void aKeyIsGoneFromRedisWhenItsPermitsAreBack() {
    try (RedisRateLimiter limiter = limiter("expiry", "10/10s");
        Jedis jedis = server.connect()) {
      limiter.tryAcquire("ada", 3);

      assertThat(jedis.pttl("rl:{expiry:ada}:api")).isBetween(1L, 3002L);
    }
  }

  @Test
  void aKeyMayHaveBracesAndAnything() {
    try (RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "odd")
        .policy(RateLimit.parse("a", "2/1h"), CLOSED)
        .policy(RateLimit.parse("b", "2/1h"), CLOSED)
        .budget(PATIENT)
        .build()) {
      for (String key : List.of("", "}", "{}", "a}b{c", "ключ", "a b\n", "x".repeat(10_000))) {
        assertThat(limiter.tryAcquire(key).allowed()).isTrue();
        assertThat(limiter.tryAcquire(key).allowed()).isTrue();
        assertThat(limiter.tryAcquire(key).allowed()).isFalse();
      }
    }
  }

  @Test
  void aFloodOfDeniedCallsAsksRedisOnceASecondAndWhenAPermitIsBack() {
    ManualClock clock = ManualClock.startingAt(NOW);
    try (RedisRateLimiter limiter = clocked("flood", "5/1h", clock);
        RedisRateLimiter quick = clocked("quick", "1/100ms", clock);
        Jedis jedis = server.connect()) {
      for (int i = 0; i < 5; i++) {
        assertThat(limiter.tryAcquire("ada").allowed()).isTrue();
      }
      jedis.configResetStat();

      int denied = 0;
      for (int i = 0; i < 10_000; i++) {
        denied += limiter.tryAcquire("ada").allowed() ? 0 : 1;
      }

      assertThat(denied).isEqualTo(10_000);
      assertThat(evals(jedis)).isEqualTo(1);
      clock.advance(Duration.ofSeconds(1).minusNanos(1));
      limiter.tryAcquire("ada");
      assertThat(evals(jedis)).isEqualTo(1);
      clock.advance(Duration.ofNanos(1));
      limiter.tryAcquire("ada");
      assertThat(evals(jedis)).isEqualTo(2);

      Decision known = quick.tryAcquire("ada");
      while (known.allowed()) {
        known = quick.tryAcquire("ada");
      }
      long asked = evals(jedis);
      clock.advance(known.retryAfter().minusNanos(1));
      quick.tryAcquire("ada");
      assertThat(evals(jedis)).isEqualTo(asked);
      clock.advance(Duration.ofNanos(1));
      quick.tryAcquire("ada");
      assertThat(evals(jedis)).isEqualTo(asked + 1);
    }
  }

  private static final Instant NOW = Instant.parse("2026-11-23T08:00:00Z");

  @Test
  void whatAnotherProcessGivesBackOrResetsIsFoundWithinASecond() {
    ManualClock clock = ManualClock.startingAt(NOW);
    try (RedisRateLimiter here = limiter("elsewhere", "5/1h");
        RedisRateLimiter there = clocked("elsewhere", "5/1h", clock)) {
      for (int i = 0; i < 5; i++) {
        here.tryAcquire("ada");
      }
      assertThat(there.tryAcquire("ada").allowed()).isFalse();

      here.giveBack("ada", 1);
      assertThat(there.tryAcquire("ada").allowed()).isFalse();
      clock.advance(Duration.ofSeconds(1));
      assertThat(there.tryAcquire("ada").allowed()).isTrue();
      assertThat(there.tryAcquire("ada").allowed()).isFalse();

      here.reset("ada");
      clock.advance(Duration.ofSeconds(1));
      assertThat(there.peek("ada").remaining()).isEqualTo(5);
      assertThat(there.tryAcquire("ada", 5).allowed()).isTrue();
    }
  }

  @Test
  void givingBackAndResettingAreOfAllPolicies() {
    try (RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "given-several")
        .policy(RateLimit.parse("burst", "2/10m"), CLOSED)
        .policy(RateLimit.parse("daily", "3/1d"), CLOSED)
        .budget(PATIENT)
        .build()) {
      limiter.tryAcquire("ada", 2);
      limiter.giveBack("ada", 1);
      assertThat(limiter.peek("ada").limit().name()).isEqualTo("burst");
      assertThat(limiter.peek("ada").remaining()).isEqualTo(1);
      assertThat(limiter.tryAcquire("ada").allowed()).isTrue();
      assertThat(limiter.tryAcquire("ada").limit().name()).isEqualTo("burst");

      limiter.reset("ada");

      try (Jedis jedis = server.connect()) {
        assertThat(jedis.exists("rl:{given-several:ada}:burst", "rl:{given-several:ada}:daily"))
            .isZero();
      }
      assertThat(limiter.tryAcquire("ada", 2).allowed()).isTrue();
    }
  }

  @Test
  void givingBackIsNotCutShortByTheCallersDeadline() {
    try (RedisRateLimiter limiter = limiter("hurried", "2/1h")) {
      limiter.tryAcquire("ada", 2);

      Deadline.after(Duration.ZERO, Clock.system()).call(() -> {
        limiter.giveBack("ada", 2);
        return true;
      });

      assertThat(limiter.tryAcquire("ada", 2).allowed()).isTrue();
      assertThat(limiter.degraded()).isFalse();
    }
  }

  @Test
  void aLateOrInterruptedCallerIsDeniedInEveryFailureMode() {
    try (RedisRateLimiter limiter = openLimiter("too-late", "2/1h")) {
      Deadline over = Deadline.after(Duration.ZERO, Clock.system());
      List<Decision> decisions = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        decisions.add(over.call(() -> limiter.tryAcquire("ada")));
        decisions.add(over.call(() -> limiter.peek("ada")));
      }

      assertThat(decisions).noneMatch(Decision::allowed).noneMatch(Decision::degraded);
      assertThat(limiter.counts().degradedAllowed()).isZero();
      assertThat(limiter.degraded()).isFalse();

      limiter.tryAcquire("ada", 2);
      List<Decision> interrupted = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Thread.currentThread().interrupt();
        try {
          interrupted.add(limiter.tryAcquire("ada"));
          interrupted.add(limiter.peek("ada"));
        } finally {
          assertThat(Thread.interrupted()).isTrue();
        }
      }
      assertThat(interrupted).noneMatch(Decision::allowed).noneMatch(Decision::degraded);
    }
  }

  @Test
  void theLastQuestionOfAWaiterIsAnsweredByRedisWhateverItsDeadline() throws Exception {
    try (RedisRateLimiter limiter = openLimiter("last-question", "3/1h")) {
      Deadline over = Deadline.after(Duration.ZERO, Clock.system());
      List<Decision> decisions = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        String key = i < 10 ? "ada" : "bob";
        decisions.add(over.call(() -> limiter.await(key, PATIENT)));
      }
      List<Decision> together = Collections.synchronizedList(new ArrayList<>());
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Thread thread =
            new Thread(() -> together.add(Deadline.after(Duration.ofMillis(20), Clock.system())
                .call(() -> limiter.await("cid", PATIENT))));
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(decisions).noneMatch(Decision::degraded);
      assertThat(decisions.stream().filter(Decision::allowed)).hasSize(6);
      assertThat(together).hasSize(20).noneMatch(Decision::degraded);
      assertThat(together.stream().filter(Decision::allowed)).hasSize(3);
    }
  }

  @Test
  void aResetNeedsNoLimitOfTheKey() {
    AtomicBoolean plansAreLost = new AtomicBoolean();
    try (RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "lost-plans")
        .policy(
            "plan",
            user -> {
              if (plansAreLost.get()) {
                throw new IllegalStateException("no plans");
              }
              return RateLimit.parse("plan", "1/1h");
            },
            CLOSED)
        .budget(PATIENT)
        .build()) {
      limiter.tryAcquire("ada");
      assertThat(limiter.tryAcquire("ada").allowed()).isFalse();
      plansAreLost.set(true);

      limiter.reset("ada");

      plansAreLost.set(false);
      assertThat(limiter.tryAcquire("ada").allowed()).isTrue();
    }
  }

  @Test
  void aLookWritesNothing() {
    try (RedisRateLimiter wide = limiter("look", "100/1d")) {
      wide.tryAcquire("ada", 100);
    }
    try (RedisRateLimiter narrow = limiter("look", "10/1m");
        Jedis jedis = server.connect()) {
      String before = jedis.get("rl:{look:ada}:api");

      Decision look = narrow.peek("ada");

      assertThat(look.allowed()).isFalse();
      assertThat(look.retryAfter()).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(6));
      assertThat(jedis.get("rl:{look:ada}:api")).isEqualTo(before);
      assertThat(narrow.counts().denied()).isZero();
    }
  }

  @Test
  void noKeyInRedisIsLongHoweverLongTheCallersIs() {
    try (RedisRateLimiter limiter = limiter("long", "2/1h");
        Jedis jedis = server.connect()) {
      limiter.tryAcquire("x".repeat(100));
      limiter.tryAcquire("x".repeat(100_000));

      assertThat(jedis.keys("rl:{long:*"))
          .hasSize(2)
          .allMatch(key -> key.length() <= 120)
          .contains("rl:{long:" + "x".repeat(100) + "}:api");
    }
  }

  @Test
  void onlyOneWaiterAsksRedisAndAllAreServedInOrder() throws InterruptedException {
    try (RedisRateLimiter limiter = limiter("line", "10/1s")) {
      limiter.tryAcquire("ada", 10);
      long before = limiter.counts().calls();
      List<Integer> served = Collections.synchronizedList(new ArrayList<>());
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int place = i;
        Thread thread = new Thread(() -> {
          try {
            if (limiter.await("ada", PATIENT).allowed()) {
              served.add(place);
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
        thread.start();
        threads.add(thread);
        Await.until(
            "it waits",
            () -> thread.getState() == Thread.State.TIMED_WAITING
                || thread.getState() == Thread.State.TERMINATED);
      }
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(served).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
      // At most two a permit: one denied, and the one that takes it.
      assertThat(limiter.counts().calls() - before).isLessThanOrEqualTo(2 * 8);
    }
  }

  @Test
  void anAnswerOlderThanAResetIsNotRemembered() {
    DenialCache denials = new DenialCache();
    Terms terms = new Terms("api", List.of(RateLimit.parse("api", "1/1h")));
    DenialCache.Denial late = new DenialCache.Denial("ada", 1, terms, 0, 1_000, 1_000, 0, 0);
    DenialCache.Denial seen = denials.seen("ada");

    denials.forget("ada");
    denials.put(late, seen);
    assertThat(denials.find("ada", 1, terms, 1)).isNull();

    denials.put(late, denials.seen("ada"));
    assertThat(denials.find("ada", 1, terms, 1)).isEqualTo(late);
    Terms wider = new Terms("api", List.of(RateLimit.parse("api", "2/1h")));
    assertThat(denials.find("ada", 1, wider, 1)).isNull();
  }

  private static RedisRateLimiter openLimiter(String name, String limit) {
    return RedisRateLimiter.builder(redis, name)
        .policy(RateLimit.parse("api", limit), FailureMode.open())
        .budget(PATIENT)
        .build();
  }

  private static RedisRateLimiter clocked(String name, String limit, ManualClock clock) {
    return RedisRateLimiter.builder(redis, name)
        .policy(RateLimit.parse("api", limit), CLOSED)
        .budget(PATIENT)
        .clock(clock)
        .build();
  }

  @Test
  void countsWhatItDecidesAndByWhom() {
    MeterRegistry registry = new SimpleMeterRegistry();
    try (RedisRateLimiter limiter = clocked("counted", "1/1h", ManualClock.startingAt(NOW))) {
      LimiterMetrics.bind(registry, limiter);
      GuardMetrics.bind(registry, limiter.guard());

      limiter.tryAcquire("ada");
      limiter.tryAcquire("ada");
      limiter.tryAcquire("ada");

      assertThat(limiter.counts()).isEqualTo(new LimiterCounts(1, 1, 0, 1, 0, 0, 2));
      assertThat(registry
              .get("toolkit.core.limiter.decisions")
              .tags("limiter", "counted", "outcome", "denied", "source", "memory")
              .functionCounter()
              .count())
          .isEqualTo(1);
      MetricConventions.assertFollowedBy(registry);
    }
  }

  @Test
  void refusesWhatCannotWork() {
    RedisRateLimiter.Builder builder = RedisRateLimiter.builder(redis, "bad");
    assertThatIllegalStateException().isThrownBy(builder::build).withMessageContaining("policy(");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.policy(RateLimit.parse("api", "2000000/1s"), CLOSED))
        .withMessageContaining("microsecond");
    builder.policy(RateLimit.parse("api", "1/1s"), CLOSED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.policy(RateLimit.parse("api", "2/1s"), CLOSED))
        .withMessageContaining("two policies");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisRateLimiter.builder(redis, "Bad Name"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.budget(Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.keyPrefix("{app}:"))
        .withMessageContaining("{app}:");
    assertThatIllegalArgumentException().isThrownBy(() -> FailureMode.local(0));
  }

  static long evals(Jedis jedis) {
    return jedis
        .info("commandstats")
        .lines()
        .filter(line -> line.startsWith("cmdstat_eval"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=([0-9]+).*", "$1")))
        .sum();
  }

  private static RedisRateLimiter limiter(String name, String limit) {
    return RedisRateLimiter.builder(redis, name)
        .policy(RateLimit.parse("api", limit), CLOSED)
        .budget(PATIENT)
        .build();
  }
}
