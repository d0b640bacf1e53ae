package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ClientKillParams.SkipMe;

/** Connections that idle until a server, a balancer or a firewall closes them; and pools of which nothing is left. */
class IdleConnectionsTest {
  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void goOn() {
    server.resume();
  }

  private static void idle(Duration time) {
    long from = System.nanoTime();
    Await.until("it has idled", () -> System.nanoTime() - from > time.toNanos());
  }

  private static void killAll() {
    try (Jedis admin = server.connect()) {
      admin.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(SkipMe.YES));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 24})
  void theFirstWriteAfterIdleConnectionsWereClosedSucceeds(int callers) {
    try (RedisAccess redis =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(30)).build()) {
      Crowd.of(callers)
          .each(20, (caller, time) -> redis.call(client -> client.set("key" + caller, "x")));
      killAll();
      idle(Duration.ofMillis(1_100));

      Crowd.of(callers)
          .each(5, (caller, time) -> redis.call(client -> client.set("key" + caller, "y")));

      assertThat(redis.guard().counts().window().failed()).isZero();
    }
  }

  @Test
  void theFirstWriteAfterAServerTimeOutSucceedsUnshared() {
    String huge = "h".repeat(100_000);
    try (Jedis admin = server.connect();
        RedisAccess redis = RedisAccess.builder(server.url())
            .deadline(Duration.ofSeconds(30))
            .coalesced(false)
            .build()) {
      Crowd.of(4).each(5, (caller, time) -> {
        redis.call(client -> client.set("key" + caller, "x"));
        redis.call(client -> client.set("huge" + caller, huge));
      });
      admin.configSet("timeout", "1");
      Await.until("the server has closed them", () -> !admin.clientList().contains(" name=redis "));
      admin.configSet("timeout", "0");

      Crowd.of(4).each(5, (caller, time) -> {
        redis.call(client -> client.set("key" + caller, "y"));
        redis.call(client -> client.set("huge" + caller, huge));
      });

      assertThat(redis.isWell()).isTrue();
      assertThat(redis.guard().counts().window().failed()).isZero();
    }
  }

  @Test
  void aHungServerIsAskedForASignOfLifeOnceACall() {
    Duration deadline = Duration.ofSeconds(1);
    try (RedisAccess redis = RedisAccess.builder(server.url())
        .deadline(deadline)
        .connectTimeout(Duration.ofSeconds(5))
        .coalesced(false)
        .build()) {
      List<AbstractPipeline> open = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        AbstractPipeline pipeline = redis.commands().pipelined();
        pipeline.get("key");
        open.add(pipeline);
      }
      open.forEach(AbstractPipeline::close);
      GenericObjectPool<?> pool = redis.pools().values().iterator().next();
      assertThat(pool.getNumIdle()).isEqualTo(16);
      idle(Duration.ofMillis(1_100));
      server.pause();

      assertThatThrownBy(() -> redis.call(client -> client.set("key", "x")))
          .isInstanceOf(JedisException.class);

      assertThat(pool.getNumIdle()).isZero();
      assertThat(pool.getCreatedCount()).isEqualTo(16);
      assertThat(redis.guard().counts().window().failed()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 10})
  void unclosedPipelinesAreThisProcessFaultAndNotRedis(int poolSize) {
    try (RedisAccess redis = RedisAccess.builder(server.url())
        .deadline(Duration.ofMillis(500))
        .poolSize(poolSize)
        .build()) {
      List<AbstractPipeline> unclosed = new ArrayList<>();
      int failed = 0;
      for (int i = 0; i < poolSize + 5; i++) {
        try {
          unclosed.add(redis.call(client -> client.pipelined()));
        } catch (NoConnectionException none) {
          failed++;
          assertThat(none)
              .hasMessageContaining("127.0.0.1:" + server.port())
              .hasMessageContaining("within 500 ms")
              .hasMessageMatching(".* (\\d+) of \\1 are in use .*")
              .hasMessageContaining("close pipelines");
        }
      }

      assertThat(failed).isGreaterThanOrEqualTo(5);
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(redis.guard().counts().window().failed()).isZero();
      unclosed.forEach(AbstractPipeline::close);
      String written = redis.call(client -> client.set("key", "x"));
      assertThat(written).isEqualTo("OK");
    }
  }
}
