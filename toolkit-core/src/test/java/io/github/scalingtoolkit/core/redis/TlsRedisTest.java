package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Certificate;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;

/** A real redis-server that speaks TLS and wants a client certificate. */
class TlsRedisTest {
  private static final int TLS_PORT = Ports.free();

  @TempDir
  static Path directory;

  private static Certificate certificate;
  private static RedisServer server;

  @BeforeAll
  static void start() {
    certificate = Certificate.makeFor("127.0.0.1", directory);
    server = RedisServer.start(
        "--tls-port", Integer.toString(TLS_PORT),
        "--tls-cert-file", certificate.pem().toString(),
        "--tls-key-file", certificate.key().toString(),
        "--tls-ca-cert-file", certificate.pem().toString(),
        "--tls-auth-clients", "yes");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RedisAccess.Builder at(String host) {
    return RedisAccess.builder("rediss://" + host + ":" + TLS_PORT)
        .deadline(Duration.ofSeconds(30));
  }

  @Test
  void everyConnectionIsEncryptedAndShowsItsCertificate() {
    Queue<String> heard = new ConcurrentLinkedQueue<>();
    ChannelListener listener = new ChannelListener() {
      @Override
      public void onMessage(byte[] message) {
        heard.add(new String(message, StandardCharsets.UTF_8));
      }

      @Override
      public void onLive() {
        heard.add("live");
      }

      @Override
      public void onGap() {
        heard.add("gap");
      }
    };
    try (RedisAccess redis = at("127.0.0.1").sslContext(certificate.context()).build();
        RedisAccess sibling = redis.sibling("other", Duration.ofSeconds(30));
        ChannelSubscription subscription = redis.subscribe("news", listener)) {
      redis.call(client -> client.set("greeting", "hello"));
      String siblingGot = sibling.call(client -> client.get("greeting"));
      assertThat(siblingGot).isEqualTo("hello");
      redis.call(client -> client.rpush("jobs", "one"));
      assertThat(redis.blocking().blpop(10, "jobs")).containsExactly("jobs", "one");
      Await.until("the subscription is live", () -> heard.contains("live"));
      sibling.call(client -> client.publish("news", "today"));
      Await.until("the message has come", () -> heard.contains("today"));
    }
  }

  @Test
  void callersOnSharedEncryptedConnectionsGetTheirOwnReplies() {
    try (RedisAccess redis = at("127.0.0.1").sslContext(certificate.context()).build();
        Jedis admin = server.connect()) {
      Crowd.of(48).each(100, (caller, time) -> {
        String key = "own:" + caller;
        String value = (caller + "/" + time + "/").repeat(time);
        redis.call(client -> client.set(key, value));
        String read = redis.call(client -> client.get(key));
        assertThat(read).isEqualTo(value);
      });

      // Eight who go alone, two lanes and one for what is large, and what Jedis asked with at the
      // opening: not one for each.
      assertThat(admin.clientList().lines().filter(line -> line.contains(" name=redis ")))
          .hasSizeBetween(2, 16);
    }
  }

  @Test
  void aServerThatTheClientDoesNotTrustIsRefused() {
    try (RedisAccess redis = at("127.0.0.1").build()) {
      assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
          .hasRootCauseInstanceOf(java.security.cert.CertPathBuilderException.class)
          .hasStackTraceContaining(SSLHandshakeException.class.getName());
    }
  }

  @Test
  void aTrustedCertificateForAnotherHostIsRefused() {
    try (RedisAccess redis = at("localhost").sslContext(certificate.context()).build()) {
      assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
          .hasStackTraceContaining(SSLHandshakeException.class.getName())
          .hasStackTraceContaining("localhost");
    }
  }

  @Test
  void aContextForAUrlWithoutTlsIsAMistake() {
    assertThatThrownBy(
            () -> RedisAccess.builder("redis://127.0.0.1").sslContext(certificate.context()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rediss");
  }

  @Test
  void plainTextToATlsPortFailsWithinTheDeadlineAndOpensTheBreaker() {
    try (RedisAccess redis = RedisAccess.builder("redis://127.0.0.1:" + TLS_PORT)
        .deadline(Duration.ofMillis(200))
        .build()) {
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(() -> redis.call(UnifiedJedis::ping))
            .isInstanceOf(RuntimeException.class);
      }
      Await.until("the breaker is open", () -> redis.guard().state() != GuardState.CLOSED);
    }
  }
}
