package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CacheAsideTest {
  private record UserId(String value) {}

  private record Todo(String title, boolean completed) {}

  private static final Function<String, String> NOT_TO_BE_CALLED = key -> {
    throw new AssertionError("the loader ran for " + key);
  };

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

  @Test
  void loadsOnceAndThenHits() {
    CacheAside<UserId, List<Todo>> todos = CacheAside.builder(
            redis, name, Codec.json(new TypeReference<List<Todo>>() {}))
        .keys(UserId::value)
        .timeToLive(Duration.ofMinutes(5))
        .build();
    UserId user = new UserId("ann");
    List<Todo> list = List.of(new Todo("write tests", false));

    Cached<List<Todo>> first = todos.lookup(user, id -> list);
    Cached<List<Todo>> second = todos.lookup(user, id -> List.of());

    assertThat(first).isEqualTo(new Cached<>(list, Outcome.LOADED));
    assertThat(second).isEqualTo(new Cached<>(list, Outcome.L2_HIT));
    assertThat(todos.get(user, id -> List.of())).isEqualTo(list);
  }

  @Test
  void isCachedAgainAtOnceAfterHundredsOfConcurrentWrites() {
    CacheAside<String, String> cache = texts(redis, name).build();
    List<WriteBracket> writes = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      writes.add(cache.begin("k"));
    }
    assertThat(cache.lookup("k", key -> "old").outcome()).isEqualTo(Outcome.BYPASS);

    writes.forEach(WriteBracket::end);

    assertThat(cache.lookup("k", key -> "new").outcome()).isEqualTo(Outcome.LOADED);
    assertThat(cache.lookup("k", NOT_TO_BE_CALLED)).isEqualTo(new Cached<>("new", Outcome.L2_HIT));
  }

  @Test
  void warnsOfARedisThatMayEvictTombstonesAndOfNoOther() {
    try (CapturedLog log = CapturedLog.start();
        RedisServer evicting = RedisServer.start("--maxmemory-policy", "volatile-ttl");
        RedisAccess risky = Fixture.patient(evicting.url());
        CacheAside<String, String> cache = texts(risky, name).build();
        CacheAside<String, String> safe = texts(redis, name + "-safe").build()) {
      Await.until("it is warned of", () -> !log.lines("cache=" + name + " ").isEmpty());

      assertThat(log.lines("cache=" + name + " "))
          .singleElement()
          .asString()
          .contains("maxmemory-policy=volatile-ttl", "tombstone", "set noeviction");
      redis.warnOfEviction("cache=marker", "none", policy -> true);
      Await.until("the other was asked", () -> !log.lines("cache=marker ").isEmpty());
      assertThat(log.lines(safe.name())).isEmpty();
      assertThat(cache.get("k", key -> "a")).isEqualTo("a");
    }
  }

  @Test
  void keepsNullAsAValue() {
    CacheAside<String, String> cache = texts(redis, name).build();

    assertThat(cache.get("k", key -> null)).isNull();

    assertThat(cache.lookup("k", NOT_TO_BE_CALLED)).isEqualTo(new Cached<>(null, Outcome.L2_HIT));
  }

  @Test
  void keepsEmptyTextAndEmptyBytesApartFromNull() {
    CacheAside<String, String> cache = texts(redis, name).build();
    CacheAside<String, byte[]> bytes = CacheAside.builder(redis, Fixture.name(), Codec.bytes())
        .timeToLive(Duration.ofMinutes(1))
        .build();

    cache.get("k", key -> "");
    bytes.get("k", key -> new byte[0]);

    assertThat(cache.get("k", NOT_TO_BE_CALLED)).isEmpty();
    assertThat(bytes.get("k", key -> null)).isEmpty();
  }

  @Test
  void undecodableBytesAreAMissAndAreReplaced() {
    CacheAside<String, Todo> cache = CacheAside.builder(redis, name, Codec.json(Todo.class))
        .timeToLive(Duration.ofMinutes(5))
        .build();
    redis.commands().set("tc:" + name + ":k", "V+{\"title\":1");
    redis.commands().set("tc:" + name + ":l", "V");
    Todo todo = new Todo("a", true);

    assertThat(cache.lookup("k", key -> todo).outcome()).isEqualTo(Outcome.LOADED);
    assertThat(cache.lookup("l", key -> todo).outcome()).isEqualTo(Outcome.LOADED);

    assertThat(cache.lookup("k", key -> todo)).isEqualTo(new Cached<>(todo, Outcome.L2_HIT));
    assertThat(cache.lookup("l", key -> todo)).isEqualTo(new Cached<>(todo, Outcome.L2_HIT));
  }

  @Test
  void aValueThatCannotBeEncodedIsReturnedAndNotKept() {
    CacheAside<String, String> cache = texts(redis, name).build();
    String loneSurrogate = "\ud800";

    assertThat(cache.get("k", key -> loneSurrogate)).isEqualTo(loneSurrogate);

    assertThat(cache.lookup("other", key -> "v").outcome()).isEqualTo(Outcome.LOADED);
    assertThatThrownBy(() -> cache.get(loneSurrogate, key -> "v"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lone surrogate");
  }

  @Test
  void loadersExceptionPassesUnwrappedAndIsNotKept() {
    CacheAside<String, String> cache = texts(redis, name).build();
    IllegalStateException failure = new IllegalStateException("no database");

    assertThatThrownBy(() -> cache.get("k", key -> {
          throw failure;
        }))
        .isSameAs(failure);

    assertThat(standing(redis, name, "k")).isNull();
    assertThat(cache.lookup("k", key -> "v").outcome()).isEqualTo(Outcome.LOADED);
  }

  @Test
  void aLoaderThatGetsItsOwnKeyDoesNotWaitForItself() {
    CacheAside<String, String> cache = texts(redis, name).build();

    String value = cache.get("k", key -> "outer of " + cache.get("k", again -> "inner"));

    assertThat(value).isEqualTo("outer of inner");
  }

  @Test
  void livesAreSpreadAroundTheTimeToLive() {
    CacheAside<String, String> cache =
        texts(redis, name).timeToLive(Duration.ofSeconds(1000)).build();
    List<Long> lives = new ArrayList<>();

    for (int i = 0; i < 50; i++) {
      cache.get("k" + i, key -> "v");
      lives.add(redis.commands().pttl("tc:" + name + ":k" + i));
    }

    assertThat(lives).allSatisfy(life -> assertThat(life).isBetween(800_000L, 1_100_000L));
    assertThat(lives.stream().mapToLong(Long::longValue).max().orElseThrow()
            - lives.stream().mapToLong(Long::longValue).min().orElseThrow())
        .isGreaterThan(20_000);
  }

  @Test
  void aReaderWaitsForTheLoadOfAnotherProcessAndThenHits() {
    CacheAside<String, String> one =
        texts(redis, name).lease(Duration.ofSeconds(30)).build();
    CacheAside<String, String> two =
        texts(redis, name).lease(Duration.ofSeconds(30)).build();
    var started = new java.util.concurrent.CountDownLatch(1);
    var go = new java.util.concurrent.CountDownLatch(1);
    var loading = Fixture.async(() -> one.lookup("k", key -> {
      started.countDown();
      Fixture.await(go);
      return "v";
    }));
    Fixture.await(started);

    var waiting = Fixture.async(() -> two.lookup("k", NOT_TO_BE_CALLED));
    go.countDown();

    assertThat(Fixture.value(loading)).isEqualTo(new Cached<>("v", Outcome.LOADED));
    assertThat(Fixture.value(waiting)).isEqualTo(new Cached<>("v", Outcome.L2_HIT));
  }

  @Test
  void aReaderTakesOverTheLeaseOfALoaderThatDied() {
    CacheAside<String, String> cache = texts(redis, name).build();
    redis.commands().psetex("tc:" + name + ":k", 50, "Lsomebodydead");

    assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.LOADED));
  }

  @Test
  void aReaderLoadsByItselfWhenAnotherProcessTakesTooLong() {
    CacheAside<String, String> cache =
        texts(redis, name).loadLifetime(Duration.ofMillis(50)).build();
    redis.commands().psetex("tc:" + name + ":k", 600_000, "Lsomebodyslow");

    assertThat(cache.lookup("k", key -> "v")).isEqualTo(new Cached<>("v", Outcome.BYPASS));

    assertThat(standing(redis, name, "k")).isEqualTo("Lsomebodyslow");
  }

  @Test
  void writeRemovesTheValueAndReturnsTheActionsResult() throws IOException {
    CacheAside<String, String> cache = texts(redis, name).build();
    cache.get("k", key -> "v1");

    String result = cache.<String, IOException>write("k", () -> {
      assertThat(standing(redis, name, "k")).startsWith("T");
      assertThat(cache.lookup("k", key -> "during").outcome()).isEqualTo(Outcome.BYPASS);
      return "saved";
    });

    assertThat(result).isEqualTo("saved");
    assertThat(cache.lookup("k", key -> "v2")).isEqualTo(new Cached<>("v2", Outcome.LOADED));
  }

  @Test
  void writeTakesARunnableToo() {
    CacheAside<String, String> cache = texts(redis, name).build();
    AtomicInteger database = new AtomicInteger();

    cache.write("k", () -> {
      database.set(7);
    });

    assertThat(database).hasValue(7);
    assertThat(standing(redis, name, "k")).isNull();
  }

  @Test
  void anActionThatThrowsLeavesItsRecordUntilItsDeadline() {
    CacheAside<String, String> cache = texts(redis, name).build();

    assertThatThrownBy(() -> cache.write("k", () -> {
          throw new IllegalStateException("timed out, and may yet commit");
        }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(standing(redis, name, "k")).startsWith("T");
    assertThat(cache.lookup("k", key -> "v").outcome()).isEqualTo(Outcome.BYPASS);
  }

  @Test
  void anActionThatProvesThatNothingWasWrittenEndsItsRecordAtOnce() {
    CacheAside<String, String> cache =
        texts(redis, name).notApplied(IllegalArgumentException.class).build();

    assertThatThrownBy(() -> cache.write("k", () -> {
          throw new NumberFormatException("refused");
        }))
        .isInstanceOf(NumberFormatException.class);

    assertThat(standing(redis, name, "k")).isNull();
  }

  @Test
  void aWriteThatWasMadeIsEndedAlthoughTheTimeOfItsCallerIsOver() {
    CacheAside<String, String> cache = texts(redis, name).build();
    Deadline over = Deadline.after(Duration.ZERO, Clock.system());
    WriteBracket first = cache.begin("k");
    WriteBracket second = cache.begin("k");
    WriteBracket third = cache.begin("k");

    over.run(first::end);
    ScriptReply together = over.call(() -> second.end(redis, counting()));
    over.run(third::end);
    ScriptReply alone = over.call(() -> third.end(redis, counting()));

    assertThat(cache.journalSize()).isZero();
    assertThat(together.value()).isEqualTo(1L);
    assertThat(alone.value()).isEqualTo(2L);
    cache.get("k", key -> "v1");
    assertThat(cache.lookup("k", key -> "v2").outcome()).isEqualTo(Outcome.L2_HIT);
  }

  @Test
  void aBracketEndsWithAScriptThatRunsEvenIfTheBracketHasEnded() {
    CacheAside<String, String> cache = texts(redis, name).build();
    cache.get("k", key -> "v1");
    WriteBracket write = cache.begin("k");
    assertThat(write.begun()).isTrue();

    assertThat(write.end(redis, counting()).value()).isEqualTo(1L);

    assertThat(standing(redis, name, "k")).isNull();
    assertThat(write.end(redis, counting()).value()).isEqualTo(2L);
    write.close();
    assertThat(cache.lookup("k", key -> "v2").outcome()).isEqualTo(Outcome.LOADED);
  }

  @Test
  void aScriptThatRedisRefusesDoesNotKeepTheBracketFromEnding() {
    CacheAside<String, String> cache = texts(redis, name).build();
    WriteBracket write = cache.begin("k");
    redis.commands().rpush(name + ":count", "a list");

    ScriptReply refused = write.end(redis, counting());

    assertThat(refused.failure()).hasMessageContaining("WRONGTYPE");
    assertThat(standing(redis, name, "k")).isNull();
    assertThat(cache.journalSize()).isZero();
  }

  private ScriptCall counting() {
    return new ScriptCall(
        LuaScript.of("count", "return redis.call('INCR', KEYS[1])"),
        List.of((name + ":count").getBytes(UTF_8)),
        List.of());
  }

  @Test
  void aBracketClosedWithoutAWordIsAbandoned() {
    CacheAside<String, String> cache = texts(redis, name).build();

    cache.begin("k").close();

    assertThat(standing(redis, name, "k")).startsWith("T");
  }

  @Test
  void evictRemovesTheValue() {
    CacheAside<String, String> cache = texts(redis, name).build();
    cache.get("k", key -> "v1");

    cache.evict("k");

    assertThat(cache.get("k", key -> "v2")).isEqualTo("v2");
  }

  @Test
  void getAllAsksTheLoaderOnceForWhatIsMissing() {
    CacheAside<String, String> cache = texts(redis, name).build();
    cache.get("a", key -> "A");
    cache.get("none", key -> null);
    List<Set<String>> calls = new ArrayList<>();

    Map<String, String> all = cache.getAll(List.of("c", "a", "none", "b", "gone", "a"), missing -> {
      calls.add(Set.copyOf(missing));
      return missing.stream()
          .filter(key -> !key.equals("gone"))
          .collect(Collectors.toMap(key -> key, key -> key.toUpperCase(java.util.Locale.ROOT)));
    });

    assertThat(calls).containsExactly(Set.of("b", "c", "gone"));
    assertThat(all).containsExactly(Map.entry("c", "C"), Map.entry("a", "A"), Map.entry("b", "B"));
    assertThat(cache.get("b", NOT_TO_BE_CALLED)).isEqualTo("B");
    assertThat(cache.get("gone", NOT_TO_BE_CALLED)).isNull();
    assertThat(cache.getAll(List.of("a", "b", "c"), missing -> {
          throw new AssertionError();
        }))
        .hasSize(3);
  }

  @Test
  void getAllNeitherStoresNorTrustsWhatIsBeingWritten() {
    CacheAside<String, String> cache = texts(redis, name).build();
    WriteBracket write = cache.begin("a");

    Map<String, String> all =
        cache.getAll(List.of("a", "b"), missing -> Map.of("a", "A", "b", "B"));

    assertThat(all).hasSize(2);
    assertThat(standing(redis, name, "a")).startsWith("T");
    assertThat(standing(redis, name, "b")).isEqualTo("V+B");
    write.end();
  }

  @Test
  void getAllGivesItsLeasesBackWhenTheLoaderFails() {
    CacheAside<String, String> cache = texts(redis, name).build();

    assertThatThrownBy(() -> cache.getAll(List.of("a", "b"), missing -> {
          throw new IllegalStateException("no database");
        }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(standing(redis, name, "a")).isNull();
    assertThat(standing(redis, name, "b")).isNull();
  }

  @Test
  void getAllReplacesWhatCannotBeDecoded() {
    CacheAside<String, String> cache = texts(redis, name).build();
    redis.commands().set("tc:" + name + ":a", "V?");

    assertThat(cache.getAll(List.of("a"), missing -> Map.of("a", "A"))).containsEntry("a", "A");

    assertThat(standing(redis, name, "a")).isEqualTo("V+A");
  }

  @Test
  void peekLocalServesWhatAGetHasLeftInMemoryAndNothingElse() {
    try (CacheAside<String, String> cache = live(localTexts(redis, name).build())) {
      assertThat(cache.peekLocal("k")).isNull();

      cache.get("k", key -> "v");

      assertThat(cache.peekLocal("k")).isEqualTo(new Cached<>("v", Outcome.L1_HIT));
      assertThat(cache.lookup("k", NOT_TO_BE_CALLED).outcome()).isEqualTo(Outcome.L1_HIT);
      cache.evict("k");
      assertThat(cache.peekLocal("k")).isNull();
    }
  }

  @Test
  void aValueFromRedisEntersMemoryAndLeavesItNoLaterThanRedis() {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    redis.commands().psetex("tc:" + name + ":short", 60_000, "V+v");
    redis.commands().psetex("tc:" + name + ":long", 600_000, "V+v");
    try (CacheAside<String, String> cache =
        live(texts(redis, name).local(10, Duration.ofMinutes(2)).clock(clock).build())) {
      assertThat(cache.lookup("short", NOT_TO_BE_CALLED).outcome()).isEqualTo(Outcome.L2_HIT);
      assertThat(cache.lookup("long", NOT_TO_BE_CALLED).outcome()).isEqualTo(Outcome.L2_HIT);

      clock.advance(Duration.ofSeconds(61));
      assertThat(cache.peekLocal("short")).isNull();
      assertThat(cache.peekLocal("long")).isNotNull();

      clock.advance(Duration.ofSeconds(60));
      assertThat(cache.peekLocal("long")).isNull();
    }
  }

  @Test
  void anInvalidationOfOneProcessReachesTheMemoryOfAnother() {
    try (CacheAside<String, String> one = live(localTexts(redis, name).build());
        CacheAside<String, String> two = live(localTexts(redis, name).build())) {
      two.get("k", key -> "v1");
      assertThat(two.peekLocal("k")).isNotNull();

      one.write("k", () -> "saved");

      Await.until("the message is there", () -> two.peekLocal("k") == null);
      assertThat(two.get("k", key -> "v2")).isEqualTo("v2");
    }
  }

  @Test
  void getAllUsesMemory() {
    try (CacheAside<String, String> cache = live(localTexts(redis, name).build())) {
      cache.getAll(List.of("a", "b"), missing -> Map.of("a", "A", "b", "B"));

      assertThat(cache.peekLocal("a")).isEqualTo(new Cached<>("A", Outcome.L1_HIT));
      redis.commands().flushAll();
      assertThat(cache.getAll(List.of("b", "a"), missing -> {
            throw new AssertionError();
          }))
          .containsExactly(Map.entry("b", "B"), Map.entry("a", "A"));
    }
  }

  @Test
  void twoCachesOfOnePrefixDoNotShareKeys() {
    CacheAside<String, String> one = texts(redis, "a").build();
    CacheAside<String, String> two = texts(redis, "a.b").build();

    one.get(".b:k", key -> "one");

    assertThat(two.get("k", key -> "two")).isEqualTo("two");
  }
}
