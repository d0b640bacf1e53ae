package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** What carries or brings megabytes, beside what carries little. */
class PayloadCallsTest {
  private static final LuaScript SWAP = LuaScript.of(
      "swap",
      "local before = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) return before");
  private static final int TWO_MEGABYTES = 2_000_000;

  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    try (Jedis admin = server.connect()) {
      String large = "l".repeat(TWO_MEGABYTES);
      for (int i = 0; i < 16; i++) {
        admin.set("large:" + i, large);
      }
      admin.set("small", "hello");
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void sixteenLargeRepliesFailNoSmallCommandBesideThem() {
    try (RedisAccess redis =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(1)).build()) {
      Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger small = new AtomicInteger();
      Crowd crowd = Crowd.of(24).start(1, (caller, time) -> {
        while (!done.get() && failures.isEmpty()) {
          try {
            String read = redis.call(client -> client.get("small"));
            assertThat(read).isEqualTo("hello");
            small.incrementAndGet();
          } catch (Throwable failed) {
            failures.add(failed);
          }
        }
      });
      AtomicInteger large = new AtomicInteger();

      Crowd.of(16).each(3, (caller, time) -> {
        try {
          String read = redis.call(client -> client.get("large:" + caller));
          assertThat(read).hasSize(TWO_MEGABYTES);
          large.incrementAndGet();
        } catch (JedisException slow) {
          // The machine may be: not of what this is about.
        }
      });
      int before = small.get();
      Await.until("the small ones go on", () -> small.get() > before + 100 || !failures.isEmpty());
      done.set(true);
      crowd.join();

      assertThat(failures).isEmpty();
      assertThat(large.get()).isPositive();
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }

  @Test
  void aReplyThatWasLargeBeforeTravelsApart() {
    try (RedisAccess redis =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(30)).build()) {
      for (int i = 0; i < 2; i++) {
        String read = redis.call(client -> client.get("large:1"));
        assertThat(read).hasSize(TWO_MEGABYTES);
      }

      assertThat(redis.guards()).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void fourMegabytesAreWrittenAndReadWithinTheTimeThatTheyNeed(boolean coalesced) {
    String huge = "h".repeat(4_000_000);
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .coalesced(coalesced)
            .connectTimeout(Duration.ofSeconds(5))
            .build()) {
      PatientRedis.reach(redis, client -> client.set("huge", "h".repeat(100_000)));
      // Longer than a command has, and less than such a payload has.
      proxy.delay(Duration.ofMillis(120));

      redis.call(client -> client.set("huge", huge));

      proxy.heal();
      try (Jedis admin = server.connect()) {
        assertThat(admin.strlen("huge")).isEqualTo(4_000_000);
        admin.del("huge");
      }
      assertThat(redis.isWell()).isTrue();
    }
  }

  @Test
  void aServerThatTakesNoPayloadsIsCutOffAndItsShortCommandsAreNot() {
    String huge = "h".repeat(8_000_000);
    try (RedisServer hung = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(hung.url())
            .deadline(Duration.ofMillis(100))
            .connectTimeout(Duration.ofSeconds(5))
            .build()) {
      PatientRedis.reach(redis, client -> client.set("small", "hello"));
      PatientRedis.reach(redis, client -> client.set("huge", "h".repeat(100_000)));
      hung.pause();
      int paid = 0;
      boolean refused = false;

      while (!refused && paid < 20) {
        try {
          redis.call(client -> client.set("huge", huge));
        } catch (RejectedException open) {
          refused = true;
        } catch (JedisException cut) {
          paid++;
        }
      }

      assertThat(paid).isBetween(4, 10);
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(redis.guards())
          .filteredOn(guard -> guard.state() != GuardState.CLOSED)
          .singleElement()
          .satisfies(open -> assertThat(open.name()).isEqualTo("redis-payloads"));
      hung.resume();
      Await.until("payloads pass again", redis::isWell);
    }
  }

  @Test
  void aReplyTooLargeForItsDeadlineCountsAgainstNobody() {
    int size = 16_000_000;
    storeHuge("huge:shared", size);
    AtomicBoolean arrived = new AtomicBoolean();
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofMillis(500))
            .connectTimeout(Duration.ofSeconds(5))
            .build()) {
      PatientRedis.reach(redis, client -> client.get("small"));
      proxy.throttle(8_000);
      AtomicInteger late = new AtomicInteger();
      Queue<Throwable> blamed = new ConcurrentLinkedQueue<>();

      Crowd callers = Crowd.of(32).start(1, (caller, time) -> {
        while (!arrived.get()) {
          try {
            String read =
                redis.call(client -> client.get(caller % 16 == 0 ? "huge:shared" : "small"));
            if (read.length() == size) {
              arrived.set(true);
            }
          } catch (Throwable failed) {
            late.incrementAndGet();
            if (RedisFailure.of(failed) != RedisFailure.THIS_PROCESS) {
              blamed.add(failed);
            }
          }
        }
      });
      callers.join();

      assertThat(blamed).isEmpty();
      assertThat(late).hasPositiveValue();
      assertThat(redis.guards())
          .allSatisfy(guard -> assertThat(guard.state()).isEqualTo(GuardState.CLOSED));
    } finally {
      arrived.set(true);
      storeHuge("huge:shared", 0);
    }
  }

  @Test
  void aServerThatFreezesInALargeReplyIsFoundOut() {
    storeHuge("huge:frozen", 4_000_000);
    AtomicBoolean done = new AtomicBoolean();
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofMillis(100))
            .connectTimeout(Duration.ofSeconds(5))
            .build()) {
      PatientRedis.reach(redis, client -> client.get("small"));
      proxy.throttle(4_000);
      AtomicInteger late = new AtomicInteger();

      Crowd callers = Crowd.of(24).start(1, (caller, time) -> {
        while (!done.get()) {
          try {
            redis.call(client -> client.get(caller % 8 == 0 ? "huge:frozen" : "small"));
          } catch (RuntimeException failed) {
            late.incrementAndGet();
          }
        }
      });
      Await.until("a large reply has kept others", () -> late.get() > 0);
      proxy.hang();

      Await.until("the breaker opens", () -> redis.guard().state() != GuardState.CLOSED);
      done.set(true);
      proxy.heal();
      callers.join();
    } finally {
      done.set(true);
      storeHuge("huge:frozen", 0);
    }
  }

  @Test
  void aPayloadTooSlowButMovingCountsAgainstNobody() {
    String huge = "h".repeat(12_000_000);
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofMillis(100))
            .connectTimeout(Duration.ofSeconds(5))
            .build()) {
      PatientRedis.reach(redis, client -> client.set("huge:slow", "h".repeat(100_000)));
      int before = failed(redis);
      proxy.throttle(2_500);

      assertThatExceptionOfType(UnknownOutcomeException.class)
          .isThrownBy(() -> redis.call(client -> client.set("huge:slow", huge)))
          .withMessageContaining("more to come")
          .satisfies(
              slow -> assertThat(RedisFailure.of(slow)).isEqualTo(RedisFailure.THIS_PROCESS));
      assertThat(failed(redis)).isEqualTo(before);
    }
  }

  @Test
  void aPayloadAtACrawlIsAnIllNode() {
    byte[] much = "h".repeat(2_000_000).getBytes(UTF_8);
    List<byte[]> key = List.of("crawled".getBytes(UTF_8));
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofMillis(400))
            .connectTimeout(Duration.ofSeconds(5))
            .build()) {
      try (Jedis admin = server.connect()) {
        admin.set(key.get(0), much);
      }
      // Its connection is there already.
      PatientRedis.reach(redis, client -> client.set("huge:slow", "h".repeat(100_000)));
      int before = failed(redis);
      proxy.throttle(200);

      assertThatExceptionOfType(UnknownOutcomeException.class)
          .isThrownBy(() -> redis.evalPayload(SWAP, key, List.of(new byte[0]), much.length))
          .satisfies(slow -> assertThat(RedisFailure.of(slow)).isEqualTo(RedisFailure.NODE));
      assertThat(failed(redis)).isGreaterThan(before);
    }
  }

  private static void storeHuge(String key, int bytes) {
    try (Jedis admin = server.connect()) {
      if (bytes == 0) {
        admin.del(key);
      } else {
        admin.set(key, "h".repeat(bytes));
      }
    }
  }

  private static int failed(RedisAccess redis) {
    return redis.guards().stream()
        .mapToInt(guard -> guard.counts().window().failed())
        .sum();
  }

  @Test
  void scriptsThatCarryAndBringMuchHaveTheTimeThatTheyNeed() {
    byte[] huge = "h".repeat(3_000_000).getBytes(UTF_8);
    List<byte[]> key = List.of("swapped".getBytes(UTF_8));
    try (RedisAccess redis =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build()) {
      assertThat(redis.evalPayload(SWAP, key, List.of(huge), 0)).isNull();
      assertThat(redis.evalPayload(SWAP, key, List.of(new byte[0]), huge.length))
          .isEqualTo(huge);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> redis.evalPayload(SWAP, List.of(), List.of(), -1));
      assertThat(redis.isWell()).isTrue();
    }
  }
}
