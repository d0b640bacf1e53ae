package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;

class EvictionWatchTest {
  private static RedisAccess open(String url) {
    return RedisAccess.builder(url).deadline(Duration.ofSeconds(5)).build();
  }

  private static void watch(RedisAccess redis, String who) {
    redis.warnOfEviction(who, "it may be lost", policy -> policy.startsWith("allkeys"));
  }

  @Test
  void warnsOnceOfAPolicyThatIsHarmfulAndOfNoOther() {
    try (CapturedLog log = CapturedLog.start();
        RedisServer server = RedisServer.start("--maxmemory-policy", "allkeys-lru");
        RedisAccess redis = open(server.url())) {
      redis.warnOfEviction("harmless=one", "none", policy -> false);
      watch(redis, "harmed=one");
      watch(redis, "harmed=one");
      Await.until("it is warned of", () -> !log.lines("harmed=one").isEmpty());
      watch(redis, "harmed=two");
      Await.until("so is the next", () -> !log.lines("harmed=two").isEmpty());

      assertThat(log.lines("harmed=one"))
          .singleElement()
          .asString()
          .contains("maxmemory-policy=allkeys-lru", "it may be lost", "set noeviction");
      assertThat(log.lines("harmless=one")).isEmpty();
    }
  }

  @Test
  void asksAgainAfterAnOutageAndAfterAChangeOfPolicy() {
    int port = Ports.free();
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = open("redis://127.0.0.1:" + port)) {
      watch(redis, "harmed=late");
      try (RedisServer server = RedisServer.startAt(port, "--maxmemory-policy", "allkeys-lru")) {
        Await.until(
            "it is asked once it is there", () -> log.lines("allkeys-lru").size() == 1);
        server.kill();
        Await.until("the breaker opens", () -> {
          try {
            redis.call(UnifiedJedis::ping);
          } catch (RuntimeException down) {
            return redis.guard().state() != GuardState.CLOSED;
          }
          return false;
        });
      }
      try (RedisServer server = RedisServer.startAt(port, "--maxmemory-policy", "allkeys-random")) {
        Await.until("it is asked anew", () -> log.lines("allkeys-random").size() == 1);
        assertThat(log.lines("allkeys-lru")).hasSize(1);
        assertThat(server.port()).isEqualTo(port);
      }
    }
  }

  @Test
  void asksEachNodeOfACluster() {
    try (CapturedLog log = CapturedLog.start();
        RedisCluster cluster = RedisCluster.start()) {
      try (Jedis one = cluster.masters().get(2).connect()) {
        one.configSet("maxmemory-policy", "allkeys-lfu");
      }
      try (RedisAccess redis = open(cluster.url())) {
        watch(redis, "harmed=cluster");

        Await.until(
            "one of them is warned of", () -> log.lines("harmed=cluster").size() == 1);
      }
    }
  }
}
