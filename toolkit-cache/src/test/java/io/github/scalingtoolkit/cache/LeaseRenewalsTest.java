package io.github.scalingtoolkit.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** Renewals step by step: leases last a minute in Redis, and the process has a clock of its own. */
class LeaseRenewalsTest {
  private static final Duration LEASE = Duration.ofMinutes(1);
  private static final String TOKEN = "token";

  private final String name = Fixture.name();
  private final String key = "tc:" + name + ":k";
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final Noticed noticed = new Noticed();
  private RedisServer server;
  private Jedis admin;
  private RedisAccess redis;

  @BeforeEach
  void start() {
    server = RedisServer.start();
    admin = server.connect();
    redis = Fixture.patient(server.url());
    admin.psetex(key, LEASE.toMillis(), "L" + TOKEN);
  }

  @AfterEach
  void stop() {
    redis.close();
    admin.close();
    server.close();
  }

  private LeaseRenewals renewals(RedisAccess as, Clock time) {
    return new LeaseRenewals(
        as,
        new RemoteEntries(as, new Keys(name), LEASE, LEASE),
        LEASE,
        LEASE.multipliedBy(10),
        time,
        new Problems(name, as, noticed, time, () -> {}));
  }

  private static void step(LeaseRenewals renewals) {
    renewals.step(() -> {});
  }

  @Test
  void aLeaseIsRenewedWhenAThirdOfItIsOver() {
    LeaseRenewals renewals = renewals(redis, clock);
    LeaseRenewals.Held lease = renewals.hold("k", TOKEN, clock.nanoTime());
    admin.pexpire(key, 30_000);
    clock.advance(Duration.ofSeconds(19));
    step(renewals);
    assertThat(admin.pttl(key)).isLessThanOrEqualTo(30_000);

    clock.advance(Duration.ofSeconds(1));
    step(renewals);

    assertThat(admin.pttl(key)).isGreaterThan(30_000);
    clock.advance(Duration.ofSeconds(59));
    assertThat(lease.mayHaveEnded()).isFalse();
    renewals.end(TOKEN);
  }

  @Test
  void aLeaseThatAWriteEndedHasNotEndedByTime() {
    LeaseRenewals renewals = renewals(redis, clock);
    LeaseRenewals.Held lease = renewals.hold("k", TOKEN, clock.nanoTime());
    admin.del(key);
    clock.advance(Duration.ofSeconds(20));
    step(renewals);

    clock.advance(LEASE);

    assertThat(lease.mayHaveEnded()).isFalse();
    renewals.end(TOKEN);
  }

  @Test
  void aLeaseThatMayHaveEndedBeforeTheAnswerCameMayHaveEnded() {
    AtomicLong nanos = new AtomicLong();
    AtomicLong pause = new AtomicLong();
    LeaseRenewals renewals = renewals(redis, new Clock() {
      @Override
      public Instant now() {
        return Instant.EPOCH;
      }

      @Override
      public long nanoTime() {
        return nanos.addAndGet(pause.get());
      }
    });
    LeaseRenewals.Held lease = renewals.hold("k", TOKEN, 0);
    admin.del(key);

    // Due at 21 s, asked at 42 s, answered at 63 s.
    pause.set(Duration.ofSeconds(21).toNanos());
    step(renewals);

    assertThat(lease.mayHaveEnded()).isTrue();
    renewals.end(TOKEN);
  }

  @Test
  void aRenewalThatRedisRefusesSaysWhatToGrant() {
    admin.aclSetUser("poor", "reset", "on", ">pw", "~*", "&*", "+@all", "-pexpire");
    try (CapturedLog log = CapturedLog.start();
        RedisAccess poor = Fixture.patient("redis://poor:pw@127.0.0.1:" + server.port())) {
      LeaseRenewals renewals = renewals(poor, clock);
      renewals.hold("k", TOKEN, clock.nanoTime());
      clock.advance(Duration.ofSeconds(20));

      step(renewals);

      assertThat(noticed.problems()).isNotEmpty().containsOnly(CacheProblem.REFUSED);
      // The loop's own step may have been the first, and be about to say it.
      Await.until(
          "it is said", () -> !log.lines("cache=" + name + " problem=refused").isEmpty());
      assertThat(log.lines("cache=" + name + " problem=refused"))
          .singleElement()
          .asString()
          .contains("+pexpire");
      renewals.end(TOKEN);
    }
  }
}
