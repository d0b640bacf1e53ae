package io.github.scalingtoolkit.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Settings, codecs and meters: none of them needs a Redis that answers. */
class CacheAsideBuilderTest {
  private static RedisAccess redis;

  @BeforeAll
  static void start() {
    redis = RedisAccess.builder("redis://127.0.0.1:1")
        .deadline(Duration.ofMillis(100))
        .build();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  private static CacheAsideBuilder<String, String> builder() {
    return CacheAside.builder(redis, "todos", Codec.utf8());
  }

  private static void refused(String message, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }

  @Test
  void refusesWhatCannotWork() {
    refused("timeToLive must be 1 ms to 3650 d but was PT0S", () -> builder().build());
    refused(
        "timeToLive must be 1 ms to 3650 d but was PT0S",
        () -> builder().timeToLive(Duration.ZERO));
    refused(
        "timeToLive must be 1 ms to 3650 d but was PT87624H",
        () -> builder().timeToLive(Duration.ofDays(3651)));
    refused("jitter must be 0 to 0.5 but was NaN", () -> builder().jitter(Double.NaN));
    refused("jitter must be 0 to 0.5 but was 0.6", () -> builder().jitter(0.6));
    refused(
        "writeLifetime must be 1 ms to 3650 d but was PT-1S",
        () -> builder().writeLifetime(Duration.ofSeconds(-1)));
    refused("lease must be 1 ms to 3650 d but was PT0S", () -> builder().lease(Duration.ZERO));
    refused(
        "loadLifetime must be 1 ms to 3650 d but was PT0S",
        () -> builder().loadLifetime(Duration.ZERO));
    refused(
        "largestValue must be 1 to 536870912 bytes but was 0", () -> builder().largestValue(0));
    refused("maxEntries must be >= 1 but was 0", () -> builder().local(0, Duration.ofSeconds(1)));
    refused("journal must be >= 1 but was 0", () -> builder().journal(0));
    refused(
        "name must be 1 to 64 letters, digits, dots, dashes or underscores but was 'a:b'",
        () -> CacheAside.builder(redis, "a:b", Codec.utf8()));
  }

  @Test
  void aCacheIsBuiltAndUsedWhileRedisIsDown() {
    try (CacheAside<String, String> cache =
        builder().timeToLive(Duration.ofSeconds(1)).build()) {
      assertThat(cache.name()).isEqualTo("todos");
      assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.BYPASS));
    }
  }

  @Test
  void keysKeepsWhatWasSetBefore() {
    try (CacheAside<Integer, String> cache = builder()
        .timeToLive(Duration.ofSeconds(1))
        .<Integer>keys(Object::toString)
        .build()) {
      assertThat(cache.get(7, key -> "v" + key)).isEqualTo("v7");
    }
  }

  @Test
  void codecsReturnWhatTheyWereGiven() {
    Codec<List<Integer>> json = Codec.json(new TypeReference<List<Integer>>() {});
    Codec<List<Integer>> own =
        Codec.json(new ObjectMapper(), new TypeReference<List<Integer>>() {});

    assertThat(json.decode(json.encode(List.of(1, 2)))).containsExactly(1, 2);
    assertThat(own.decode(own.encode(List.of(3)))).containsExactly(3);
    assertThat(Codec.utf8().decode(Codec.utf8().encode("grüße 🌍"))).isEqualTo("grüße 🌍");
    assertThat(Codec.bytes().decode(Codec.bytes().encode(new byte[] {1}))).containsExactly(1);
  }

  @Test
  void codecsRefuseWhatIsNotTheirs() {
    assertThatThrownBy(() -> Codec.json(Integer.class).decode("1 2".getBytes()))
        .isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> Codec.utf8().decode(new byte[] {(byte) 0xff}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void metersCountWhatHappens() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (CacheAside<String, String> cache = builder()
        .timeToLive(Duration.ofSeconds(1))
        .listener(CacheMetrics.of(registry, "todos"))
        .build()) {
      CacheMetrics.bind(registry, cache);

      cache.get("k", key -> "v");
      cache.write("k", () -> "saved");

      assertThat(registry
              .get("toolkit.cache.gets")
              .tags("cache", "todos", "outcome", "bypass")
              .counter()
              .count())
          .isEqualTo(1);
      assertThat(registry.get("toolkit.cache.loads").tag("result", "ok").timer().count())
          .isEqualTo(1);
      assertThat(registry
              .get("toolkit.cache.invalidations")
              .tag("result", "journaled")
              .counter()
              .count())
          .isEqualTo(2);
      assertThat(registry.get("toolkit.cache.journal").gauge().value()).isEqualTo(1);
      assertThat(registry.get("toolkit.cache.local.live").gauge().value()).isZero();
    }
  }

  @Test
  void listenersHearOfStoresHitsAndRefusals() {
    CacheMetrics metrics = CacheMetrics.of(new SimpleMeterRegistry(), "todos");

    metrics.onFill(true);
    metrics.onFill(false);
    metrics.onReplay();
    metrics.onLoad(1, false);
    for (CacheProblem problem : CacheProblem.values()) {
      metrics.onProblem(problem);
    }
    for (Outcome outcome : Outcome.values()) {
      metrics.onGet(outcome);
    }

    assertThat(metrics).isInstanceOf(CacheListener.class);
  }
}
