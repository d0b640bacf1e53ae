package io.github.scalingtoolkit.core.lease;

import static io.github.scalingtoolkit.core.lease.RedisForLeases.LONG;
import static io.github.scalingtoolkit.core.lease.RedisForLeases.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** What comes of asking for a lease when Redis is out, refuses, or answers in vain. */
class LeasesUnderFailureTest {
  @RegisterExtension
  private static final RedisForLeases redis = new RedisForLeases();

  @Test
  void aRedisThatIsOutIsSaidAtOnceAndNotTakenForALockThatIsHeld() {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.open(proxy.redisUrl())) {
      Leases leases = redis.leases(access, Duration.ofSeconds(10));
      proxy.cut();

      assertThatThrownBy(() -> leases.acquire("out", LONG)).isInstanceOf(RuntimeException.class);
    }
  }

  @Test
  void aLostAnswerIsRiddenOutUnderTheSameHolderWhileThereIsTimeToWait() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      proxy.dropReplies();

      CompletableFuture<Optional<Lease>> outcome = async(() -> leases.acquire("hiccup", LONG));
      // By the try whose answer is lost: without it, the holder's name would be in its own way for
      // an hour.
      Await.until("Redis has given the permit", () -> redis.isHeld("hiccup"));
      proxy.heal();

      Lease lease = outcome.get(60, TimeUnit.SECONDS).orElseThrow();
      assertThat(lease.isHeld()).isTrue();
      assertThat(redis.leases(LONG).acquire("hiccup", Duration.ZERO)).isEmpty();
      lease.close();
      assertThat(redis.leases(LONG).acquire("hiccup", Duration.ZERO)).isPresent();
    }
  }

  @Test
  void whoGivesUpAfterALostAnswerLeavesNothingTaken() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      proxy.dropReplies();

      assertThatThrownBy(() -> leases.acquire("given-up", Duration.ZERO))
          .isInstanceOf(JedisException.class);
      assertThat(redis.isHeld("given-up")).isTrue();
      proxy.heal();

      // An hour before it would have ended by itself.
      assertThat(redis.leases(LONG).acquire("given-up", LONG)).isPresent();
    }
  }

  @Test
  void whatALostAnswerMayHaveGivenIsGivenBackAlsoByWhoClosesAtOnce() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      proxy.dropReplies();
      assertThatThrownBy(() -> leases.acquire("closed-at-once", Duration.ZERO))
          .isInstanceOf(JedisException.class);
      assertThat(redis.isHeld("closed-at-once")).isTrue();
      proxy.heal();

      leases.close();

      assertThat(redis.isHeld("closed-at-once")).isFalse();
    }
  }

  @Test
  void aRedisThatMayEvictLeasesIsWarnedOf() {
    try (CapturedLog log = CapturedLog.start();
        RedisServer evicting = RedisServer.start("--maxmemory-policy", "volatile-lru");
        RedisAccess access =
            RedisAccess.builder(evicting.url()).deadline(Duration.ofSeconds(20)).build()) {
      redis.leases(access, LONG);

      Await.until("it is warned of", () -> !log.lines("leases maxmemory-policy").isEmpty());

      assertThat(log.lines("leases maxmemory-policy=volatile-lru"))
          .singleElement()
          .asString()
          .contains("more holders than permits", "set noeviction");
      redis.closeLeases();
    }
  }

  @Test
  void whatRedisRefusesIsSaidAtOnce() {
    try (Jedis jedis = redis.server().connect()) {
      jedis.set("lease:{wrong-type}:holders", "no sorted set");
    }
    Leases leases = redis.leases(LONG);

    assertThatThrownBy(() -> leases.acquire("wrong-type", Duration.ofDays(1)))
        .isInstanceOf(JedisDataException.class);
  }
}
