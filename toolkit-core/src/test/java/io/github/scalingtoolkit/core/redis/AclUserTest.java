package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisDataException;

/** A real redis-server with an ACL user who may do little, and whose password has what a URL must escape. */
class AclUserTest {
  private static final String PASSWORD = "p@ss:w/rd%?#";
  private static final String ENCODED = "p%40ss%3Aw%2Frd%25%3F%23";

  private final RedisServer server = RedisServer.start();

  @BeforeEach
  void makeUser() {
    try (Jedis admin = server.connect()) {
      admin.aclSetUser("shop", "on", ">" + PASSWORD, "~shop:*", "+get", "+set", "+ping", "+client");
    }
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private RedisAccess as(String user, String password) {
    return RedisAccess.builder("redis://" + user + ":" + password + "@127.0.0.1:" + server.port())
        .deadline(Duration.ofSeconds(30))
        .build();
  }

  @Test
  void aForbiddenCommandIsTheCallersMistakeAndNotAnOutage() {
    try (RedisAccess redis = as("shop", ENCODED)) {
      redis.call(client -> client.set("shop:1", "tea"));
      String redisGot = redis.call(client -> client.get("shop:1"));
      assertThat(redisGot).isEqualTo("tea");
      for (int i = 0; i < 20; i++) {
        assertThatThrownBy(() -> redis.call(client -> client.get("others:1")))
            .isInstanceOf(JedisDataException.class)
            .hasMessageContaining("NOPERM");
      }
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void aWrongPasswordIsNotShownAndTriedOnceASecondAtMost() {
    try (Jedis admin = server.connect();
        RedisAccess redis = as("shop", "wrong-password")) {
      long before = connectionsReceived(admin);
      long begun = System.nanoTime();

      for (int i = 0; i < 200; i++) {
        assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
            .isInstanceOf(JedisAccessControlException.class)
            .hasMessageContaining("WRONGPASS")
            .hasMessageNotContaining("wrong-password");
      }

      long seconds = Duration.ofNanos(System.nanoTime() - begun).toSeconds();
      assertThat(connectionsReceived(admin) - before).isBetween(1L, seconds + 2);
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(redis.toString()).doesNotContain("wrong-password");
    }
  }

  private static long connectionsReceived(Jedis admin) {
    return admin
        .info("stats")
        .lines()
        .filter(line -> line.startsWith("total_connections_received:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).trim()))
        .sum();
  }

  @Test
  void aPasswordThatBecomesRightIsNoticedWithoutARestart() {
    try (RedisAccess redis = as("late", "secret")) {
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
            .isInstanceOf(RuntimeException.class);
      }
      try (Jedis admin = server.connect()) {
        admin.aclSetUser("late", "on", ">secret", "~*", "+@all");
      }

      Await.until("the user may", () -> {
        try {
          return redis.call(UnifiedJedis::ping).equals("PONG");
        } catch (RuntimeException notYet) {
          return false;
        }
      });
    }
  }
}
