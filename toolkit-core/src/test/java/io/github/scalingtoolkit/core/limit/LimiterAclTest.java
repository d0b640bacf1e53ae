package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** What a limiter may do where an ACL allows it little, and what it says where that is too little. */
class LimiterAclTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);

  private static RedisServer server;

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void forget() {
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
  }

  @Test
  void theDocumentedRightsWithOneKeyPrefixAreEnough() {
    allow("app", "~app:*", LimitScripts.ACL_COMMANDS);
    try (RedisAccess redis = as("app");
        RedisRateLimiter exact = RedisRateLimiter.builder(redis, "exact")
            .policy(RateLimit.parse("burst", "2/1h"), FailureMode.closed())
            .policy(RateLimit.parse("daily", "5/1d"), FailureMode.closed())
            .budget(PATIENT)
            .keyPrefix("app:")
            .build()) {
      SettledRateLimiter settled = SettledRateLimiter.builder(redis, "settled")
          .policy(RateLimit.parse("api", "5/1h"))
          .keyPrefix("app:")
          .clock(clock)
          .notStarted();

      assertThat(exact.tryAcquire("ada", 2).allowed()).isTrue();
      exact.giveBack("ada", 1);
      assertThat(exact.peek("ada").remaining()).isEqualTo(1);
      assertThat(exact.degraded()).isFalse();
      assertThat(settled.tryAcquire("ada").allowed()).isTrue();
      settled.settle();
      assertThat(settled.tryAcquire("ada").degraded()).isFalse();
      settled.settle();
      try (Jedis jedis = server.connect()) {
        assertThat(jedis.keys("*"))
            .containsExactlyInAnyOrder(
                "app:rl:{exact:ada}:burst", "app:rl:{exact:ada}:daily", "app:rl:{settled:ada}:api");
        exact.reset("ada");
        settled.reset("ada");
        settled.settle();
        assertThat(jedis.keys("*")).isEmpty();
      }
    }
  }

  @Test
  void whatAnAclForbidsIsSaidOnceAChangeWithWhatToGrant() {
    allow("other", "~other:*", LimitScripts.ACL_COMMANDS);
    MeterRegistry registry = new SimpleMeterRegistry();
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = as("other");
        RedisRateLimiter exact = RedisRateLimiter.builder(redis, "forbidden")
            .policy(RateLimit.parse("api", "5/1h"), FailureMode.open())
            .budget(PATIENT)
            .clock(clock)
            .build()) {
      SettledRateLimiter settled = SettledRateLimiter.builder(redis, "unsettled")
          .policy(RateLimit.parse("api", "5/1h"))
          .clock(clock)
          .notStarted();
      LimiterMetrics.bind(registry, exact);
      LimiterMetrics.bind(registry, settled);

      for (int i = 0; i < 7; i++) {
        assertThat(exact.tryAcquire("ada").degraded()).isTrue();
        settled.tryAcquire("ada");
        settled.settle();
      }

      assertThat(log.lines("limiter=forbidden state=degraded"))
          .singleElement()
          .asString()
          .contains("WARN", "by its failure modes", "forbids its user", "NOPERM")
          .contains("~rl:* +eval +evalsha +time +get +set +del");
      assertThat(log.lines("limiter=unsettled state=degraded"))
          .singleElement()
          .asString()
          .contains("WARN", "each process by itself", "~rl:*");
      assertThat(degraded(registry, "forbidden")).isEqualTo(1);
      assertThat(degraded(registry, "unsettled")).isEqualTo(1);
      assertThat(exact.counts().degradedAllowed()).isEqualTo(7);

      allow("other", "~rl:*");
      clock.advance(Duration.ofSeconds(5));
      for (int i = 0; i < 3; i++) {
        assertThat(exact.tryAcquire("bob").degraded()).isFalse();
        settled.tryAcquire("bob");
        settled.settle();
      }

      assertThat(degraded(registry, "forbidden")).isZero();
      assertThat(degraded(registry, "unsettled")).isZero();
      assertThat(log.lines("limiter=forbidden"))
          .hasSize(2)
          .last()
          .asString()
          .contains("INFO", "state=well decides=redis");
      assertThat(log.lines("limiter=unsettled state=well")).hasSize(1);

      // A change of state again, so said again.
      allow("other", "resetkeys");
      assertThat(exact.tryAcquire("cid").degraded()).isTrue();
      assertThat(log.lines("limiter=forbidden state=degraded")).hasSize(2);
    }
  }

  @Test
  void whatAnAclForbidsIsSaidAlsoAfterAFailureOfAnotherKind() {
    allow("late", "~other:*", LimitScripts.ACL_COMMANDS);
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = as("late");
        RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "kinds")
            .policy(RateLimit.parse("api", "5/1h"), FailureMode.open())
            .budget(PATIENT)
            .clock(clock)
            .build()) {
      limiter.guard().forceOpen();
      limiter.tryAcquire("ada");
      limiter.guard().forceClosed();
      limiter.tryAcquire("ada");
      limiter.tryAcquire("ada");

      assertThat(log.lines("limiter=kinds state=degraded"))
          .hasSize(2)
          .last()
          .asString()
          .contains("NOPERM", "~rl:*");
      // A minute without a question, and so without an answer.
      clock.advance(Duration.ofMinutes(1));
      limiter.tryAcquire("ada");
      assertThat(log.lines("limiter=kinds state=degraded")).hasSize(3);
    }
  }

  @Test
  void aCommandThatIsForbiddenWithinAScriptIsKnownForWhatItIs() {
    allow("reader", "~*", "+eval", "+evalsha", "+time", "+get");
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = as("reader");
        RedisRateLimiter limiter = RedisRateLimiter.builder(redis, "reading")
            .policy(RateLimit.parse("api", "5/1h"), FailureMode.local(1))
            .budget(PATIENT)
            .build()) {
      assertThat(limiter.tryAcquire("ada").degraded()).isTrue();

      assertThat(log.lines("limiter=reading state=degraded"))
          .singleElement()
          .asString()
          .contains("forbids its user", "+set");
    }
  }

  private static double degraded(MeterRegistry registry, String limiter) {
    return registry
        .get("toolkit.core.limiter.degraded")
        .tag("limiter", limiter)
        .gauge()
        .value();
  }

  private static void allow(String user, String... rules) {
    String[] all = Stream.concat(
            Stream.of("on", ">secret", "resetchannels", "+ping", "+client"),
            Arrays.stream(rules).flatMap(rule -> Arrays.stream(rule.split(" "))))
        .toArray(String[]::new);
    try (Jedis admin = server.connect()) {
      admin.aclSetUser(user, all);
    }
  }

  private static RedisAccess as(String user) {
    return RedisAccess.builder("redis://" + user + ":secret@127.0.0.1:" + server.port())
        .deadline(PATIENT)
        .build();
  }
}
