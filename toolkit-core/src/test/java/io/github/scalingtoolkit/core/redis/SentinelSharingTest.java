package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisSentinel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;

/** What several accesses to one URL share, and what they do not open unless it is used. */
class SentinelSharingTest {
  private static long listeners() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("-SentinelListener-"))
        .count();
  }

  @Test
  void accessesOfOneUrlShareOneListenerASentinelAndOpenNoConnectionsThatBlock() throws Exception {
    assertThat(listeners()).isZero();
    List<RedisAccess> accesses = new ArrayList<>();
    try (RedisSentinel servers = RedisSentinel.start();
        Jedis master = servers.master().connect();
        AutoCloseable all = () -> accesses.forEach(RedisAccess::close)) {
      assertThat(all).isNotNull();
      for (int i = 0; i < 3; i++) {
        accesses.add(RedisAccess.builder(servers.url())
            .name("shop" + i)
            .deadline(Duration.ofSeconds(30))
            .build());
      }
      accesses.add(accesses.get(0).sibling("shop3", Duration.ofSeconds(30)));

      accesses.forEach(redis -> redis.call(UnifiedJedis::ping));

      assertThat(listeners()).isEqualTo(1);
      assertThat(master.clientList().lines().filter(line -> line.contains(" name=shop")))
          .hasSize(4);
      accesses.get(0).blocking().ping();
      assertThat(listeners()).isEqualTo(1);
      accesses.remove(0).close();
      assertThat(listeners()).isEqualTo(1);
      accesses.forEach(redis -> assertThat(redis.call(UnifiedJedis::ping)).isEqualTo("PONG"));
      accesses.forEach(RedisAccess::close);
      Await.until("no listener is left", () -> listeners() == 0);
    }
  }
}
