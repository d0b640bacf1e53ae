package io.github.scalingtoolkit.core.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** The keeper's steps, one at a time. */
class LeaseKeeperTest {
  private static final Duration LIFETIME = Duration.ofHours(1);

  private static RedisServer server;
  private static RedisAccess redis;

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-24T08:00:00Z"));
  private final LeaseScripts scripts = new LeaseScripts(redis, "", LIFETIME);
  private final LeaseKeeper keeper = new LeaseKeeper(redis, scripts, LIFETIME, clock);

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
  void oneStepRenewsAllThatAreDueHoweverManyTheyAre() {
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      leases.add(held("many-" + i));
    }
    clock.advance(LIFETIME.dividedBy(2));

    keeper.step();

    long renewed = clock.nanoTime() + LIFETIME.toNanos();
    assertThat(leases).allMatch(lease -> lease.endsNanos() == renewed);
  }

  @Test
  void theSoonestEndIsRenewedFirst() {
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      leases.add(held("ordered-" + i));
      clock.advance(Duration.ofSeconds(1));
    }
    assertThat(keeper.due()).isEmpty();

    clock.advance(LIFETIME.dividedBy(2));

    assertThat(keeper.due()).containsExactlyElementsOf(leases);
  }

  @Test
  void anErrorReplyToOneKeepsNoOtherFromBeingRenewed() {
    // The soonest end, so the first of them.
    Lease spoilt = held("spoilt");
    clock.advance(Duration.ofSeconds(1));
    List<Lease> others = List.of(held("other-1"), held("other-2"), held("other-3"));
    try (Jedis jedis = server.connect()) {
      jedis.set("lease:{spoilt}:holders", "no sorted set");
    }
    long before = spoilt.endsNanos();
    clock.advance(LIFETIME.dividedBy(2));

    keeper.step();

    long renewed = clock.nanoTime() + LIFETIME.toNanos();
    assertThat(others).allMatch(lease -> lease.endsNanos() == renewed);
    // Redis did not say that it has ended.
    assertThat(spoilt.isHeld()).isTrue();
    assertThat(spoilt.endsNanos()).isEqualTo(before);
  }

  private Lease held(String name) {
    long token = scripts.acquire(name, "holder", 1).token();
    assertThat(token).isPositive();
    Lease lease = new Lease(
        name, "holder", token, clock.nanoTime() + LIFETIME.toNanos(), clock, closed -> {});
    keeper.add(lease);
    return lease;
  }
}
