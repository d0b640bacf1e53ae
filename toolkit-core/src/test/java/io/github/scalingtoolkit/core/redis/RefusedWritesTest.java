package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** A Redis that takes no writes, since it cannot save them or has no replica to copy them to: its reads are served. */
class RefusedWritesTest {
  private enum Reason {
    MISCONF {
      @Override
      void begin(Jedis admin) {
        // A directory in its place is what no file can be renamed to, not even by root.
        try {
          Files.createDirectory(Path.of(admin.configGet("dir").get("dir")).resolve("taken.rdb"));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        admin.configSet("save", "3600 1");
        admin.bgsave();
        Await.until(
            "it could not save",
            () -> admin.info("persistence").contains("rdb_last_bgsave_status:err"));
      }
    },
    NOREPLICAS {
      @Override
      void begin(Jedis admin) {
        admin.configSet("min-replicas-to-write", "1");
      }
    };

    abstract void begin(Jedis admin);
  }

  private RedisServer server;

  @BeforeEach
  void start() {
    // Redis 7 lets nobody set it later.
    server = RedisServer.start("--dbfilename", "taken.rdb");
  }

  @AfterEach
  void stop() {
    server.resume();
    server.close();
  }

  private void begin(Reason reason) {
    try (Jedis admin = server.connect()) {
      admin.set("greeting", "hello");
      reason.begin(admin);
    }
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void readsAreServedAndWritesAreRefusedByRedisAndNotByTheBreaker(Reason reason) {
    begin(reason);
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = RedisAccess.builder(server.url())
            .name("shop-refused")
            .deadline(Duration.ofSeconds(30))
            .build()) {
      AtomicInteger refused = new AtomicInteger();

      assertThat(redis.nodesRefusingWrites()).isZero();
      Crowd.of(24).each(10, (caller, time) -> {
        if (time % 2 == 0) {
          try {
            redis.call(client -> client.set("written", "x"));
          } catch (JedisDataException answer) {
            assertThat(answer).hasMessageStartingWith(reason.name());
            refused.incrementAndGet();
          }
        } else {
          String read = redis.call(client -> client.get("greeting"));
          assertThat(read).isEqualTo("hello");
        }
      });

      assertThat(refused.get()).isEqualTo(24 * 5);
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(redis.guard().counts().window().failed()).isZero();
      assertThat(redis.nodesRefusingWrites()).isEqualTo(1);
      assertThat(log.lines("redis=shop-refused@"))
          .singleElement()
          .satisfies(line -> assertThat(line).contains("WARN", "writes=refused", reason.name()));
    }
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void anOutageEndsThoughWritesAreStillRefused(Reason reason) {
    begin(reason);
    try (RedisAccess redis = RedisAccess.builder(server.url())
        .deadline(Duration.ofMillis(250))
        .connectTimeout(Duration.ofSeconds(1))
        .build()) {
      redis.onRecovery(client -> client.set("owed", "x"));
      server.pause();
      for (int i = 0; i < 20 && redis.guard().state() == GuardState.CLOSED; i++) {
        try {
          redis.call(client -> client.get("greeting"));
        } catch (JedisException silent) {
          // Until it is known.
        }
      }
      assertThat(redis.guard().state()).isNotEqualTo(GuardState.CLOSED);

      server.resume();

      Await.until("reads pass", () -> {
        try {
          return "hello".equals(redis.call(client -> client.get("greeting")));
        } catch (RuntimeException notYet) {
          return false;
        }
      });
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void aNodeThatRefusesNoWriteForAMinuteIsWellAgain() {
    AtomicLong now = new AtomicLong();
    AtomicInteger wakes = new AtomicInteger();
    RefusedWrites writes = new RefusedWrites(now::get);
    writes.onFirst(wakes::incrementAndGet);
    try (CapturedLog log = CapturedLog.start()) {
      writes.answered("shop@full", new JedisDataException("OOM command not allowed"));
      now.addAndGet(Duration.ofSeconds(59).toNanos());
      writes.answered("shop@full", new JedisDataException("OOM command not allowed"));
      writes.answered("shop@other", new JedisDataException("WRONGTYPE Operation against a key"));
      now.addAndGet(Duration.ofSeconds(59).toNanos());

      assertThat(writes.settle()).isFalse();
      assertThat(writes.nodes()).isEqualTo(1);

      now.addAndGet(Duration.ofSeconds(1).toNanos());

      assertThat(writes.nodes()).isZero();
      assertThat(writes.settle()).isTrue();
      assertThat(wakes).hasValue(1);
      assertThat(log.lines("redis=shop@"))
          .satisfiesExactly(
              line -> assertThat(line).contains("WARN", "shop@full", "raise maxmemory"),
              line -> assertThat(line).contains("INFO", "shop@full writes=not-refused"));

      writes.answered("shop@full", new JedisDataException("OOM command not allowed"));

      assertThat(log.lines("redis=shop@")).hasSize(3).last().asString().contains("WARN");
      assertThat(wakes).hasValue(2);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "OOM command not allowed when used memory > 'maxmemory'.",
        "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command not allowed",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist",
        "NOREPLICAS Not enough good replicas to write.",
        "READONLY You can't write against a read only replica.",
      })
  void anAnswerThatRefusesWritesIsNotedHoweverItCame(String answer) {
    RefusedWrites writes = new RefusedWrites();

    writes.answered("shop@node", new JedisDataException(answer));

    assertThat(writes.nodes()).isEqualTo(1);
  }
}
