package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/** Memory is used only while every invalidation arrives: R5, the lost message. */
class CoherenceTest {
  private static RedisServer server;
  private static RedisAccess redis;

  private final String name = Fixture.name();
  private final AtomicReference<String> database = new AtomicReference<>("v1");

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = Fixture.patient(server.url());
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @Test
  void memoryIsFlushedWhenTheSubscribersConnectionIsKilled() {
    try (CacheAside<String, String> cache = live(localTexts(redis, name).build());
        Jedis admin = server.connect()) {
      cache.get("k", key -> "v1");
      assertThat(cache.peekLocal("k")).isNotNull();

      admin.clientKill(new ClientKillParams().type(ClientType.PUBSUB));

      Await.until("it is flushed", () -> cache.peekLocal("k") == null);
      Await.until("it is live again", cache::localLive);
      assertThat(cache.lookup("k", key -> "other")).isEqualTo(new Cached<>("v1", Outcome.L2_HIT));
      Await.until("it is in memory again", () -> {
        cache.get("k", key -> "other");
        return cache.peekLocal("k") != null;
      });
    }
  }

  @Test
  void memoryIsBypassedAndFlushedWhileInvalidationsMayBeMissed() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisClient commands = client(server.port());
        RedisClient blocking = client(proxy.port());
        RedisAccess own = RedisAccess.wrap(commands, blocking);
        CacheAside<String, String> cache = live(localTexts(own, name).build())) {
      CacheAside<String, String> other = texts(redis, name).build();
      cache.get("k", key -> database.get());
      assertThat(cache.peekLocal("k")).isNotNull();

      proxy.cut();
      Await.until("the gap is noticed", () -> !cache.localLive());
      assertThat(cache.peekLocal("k")).isNull();
      assertThat(cache.lookup("k", key -> database.get()).outcome()).isEqualTo(Outcome.L2_HIT);
      assertThat(cache.peekLocal("k")).isNull();
      other.write("k", () -> database.set("v2"));
      assertThat(cache.get("k", key -> database.get())).isEqualTo("v2");

      proxy.heal();
      Await.until("it is live again", cache::localLive);
      assertThat(cache.get("k", key -> database.get())).isEqualTo("v2");
      assertThat(cache.peekLocal("k")).isNotNull();
    }
  }

  @Test
  void aHalfOpenConnectionIsNoticedByItsSilence() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisClient commands = client(server.port());
        RedisClient blocking = client(proxy.port());
        RedisAccess own = RedisAccess.wrap(commands, blocking);
        CacheAside<String, String> cache = live(localTexts(own, name).build())) {
      cache.get("k", key -> "v1");

      proxy.hang();

      Await.until("the silence is noticed", () -> !cache.localLive());
      assertThat(cache.peekLocal("k")).isNull();
      proxy.heal();
    }
  }

  /** No thread has run after the standstill, and the connection is half-open: nothing but the time tells of it. */
  @Test
  void afterAStandstillNothingIsServedBeforeTheServerWasHeard() {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess own = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(10))
            .clock(clock)
            .build();
        CacheAside<String, String> cache =
            live(localTexts(own, name).clock(clock).build());
        CacheAside<String, String> ofAnotherClock = live(localTexts(own, name).build())) {
      cache.get("k", key -> "v1");
      ofAnotherClock.get("k", key -> "v1");
      assertThat(cache.peekLocal("k")).isNotNull();
      assertThat(ofAnotherClock.peekLocal("k")).isNotNull();
      proxy.hang();

      clock.advance(Duration.ofSeconds(3));

      assertThat(cache.peekLocal("k")).isNull();
      assertThat(ofAnotherClock.peekLocal("k")).isNull();
      assertThat(cache.localLive()).isFalse();
      proxy.heal();
    }
  }

  @Test
  void memoryNeedsAClientForBlockingConnections() {
    try (RedisClient commands = client(server.port());
        RedisAccess one = RedisAccess.wrap(commands)) {
      assertThatThrownBy(() -> localTexts(one, name).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(name)
          .hasMessageContaining("RedisAccess.wrap(commands, blocking)");

      CacheAside<String, String> without = texts(one, name).build();
      without.get("k", key -> "v1");
      assertThat(without.lookup("k", key -> "v2").outcome()).isEqualTo(Outcome.L2_HIT);
      assertThat(without.peekLocal("k")).isNull();
      assertThat(without.localLive()).isFalse();
    }
  }

  @Test
  void aClosedCacheUsesItsMemoryNoMore() {
    CacheAside<String, String> cache = live(localTexts(redis, name).build());
    cache.get("k", key -> "v1");

    cache.close();

    assertThat(cache.localLive()).isFalse();
    assertThat(cache.peekLocal("k")).isNull();
    assertThat(cache.lookup("k", key -> "v2")).isEqualTo(new Cached<>("v1", Outcome.L2_HIT));
  }

  @Test
  void aPeekInMemoryAllocatesNothing() {
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    try (CacheAside<String, String> cache =
        live(localTexts(redis, name).listener(new CacheListener() {}).build())) {
      cache.get("k", key -> "v");
      long thread = Thread.currentThread().getId();
      int peeks = 200_000;
      int seen = 0;
      long allocated = 0;

      for (int round = 0; round < 3; round++) {
        long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < peeks; i++) {
          seen += cache.peekLocal("k") == null ? 0 : 1;
        }
        allocated = threads.getThreadAllocatedBytes(thread) - before;
      }

      assertThat(seen).isEqualTo(3 * peeks);
      assertThat(allocated).isLessThan(peeks);
    }
  }

  private static RedisClient client(int port) {
    return RedisClient.builder().hostAndPort(new HostAndPort("127.0.0.1", port)).build();
  }

  /** Kept apart from the time to live: memory's own cap. */
  @Test
  void theCapMustBePositive() {
    assertThatThrownBy(() -> texts(redis, name).local(1, Duration.ZERO))
        .hasMessage("cap must be 1 ms to 3650 d but was PT0S");
  }
}
