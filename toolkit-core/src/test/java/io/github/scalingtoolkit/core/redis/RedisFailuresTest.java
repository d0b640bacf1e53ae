package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Which failures are held against Redis, asked of a real server. */
class RedisFailuresTest {
  @Test
  void creatingAGroupThatIsThereIsTheCallersMistake() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis =
            RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(20)).build()) {
      redis.call(client -> client.xgroupCreate("events", "all", new StreamEntryID(), true));

      for (int i = 0; i < 20; i++) {
        assertThatThrownBy(() -> redis.call(
                client -> client.xgroupCreate("events", "all", new StreamEntryID(), true)))
            .isInstanceOf(JedisDataException.class)
            .hasMessageContaining("BUSYGROUP");
      }

      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void aServerThatTakesNoMoreClientsOpensTheBreaker() {
    try (RedisServer server = RedisServer.start();
        Jedis only = server.connect()) {
      only.configSet("maxclients", "1");
      try (RedisAccess redis =
          RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(20)).build()) {
        for (int i = 0; i < 5; i++) {
          assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
              .hasStackTraceContaining("max number of clients reached");
        }

        assertThat(redis.guard().state()).isNotEqualTo(GuardState.CLOSED);
      }
    }
  }

  @Test
  void aScriptThatKeepsRedisBusyAndALoadingOneAreHeldAgainstIt() {
    assertThat(RedisFailure.counts(new JedisDataException(
            "BUSY Redis is busy running a script. You can only call SCRIPT KILL")))
        .isTrue();
    assertThat(RedisFailure.counts(
            new JedisDataException("LOADING Redis is loading the dataset in memory")))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void callersWithHalfTheDeadlineDetectAHungRedis(boolean coalesced) {
    Duration deadline = Duration.ofMillis(400);
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url())
            .deadline(deadline)
            .coalesced(coalesced)
            .build()) {
      PatientRedis.reach(redis, UnifiedJedis::ping);
      server.pause();

      int paid = 0;
      while (redis.guard().state() == GuardState.CLOSED && paid < 20) {
        assertThatThrownBy(() -> within(deadline.multipliedBy(9).dividedBy(10), redis))
            .isNotInstanceOf(RejectedException.class);
        paid++;
      }

      assertThat(paid).isLessThanOrEqualTo(10);
      server.resume();
    }
  }

  @Test
  void callersWithLessThanHalfTheDeadlineDoNotCountAgainstRedis() {
    Duration deadline = Duration.ofSeconds(2);
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url()).deadline(deadline).build()) {
      redis.call(UnifiedJedis::ping);
      server.pause();

      for (int i = 0; i < 12; i++) {
        assertThatThrownBy(() -> within(Duration.ofMillis(150), redis))
            .isNotInstanceOf(RejectedException.class);
      }

      assertThat(redis.guard().counts().window().failed()).isZero();
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      server.resume();
    }
  }

  private static void within(Duration deadline, RedisAccess redis) {
    Deadline.after(deadline, Clock.system()).call(() -> redis.call(UnifiedJedis::ping));
  }
}
