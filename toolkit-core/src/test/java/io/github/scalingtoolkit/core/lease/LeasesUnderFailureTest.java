package io.github.scalingtoolkit.core.lease;

import static io.github.scalingtoolkit.core.lease.RedisForLeases.LONG;
import static io.github.scalingtoolkit.core.lease.RedisForLeases.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
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
  void aLostAnswerIsAskedForAgainUnderTheSameHolder() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      // The answer and the greeting of the second connection: both tries of the first question.
      proxy.dropReplies(2);

      // Given by the first: without its name, the holder would be in its own way for an hour.
      Lease lease = leases.acquire("hiccup", LONG).orElseThrow();
      assertThat(lease.isHeld()).isTrue();
      assertThat(redis.leases(LONG).acquire("hiccup", Duration.ZERO)).isEmpty();
      lease.close();
      assertThat(redis.leases(LONG).acquire("hiccup", Duration.ZERO)).isPresent();
    }
  }

  @Test
  void givingUpAfterALostAnswerLeavesNothingTaken() throws Exception {
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
  void aLeaseOfALostAnswerIsReleasedEvenByAnImmediateClose() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(20))
            .build()) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      leases.acquire("warm-up", Duration.ZERO).orElseThrow().close();
      proxy.dropReplies();
      assertThatThrownBy(() -> leases.acquire("closed-at-once", Duration.ZERO))
          .isInstanceOf(JedisException.class);
      // What is tried in the background meanwhile hangs: it neither succeeds nor opens the breaker.
      proxy.hang();
      assertThat(redis.isHeld("closed-at-once")).isTrue();
      proxy.heal();

      leases.close();

      assertThat(redis.isHeld("closed-at-once")).isFalse();
    }
  }

  @Test
  void aReleaseIsSentHoweverLittleTimeTheCallerHasLeft() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease lease = leases.acquire("no-time-left", Duration.ZERO).orElseThrow();

    Deadline.after(Duration.ZERO, Clock.system()).call(() -> {
      lease.close();
      return true;
    });

    assertThat(redis.isHeld("no-time-left")).isFalse();
  }

  @Test
  void heldLeasesAreReleasedEvenByACloseWithoutTimeLeft() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    assertThat(leases.acquire("none-left", Duration.ZERO)).isPresent();

    Deadline.after(Duration.ZERO, Clock.system()).call(() -> {
      leases.close();
      return true;
    });

    assertThat(redis.isHeld("none-left")).isFalse();
  }

  @Test
  void aThreadThatIsInterruptedGivesBackAllTheSame() throws Exception {
    Leases leases = redis.leases(Duration.ofHours(1));
    Lease lease = leases.acquire("interrupted-close", Duration.ZERO).orElseThrow();

    Thread.currentThread().interrupt();
    lease.close();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(redis.leases(LONG).acquire("interrupted-close", LONG)).isPresent();
  }

  @Test
  void aReleaseThatFailsIsTriedInTheBackgroundUntilItIsDone() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = PatientRedis.open(proxy.redisUrl())) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      Lease lease = leases.acquire("late-release", LONG).orElseThrow();
      proxy.cut();
      lease.close();
      assertThat(redis.isHeld("late-release")).isTrue();

      proxy.heal();

      // An hour before it would have ended by itself.
      assertThat(redis.leases(LONG).acquire("late-release", LONG)).isPresent();
    }
  }

  @Test
  void aSecondWaiterLearnsThatRedisIsOutAndNotThatTheLockIsHeld() throws Exception {
    try (FaultProxy proxy = FaultProxy.to(redis.server().port());
        RedisAccess access = RedisAccess.open(proxy.redisUrl())) {
      Leases leases = redis.leases(access, Duration.ofHours(1));
      assertThat(redis.leases(LONG).acquire("behind", Duration.ZERO)).isPresent();
      CompletableFuture<Optional<Lease>> first = async(() -> leases.acquire("behind", LONG));
      CompletableFuture<Optional<Lease>> second = async(() -> leases.acquire("behind", LONG));

      proxy.cut();

      for (CompletableFuture<Optional<Lease>> each : List.of(first, second)) {
        assertThat(each)
            .failsWithin(Duration.ofSeconds(50))
            .withThrowableOfType(ExecutionException.class)
            .withCauseInstanceOf(RuntimeException.class);
      }
    }
  }

  @Test
  void theDocumentedRightsWithOneKeyPrefixAreEnough() throws Exception {
    try (Jedis admin = redis.server().connect();
        RedisAccess access = as("app");
        RedisAccess mute = as("mute")) {
      String rules = "on >secret resetchannels +ping +client +unsubscribe +info ";
      String leaseRules = new LeaseScripts(access, "app:", LONG).aclRules();
      admin.aclSetUser("app", (rules + leaseRules).split(" "));
      admin.aclSetUser("mute", (rules + leaseRules + " resetchannels").split(" "));
      admin.aclSetUser("stranger", (rules + leaseRules + " resetkeys ~app:other:*").split(" "));
      Leases leases = prefixed(access, LONG);
      Lease lease = leases.acquire("acl", Duration.ZERO).orElseThrow();
      assertThat(admin.keys("*lease:{acl}*"))
          .containsExactlyInAnyOrder("app:lease:{acl}:holders", "app:lease:{acl}:token");
      CompletableFuture<Optional<Lease>> waiting = async(() -> leases.acquire("acl", LONG));
      lease.close();
      waiting.get(30, TimeUnit.SECONDS).orElseThrow().close();
      leases.close();

      try (CapturedLog log = CapturedLog.start()) {
        Leases muted = prefixed(mute, LONG);
        for (int i = 0; i < 3; i++) {
          muted.acquire("acl", Duration.ZERO).orElseThrow().close();
        }
        admin.aclSetUser("mute", (rules + leaseRules).split(" "));
        muted.acquire("acl", Duration.ZERO).orElseThrow().close();
        muted.close();

        assertThat(log.lines("leases=releases state=failing"))
            .singleElement()
            .asString()
            .contains("WARN", "forbids its user", "&app:lease:released", "+publish");
        assertThat(log.lines("leases=releases state=well"))
            .singleElement()
            .asString()
            .contains("INFO");
      }
    }
  }

  @Test
  void renewalsThatAnAclForbidsAreWarnedOfOnceWithWhatToGrant() throws Exception {
    try (Jedis admin = redis.server().connect();
        RedisAccess access = as("late");
        CapturedLog log = CapturedLog.start()) {
      admin.aclSetUser("late", "on", ">secret", "~app:*", "allchannels", "+@all");
      Leases leases = prefixed(access, Duration.ofSeconds(1));
      assertThat(leases.acquire("forbidden-later", Duration.ZERO)).isPresent();

      admin.aclSetUser("late", "resetkeys");

      Await.until(
          "it is warned of", () -> !log.lines("leases=renewals state=failing").isEmpty());
      Await.until("it is lost", () -> !log.lines("lease=forbidden-later").isEmpty());
      assertThat(log.lines("leases=renewals state=failing"))
          .singleElement()
          .asString()
          .contains("WARN", "leases are lost", "~app:lease:*", "+pexpireat");
      leases.close();
    }
  }

  private static RedisAccess as(String user) {
    return RedisAccess.builder(
            "redis://" + user + ":secret@127.0.0.1:" + redis.server().port())
        .deadline(Duration.ofSeconds(20))
        .build();
  }

  private static Leases prefixed(RedisAccess access, Duration lifetime) {
    return Leases.builder(access).keyPrefix("app:").lifetime(lifetime).build();
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
