package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that cannot be encoded, decoded or stored, and bytes that are none. */
class ValueProblemsTest {
  private static final String SECRET = "secret";

  private static RedisServer server;
  private static RedisAccess redis;

  private final String name = Fixture.name();
  private final Noticed noticed = new Noticed();

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

  private record Todo(String title, int position) {}

  private record Older(String title) {}

  private record Times(
      Instant instant,
      LocalDate day,
      OffsetDateTime offset,
      ZonedDateTime zoned,
      Duration duration,
      Optional<String> note,
      BigDecimal price) {}

  private <V> CacheAside<String, V> cache(Codec<V> codec) {
    return CacheAside.builder(redis, name, codec)
        .timeToLive(Duration.ofMinutes(5))
        .listener(noticed)
        .build();
  }

  private static <V> Codec<V> codec(Function<V, byte[]> encode, Function<byte[], V> decode) {
    return new Codec<>() {
      @Override
      public byte[] encode(V value) {
        return encode.apply(value);
      }

      @Override
      public V decode(byte[] bytes) {
        return decode.apply(bytes);
      }
    };
  }

  private void stands(String value) {
    redis.commands().set("tc:" + name + ":k", value);
  }

  @Test
  void whatCannotBeDecodedIsSaidOnceByClassAndPlaceAndNeverByValue() {
    CacheAside<String, Todo> todos = cache(Codec.json(Todo.class));
    try (CapturedLog log = CapturedLog.start()) {
      for (int i = 0; i < 3; i++) {
        stands("V+{\"title\":\"a\",\"position\":\"" + SECRET + "\"}");
        assertThat(todos.lookup("k", key -> new Todo("a", 1)).outcome()).isEqualTo(Outcome.LOADED);
      }

      assertThat(log.lines("cache=" + name + " problem=undecodable"))
          .singleElement()
          .asString()
          .contains("JsonCodec", "InvalidFormatException", "Todo.position")
          .contains("the name " + name)
          .doesNotContain(SECRET);
    }
    assertThat(noticed.problems())
        .containsExactly(
            CacheProblem.UNDECODABLE, CacheProblem.UNDECODABLE, CacheProblem.UNDECODABLE);
    assertThat(todos.lookup("k", key -> new Todo("b", 2)))
        .isEqualTo(new Cached<>(new Todo("a", 1), Outcome.L2_HIT));
  }

  @Test
  void aCodecThatBreaksItsClassOrItsStackIsAMiss() {
    Codec<String> unlinked = codec(String::getBytes, bytes -> {
      throw new NoClassDefFoundError("gone");
    });
    Codec<String> endless = codec(String::getBytes, bytes -> {
      throw new StackOverflowError();
    });

    for (Codec<String> codec : List.of(unlinked, endless)) {
      stands("V+x");
      assertThat(cache(codec).lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));
    }

    assertThat(noticed.problems()).containsOnly(CacheProblem.UNDECODABLE);
  }

  @Test
  void whatACodecCannotReadBackIsNotStoredFromTheFirstFillOn() {
    Codec<String> oneWay = codec(String::getBytes, bytes -> {
      throw new IllegalStateException("no constructor");
    });
    CacheAside<String, String> cache = cache(oneWay);
    try (CapturedLog log = CapturedLog.start()) {
      assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));

      assertThat(standing(redis, name, "k")).isNull();
      assertThat(log.lines("cache=" + name + " problem=undecodable"))
          .singleElement()
          .asString()
          .contains("IllegalStateException");
    }
  }

  @Test
  void aCodecThatChangesValuesIsSaidAtTheFirstFill() {
    CacheAside<String, String> cache =
        cache(codec(String::getBytes, bytes -> new String(bytes) + "!"));
    try (CapturedLog log = CapturedLog.start()) {
      cache.get("k", key -> "v");
      cache.get("l", key -> "v");

      assertThat(log.lines("cache=" + name + " problem=unfaithful"))
          .singleElement()
          .asString()
          .contains("other bytes");
    }
    assertThat(noticed.problems()).containsExactly(CacheProblem.UNFAITHFUL);
    assertThat(standing(redis, name, "k")).isEqualTo("V+v");
  }

  @Test
  void aCodecThatWritesEqualValuesInOtherBytesIsFaithful() {
    AtomicInteger times = new AtomicInteger();
    CacheAside<String, String> cache = cache(codec(
        value -> (times.incrementAndGet() + value).getBytes(UTF_8),
        bytes -> new String(bytes, UTF_8).substring(1)));

    assertThat(cache.get("k", key -> "v")).isEqualTo("v");

    assertThat(cache.lookup("k", key -> "w")).isEqualTo(new Cached<>("v", Outcome.L2_HIT));
    assertThat(noticed.problems()).isEmpty();
  }

  private static boolean waitsForALease(@Nullable Thread thread) {
    return thread != null
        && thread.getState() == Thread.State.TIMED_WAITING
        && Arrays.stream(thread.getStackTrace())
            .anyMatch(frame -> frame.getMethodName().equals("awaitLoad"));
  }

  @Test
  void whatAnotherLoadsInPlaceOfAnUndecodableValueIsServed() {
    String key = "tc:" + name + ":k";
    AtomicReference<Thread> reader = new AtomicReference<>();
    CacheAside<String, String> cache = cache(codec(String::getBytes, bytes -> {
      if (new String(bytes, UTF_8).equals("bad")) {
        // Another process takes the lease to replace it first.
        redis.commands().psetex(key, 60_000, "Lanother");
        throw new IllegalStateException("bad");
      }
      return new String(bytes, UTF_8);
    }));
    redis.commands().psetex(key, 60_000, "V+bad");

    CompletableFuture<Cached<String>> reading = Fixture.async(() -> {
      reader.set(Thread.currentThread());
      return cache.lookup("k", any -> "own");
    });
    Await.until("it waits", () -> waitsForALease(reader.get()));
    redis.commands().psetex(key, 60_000, "V+good");

    assertThat(Fixture.value(reading)).isEqualTo(new Cached<>("good", Outcome.L2_HIT));
  }

  @Test
  void anErrorWhileLeasesAreTakenLeavesNoneToWaitFor() {
    String prefix = "tc:" + name + ":";
    CacheAside<String, String> cache = CacheAside.builder(
            redis, name, codec(String::getBytes, bytes -> {
              String text = new String(bytes, UTF_8);
              if (text.equals("bad")) {
                // Another process stores one that is worse.
                redis.commands().psetex(prefix + "b", 60_000, "V+worse");
                throw new IllegalStateException(text);
              }
              if (text.equals("worse")) {
                throw new AssertionError(text);
              }
              return text;
            }))
        .timeToLive(Duration.ofMinutes(5))
        .lease(Duration.ofMinutes(1))
        .build();
    redis.commands().psetex(prefix + "c", 60_000, "V+bad");

    assertThatThrownBy(() -> cache.getAll(List.of("a", "b", "c"), keys -> Map.of()))
        .isInstanceOf(AssertionError.class)
        .hasMessage("worse");

    assertThat(standing(redis, name, "a")).startsWith("L");
    assertThat(Fixture.soon(() -> cache.lookup("a", key -> "v")))
        .isEqualTo(new Cached<>("v", Outcome.LOADED));
  }

  @Test
  void whatCannotBeEncodedIsSaidByTypeAndReleased() {
    record Cell(Object inside) {}
    CacheAside<String, Cell> cells = cache(Codec.json(Cell.class));
    try (CapturedLog log = CapturedLog.start()) {
      Cell cell = new Cell(new Object());

      assertThat(cells.get("k", key -> cell)).isSameAs(cell);

      assertThat(log.lines("cache=" + name + " problem=unencodable"))
          .singleElement()
          .asString()
          .contains("Cell.inside", "java.lang.Object");
    }
    assertThat(standing(redis, name, "k")).isNull();
    assertThat(noticed.problems()).containsExactly(CacheProblem.UNENCODABLE);
  }

  @Test
  void aValueTooLargeIsReturnedAndNotStoredAndOpensNoBreaker() {
    CacheAside<String, byte[]> cache = CacheAside.builder(redis, name, Codec.bytes())
        .timeToLive(Duration.ofMinutes(5))
        .largestValue(1000)
        .listener(noticed)
        .build();
    try (CapturedLog log = CapturedLog.start()) {
      assertThat(cache.get("just", key -> new byte[1000])).hasSize(1000);
      for (int i = 0; i < 20; i++) {
        assertThat(cache.get("k" + i, key -> new byte[1001])).hasSize(1001);
        assertThat(standing(redis, name, "k" + i)).isNull();
      }

      assertThat(log.lines("cache=" + name + " problem=too-large"))
          .singleElement()
          .asString()
          .contains("1001 bytes", "1000", "largestValue");
    }
    assertThat(noticed.problems()).hasSize(20).containsOnly(CacheProblem.TOO_LARGE);
    assertThat(standing(redis, name, "just")).hasSize(1002);
    assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void valuesOfMegabytesWithinTheLimitAreKeptByGetAndGetAll() {
    CacheAside<String, byte[]> cache = CacheAside.builder(redis, name, Codec.bytes())
        .timeToLive(Duration.ofMinutes(5))
        .largestValue(4 * 1024 * 1024)
        .build();
    byte[] large = new byte[3 * 1024 * 1024];

    cache.get("a", key -> large);
    cache.getAll(List.of("b", "c", "d"), keys -> Map.of("b", large, "c", new byte[1], "d", large));

    for (String key : List.of("a", "b", "d")) {
      assertThat(cache.lookup(key, any -> new byte[0]).outcome()).isEqualTo(Outcome.L2_HIT);
      assertThat(cache.get(key, any -> new byte[0])).hasSize(large.length);
    }
    assertThat(redis.isWell()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsNoEntryIsReplacedAndSaidOnce(boolean memory) {
    try (CapturedLog log = CapturedLog.start();
        CacheAside<String, String> cache = memory
            ? live(localTexts(redis, name).listener(noticed).build())
            : texts(redis, name).listener(noticed).build()) {
      redis.commands().lpush("tc:" + name + ":list", "x");
      redis.commands().set("tc:" + name + ":text", "something else");
      redis.commands().set("tc:" + name + ":empty", "");
      redis.commands().lpush("tc:" + name + ":all", "x");

      for (String key : List.of("list", "text", "empty")) {
        assertThat(cache.lookup(key, any -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));
      }
      cache.getAll(List.of("all"), keys -> Map.of("all", "v"));

      for (String key : List.of("list", "text", "empty", "all")) {
        assertThat(standing(redis, name, key)).isEqualTo("V+v");
      }
      assertThat(log.lines("cache=" + name + " problem=foreign")).hasSize(1);
      assertThat(noticed.problems()).hasSize(4).containsOnly(CacheProblem.FOREIGN);
    }
  }

  @Test
  void aKeyOfAnotherTypeIsWrittenAndEvictedAsAnyOther() {
    CacheAside<String, String> cache = texts(redis, name).build();
    for (String key : List.of("written", "evicted")) {
      redis.commands().lpush("tc:" + name + ":" + key, "x");
    }

    cache.write("written", () -> {});
    cache.evict("evicted");

    assertThat(cache.journalSize()).isZero();
    assertThat(standing(redis, name, "written")).isNull();
    assertThat(standing(redis, name, "evicted")).isNull();
  }

  @Test
  void jsonOfANewerVersionIsReadAndOfAnOlderIsNotMadeUp() {
    Codec<Todo> newer = Codec.json(Todo.class);
    Codec<Older> older = Codec.json(Older.class);

    assertThat(older.decode(newer.encode(new Todo("a", 1)))).isEqualTo(new Older("a"));
    assertThatThrownBy(() -> newer.decode(older.encode(new Older("a"))))
        .hasMessageContaining("MismatchedInputException")
        .hasMessageContaining("Todo");
    assertThatThrownBy(() -> newer.decode("{\"title\":\"a\",\"position\":null}".getBytes()))
        .isInstanceOf(RuntimeException.class);
  }

  @Test
  void jsonKeepsTimesWithOffsetAndZoneAndOptionalValues() {
    Codec<List<Times>> codec = Codec.json(new TypeReference<List<Times>>() {});
    Times times = new Times(
        Instant.parse("2026-11-23T08:00:00.123456789Z"),
        LocalDate.of(2026, 2, 28),
        OffsetDateTime.parse("2026-11-23T08:00:00+02:00"),
        ZonedDateTime.parse("2026-11-23T08:00:00+01:00[Europe/Zurich]"),
        Duration.ofMillis(1501),
        Optional.empty(),
        new BigDecimal("1.00"));

    assertThat(codec.decode(codec.encode(List.of(times)))).containsExactly(times);
  }
}
