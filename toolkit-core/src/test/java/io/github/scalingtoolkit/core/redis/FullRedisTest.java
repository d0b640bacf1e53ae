package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** A Redis whose memory is full and that evicts nothing: it refuses writes, and its reads are served. */
class FullRedisTest {
  private static final LuaScript REPLACE = LuaScript.of(
      "replace", "redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[1], ARGV[1])");

  private static RedisServer server;

  @BeforeAll
  static void fill() {
    server = RedisServer.start();
    try (Jedis admin = server.connect()) {
      admin.set("greeting", "hello");
      admin.set("replaced", "before");
      admin.configSet("maxmemory-policy", "noeviction");
      admin.configSet("maxmemory", "1");
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RedisAccess open() {
    return RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(30)).build();
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 50, 80})
  void everyReadIsServedHoweverManyWritesAreRefused(int percentWrites) {
    try (RedisAccess redis = open()) {
      AtomicInteger served = new AtomicInteger();
      AtomicInteger outOfMemory = new AtomicInteger();

      Crowd.of(24).each(50, (caller, time) -> {
        if ((caller * 7 + time * 13) % 100 < percentWrites) {
          try {
            redis.call(client -> client.set("written:" + caller, "x"));
          } catch (JedisDataException refused) {
            assertThat(refused).hasMessageStartingWith("OOM");
            outOfMemory.incrementAndGet();
          }
        } else {
          String read = redis.call(client -> client.get("greeting"));
          assertThat(read).isEqualTo("hello");
          served.incrementAndGet();
        }
      });

      assertThat(served.get() + outOfMemory.get()).isEqualTo(24 * 50);
      assertThat(outOfMemory.get()).isBetween(24 * percentWrites / 4, 24 * percentWrites);
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(redis.guard().counts().window().failed()).isZero();
    }
  }

  @Test
  void aScriptWhoseFirstWriteFreesWritesOn() {
    try (RedisAccess redis = open()) {
      redis.eval(REPLACE, List.of("replaced".getBytes(UTF_8)), List.of("after".getBytes(UTF_8)));

      String read = redis.call(client -> client.get("replaced"));
      assertThat(read).isEqualTo("after");
    }
  }
}
