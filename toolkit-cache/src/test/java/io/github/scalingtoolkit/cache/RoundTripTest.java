package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.providers.PooledConnectionProvider;

/** Counts uses of a connection: a command or a pipeline each. */
class RoundTripTest {
  private static final AtomicInteger TRIPS = new AtomicInteger();

  private static RedisServer server;
  private static UnifiedJedis counting;
  private static RedisClient blocking;
  private static RedisAccess redis;

  private final String name = Fixture.name();

  private static final class CountingProvider extends PooledConnectionProvider {
    CountingProvider(int port) {
      super(new HostAndPort("127.0.0.1", port));
    }

    @Override
    public Connection getConnection() {
      TRIPS.incrementAndGet();
      return super.getConnection();
    }

    @Override
    public Connection getConnection(CommandArguments args) {
      TRIPS.incrementAndGet();
      return super.getConnection();
    }
  }

  private static final class CountingJedis extends UnifiedJedis {
    CountingJedis(int port) {
      super(new CountingProvider(port), RedisProtocol.RESP2);
    }
  }

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    counting = new CountingJedis(server.port());
    blocking = RedisClient.builder().hostAndPort("127.0.0.1", server.port()).build();
    redis = RedisAccess.wrap(counting, blocking);
    // Every script is known from here on.
    CacheAside<String, String> warm = Fixture.texts(redis, "warm").build();
    warm.get("k", key -> "v");
    warm.write("k", () -> "saved");
    warm.evict("k");
  }

  @AfterAll
  static void stop() {
    redis.close();
    counting.close();
    blocking.close();
    server.close();
  }

  private static int tripsOf(Runnable action) {
    int before = TRIPS.get();
    action.run();
    return TRIPS.get() - before;
  }

  @Test
  void aHitTakesOneAndAMissThree() {
    CacheAside<String, String> cache = Fixture.texts(redis, name).build();

    assertThat(tripsOf(() -> cache.get("k", key -> "v"))).isEqualTo(3);
    assertThat(tripsOf(() -> cache.get("k", key -> "v"))).isEqualTo(1);
  }

  @Test
  void withMemoryAMissTakesTwoAndAHitNone() {
    try (CacheAside<String, String> cache =
        live(Fixture.texts(redis, name).local(10, Duration.ofMinutes(1)).build())) {
      AtomicReference<Outcome> outcome = new AtomicReference<>();
      Runnable get = () -> outcome.set(cache.lookup("k", key -> "v").outcome());

      assertThat(tripsOf(get)).isEqualTo(2);
      assertThat(outcome).hasValue(Outcome.LOADED);
      int trips = tripsOf(get);
      assertThat(outcome)
          .as("live=%s size=%s", cache.localLive(), cache.localSize())
          .hasValue(Outcome.L1_HIT);
      assertThat(trips).isZero();
    }
  }

  @Test
  void aWriteTakesTwoAndAnEvictOne() {
    CacheAside<String, String> cache = Fixture.texts(redis, name).build();

    assertThat(tripsOf(() -> cache.write("k", () -> "saved"))).isEqualTo(2);
    assertThat(tripsOf(() -> cache.evict("k"))).isEqualTo(1);
  }

  @Test
  void aWriteThatEndsWithAScriptTakesTwoAndElsewhereThree() {
    CacheAside<String, String> cache = Fixture.texts(redis, name).build();
    ScriptCall script = new ScriptCall(LuaScript.of("nothing", "return 1"), List.of(), List.of());
    redis.evalAll(List.of(script));
    RedisAccess another = RedisAccess.wrap(counting);

    assertThat(tripsOf(() -> cache.begin("k").end(redis, script))).isEqualTo(2);
    assertThat(tripsOf(() -> cache.begin("k").end(another, script))).isEqualTo(3);
  }

  @Test
  void getAllTakesOneWhenAllAreThereAndThreeWhenSomeAreNot() {
    CacheAside<String, String> cache = Fixture.texts(redis, name).build();
    List<String> keys = List.of("a", "b", "c", "d");
    Map<String, String> values = Map.of("a", "1", "b", "2", "c", "3", "d", "4");

    assertThat(tripsOf(() -> cache.getAll(keys, missing -> values))).isEqualTo(3);
    assertThat(tripsOf(() -> cache.getAll(keys, missing -> values))).isEqualTo(1);
  }
}
