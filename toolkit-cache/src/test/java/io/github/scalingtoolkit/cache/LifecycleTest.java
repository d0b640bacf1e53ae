package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Listeners that throw, and caches that are closed. */
class LifecycleTest {
  private static RedisServer server;
  private static RedisAccess redis;

  private final String name = Fixture.name();

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

  private static final class Throwing implements CacheListener {
    @Override
    public void onGet(Outcome outcome) {
      throw new IllegalStateException("onGet");
    }

    @Override
    public void onLoad(long nanos, boolean succeeded) {
      throw new IllegalStateException("onLoad");
    }

    @Override
    public void onFill(boolean stored) {
      throw new IllegalStateException("onFill");
    }

    @Override
    public void onInvalidation(boolean reached) {
      throw new NoClassDefFoundError("onInvalidation");
    }

    @Override
    public void onReplay() {
      throw new IllegalStateException("onReplay");
    }

    @Override
    public void onProblem(CacheProblem problem) {
      throw new IllegalStateException("onProblem");
    }
  }

  @Test
  void aListenerThatThrowsFailsNoGetAndNoWrite() {
    try (CapturedLog log = CapturedLog.start();
        CacheAside<String, String> cache =
            texts(redis, name).listener(new Throwing()).largestValue(5).build()) {
      assertThat(cache.get("k", key -> "v")).isEqualTo("v");
      assertThat(cache.get("k", key -> "other")).isEqualTo("v");
      assertThat(cache.getAll(List.of("k", "l"), keys -> Map.of("l", "w")))
          .isEqualTo(Map.of("k", "v", "l", "w"));
      assertThat(cache.<String, RuntimeException>write("k", () -> "saved")).isEqualTo("saved");
      cache.evict("l");
      assertThat(cache.get("m", key -> "too large")).isEqualTo("too large");

      assertThat(cache.lookup("k", key -> "v2").outcome()).isEqualTo(Outcome.LOADED);
      assertThat(log.lines("cache=" + name + " listener="))
          .singleElement()
          .asString()
          .contains("Throwing");
    }
  }

  private WeakReference<CacheAside<String, String>> closed(int number) {
    CacheAside<String, String> cache = live(localTexts(redis, name + number).build());
    cache.get("k", key -> "v");
    cache.write("k", () -> {});
    cache.close();
    return new WeakReference<>(cache);
  }

  @Test
  void aClosedCacheIsLeftToTheGarbageCollector() {
    List<WeakReference<CacheAside<String, String>>> all = List.of(closed(1), closed(2), closed(3));

    Await.until("none is referred to", () -> {
      System.gc();
      return all.stream().allMatch(cache -> cache.get() == null);
    });
  }

  @Test
  void whatAClosedCacheStillOwesIsSaid() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess cutOff = Fixture.patient(proxy.redisUrl());
        CapturedLog log = CapturedLog.start()) {
      CacheAside<String, String> cache = texts(cutOff, name).build();
      cache.get("k", key -> "v");
      proxy.cut();
      cache.write("k", () -> {});

      cache.close();
      cache.write("l", () -> {});

      assertThat(log.lines("cache=" + name + " state=closed"))
          .singleElement()
          .asString()
          .contains("journal=1", "evict the keys");
    }
  }
}
