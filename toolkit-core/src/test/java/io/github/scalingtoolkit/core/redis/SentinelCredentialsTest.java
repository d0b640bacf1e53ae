package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.scalingtoolkit.core.settings.Secret;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ClientType;

/** A real sentinel that answers only who has a password, before a master that asks for none. */
class SentinelCredentialsTest {
  private static RedisServer master;
  private static RedisServer sentinel;

  @BeforeAll
  static void start() {
    master = RedisServer.start();
    sentinel = RedisServer.startSentinel(master);
    try (Jedis admin = sentinel.connect()) {
      admin.aclSetUser(
          "app",
          "on",
          ">s3cret",
          "-@all",
          "+ping",
          "+client",
          "+subscribe",
          "+sentinel|get-master-addr-by-name",
          "resetchannels",
          "&+switch-master");
      admin.aclSetUser("stranger", "on", ">s3cret", "-@all", "+ping", "+client");
      admin.aclSetUser("default", "resetpass", ">def4ult");
    }
  }

  @AfterAll
  static void stop() {
    sentinel.close();
    master.close();
  }

  private static RedisAccess.Builder builder() {
    return RedisAccess.builder("redis+sentinel://127.0.0.1:" + sentinel.port() + "/main")
        .deadline(Duration.ofSeconds(10));
  }

  private static RedisAccess as(@Nullable String user, String password) {
    return builder().sentinelCredentials(user, () -> Secret.of(password)).build();
  }

  private static String ping(RedisAccess redis) {
    return redis.call(UnifiedJedis::ping);
  }

  private static String failureOf(RedisAccess redis) {
    Throwable failure = catchThrowable(() -> redis.call(UnifiedJedis::ping));
    assertThat(failure).isNotNull();
    assertThat(failure.toString()).doesNotContain("s3cret", "wr0ng");
    return redis.explain(failure);
  }

  @Test
  void anAclUserAndTheDefaultUserFindTheMasterAndSoDoesASibling() {
    try (RedisAccess asUser = as("app", "s3cret");
        RedisAccess asDefault = as(null, "def4ult");
        RedisAccess sibling = asUser.sibling("sibling", Duration.ofSeconds(5))) {
      for (RedisAccess redis : List.of(asUser, asDefault, sibling)) {
        assertThat(ping(redis)).isEqualTo("PONG");
      }
    }
  }

  @Test
  void theSubscriptionToTheSentinelHasTheCredentialsToo() {
    try (RedisAccess redis = as("app", "s3cret")) {
      assertThat(ping(redis)).isEqualTo("PONG");

      Await.until("it listens for a new master", () -> {
        try (Jedis admin = sentinel.connect()) {
          admin.auth("def4ult");
          return admin.clientList(ClientType.PUBSUB).contains("user=app");
        }
      });
    }
  }

  @Test
  void wrongCredentialsAndNoneAreNamedAsTheSentinels() {
    try (RedisAccess wrong = as("app", "wr0ng");
        RedisAccess none = builder().build();
        RedisAccess stranger = as("stranger", "s3cret")) {
      assertThat(failureOf(wrong))
          .endsWith("/main cannot be found: its sentinels refuse the credentials, or ask for some");
      assertThat(failureOf(none))
          .endsWith("/main cannot be found: its sentinels refuse the credentials, or ask for some");
      assertThat(failureOf(stranger))
          .contains("/main cannot be found: its sentinels do not let the user ask for the master")
          .contains("+sentinel|get-master-addr-by-name");
      assertThat(wrong.nodesRefusing()).isEqualTo(1);
    }
  }

  @Test
  void aPasswordThatBecomesRightIsUsedWithoutARestart() {
    Secret[] password = {Secret.of("wr0ng")};
    try (RedisAccess redis =
        builder().sentinelCredentials("app", () -> password[0]).build()) {
      assertThat(failureOf(redis)).contains("its sentinels refuse the credentials");

      password[0] = Secret.of("s3cret");

      Await.until("the sentinel tells the master", () -> {
        try {
          return ping(redis).equals("PONG");
        } catch (RuntimeException notYet) {
          return false;
        }
      });
    }
  }

  @Test
  void aUrlWithoutSentinelsTakesNoCredentialsForThem() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisAccess.builder("redis://:s3cret@h")
            .sentinelCredentials("app", () -> Secret.of("s3cret")))
        .withMessageContaining("redis+sentinel")
        .withMessageNotContaining("s3cret");
  }
}
