package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.async;
import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static io.github.scalingtoolkit.cache.Fixture.value;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisException;

/** Rows of the failure table: {@code near} is cut off or sees Redis die, {@code far} is a process that is not. */
class UnreachableTest {
  private static RedisServer server;
  private static RedisAccess farRedis;

  private final String name = Fixture.name();
  private final AtomicReference<String> database = new AtomicReference<>("v1");
  private FaultProxy proxy;
  private RedisAccess nearRedis;
  private CacheAside<String, String> near;
  private CacheAside<String, String> far;

  @BeforeAll
  static void startServer() {
    server = RedisServer.start();
    farRedis = Fixture.patient(server.url());
  }

  @AfterAll
  static void stopServer() {
    farRedis.close();
    server.close();
  }

  @BeforeEach
  void start() {
    proxy = FaultProxy.to(server.port());
    nearRedis = Fixture.patient(proxy.redisUrl());
    near = texts(nearRedis, name).build();
    far = texts(farRedis, name).build();
  }

  @AfterEach
  void stop() {
    near.close();
    nearRedis.close();
    proxy.close();
  }

  private String load(String key) {
    return database.get();
  }

  private void awaitReplay() {
    Await.until("the journal is empty", () -> near.journalSize() == 0);
  }

  private void awaitClosed() {
    Await.until("the breaker is closed", () -> nearRedis.guard().state() == GuardState.CLOSED);
  }

  @Test
  void redisCutOffFromOneProcessMakesItBypassTheKeyUntilReplayed() {
    far.get("k", this::load);
    assertThat(near.lookup("k", this::load).outcome()).isEqualTo(Outcome.L2_HIT);

    proxy.cut();
    near.write("k", () -> database.set("v2"));

    assertThat(near.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
    assertThat(near.journalSize()).isEqualTo(1);
    // What the contract grants: others may serve the old one until its time to live ends.
    assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v1", Outcome.L2_HIT));

    proxy.heal();
    awaitReplay();
    assertThat(far.get("k", this::load)).isEqualTo("v2");
    awaitClosed();
    assertThat(near.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.L2_HIT));
  }

  @Test
  void anEvictWhileCutOffIsReplayedToo() {
    far.get("k", this::load);
    proxy.cut();
    database.set("v2");

    near.evict("k");

    assertThat(near.get("k", this::load)).isEqualTo("v2");
    proxy.heal();
    awaitReplay();
    assertThat(far.get("k", this::load)).isEqualTo("v2");
  }

  @Test
  void withRefuseAWriteWhileCutOffThrowsAndWritesNothing() {
    try (CacheAside<String, String> strict =
        texts(nearRedis, name).onUnreachable(OnUnreachable.REFUSE).build()) {
      far.get("k", this::load);
      proxy.cut();

      assertThatThrownBy(() -> strict.write("k", () -> database.set("v2")))
          .isInstanceOfSatisfying(
              CacheUnreachableException.class, e -> assertThat(e.cache()).isEqualTo(name))
          .hasMessageContaining("nothing was written");

      assertThat(database).hasValue("v1");
      assertThat(strict.journalSize()).isZero();
      assertThat(strict.get("k", this::load)).isEqualTo("v1");
    }
  }

  @Test
  void withRefuseAnEvictWhileCutOffThrowsAndIsReplayedAllTheSame() {
    try (CacheAside<String, String> strict =
        texts(nearRedis, name).onUnreachable(OnUnreachable.REFUSE).build()) {
      far.get("k", this::load);
      proxy.cut();
      database.set("v2");

      assertThatThrownBy(() -> strict.evict("k")).isInstanceOf(CacheUnreachableException.class);

      assertThat(strict.get("k", this::load)).isEqualTo("v2");
      proxy.heal();
      Await.until("the journal is empty", () -> strict.journalSize() == 0);
      assertThat(far.get("k", this::load)).isEqualTo("v2");
    }
  }

  @Test
  void theJournalIsReplayedBeforeTheBreakerCloses() {
    List<Integer> journalAtClosing = new CopyOnWriteArrayList<>();
    nearRedis.guard().onStateChange(state -> {
      if (state == GuardState.CLOSED) {
        journalAtClosing.add(near.journalSize());
      }
    });
    far.get("k", this::load);
    proxy.cut();
    Await.until("the breaker is open", () -> {
      near.get("other", this::load);
      return nearRedis.guard().state() == GuardState.OPEN;
    });
    near.write("k", () -> database.set("v2"));
    assertThat(near.journalSize()).isEqualTo(1);

    proxy.heal();
    // The state is read as closed a moment before those who listen for it are told.
    Await.until("the listener is told of the closing", () -> !journalAtClosing.isEmpty());

    assertThat(journalAtClosing).containsExactly(0);
    assertThat(near.get("k", this::load)).isEqualTo("v2");
    assertThat(far.get("k", this::load)).isEqualTo("v2");
  }

  @Test
  void theJournalIsReplayedWhenTheBreakerNeverOpened() {
    far.get("k", this::load);
    proxy.cut();
    WriteBracket write = near.begin("k");
    database.set("v2");
    proxy.heal();
    write.abandon();

    awaitReplay();

    assertThat(far.get("k", this::load)).isEqualTo("v2");
  }

  @Test
  void aBeginWithALostReplyIsEndedByItsToken() {
    // On a connection that is there already the request arrives; a new one would not get that far.
    // Nor would it run if Redis had to be told the script first.
    far.write("other", () -> {});
    near.get("k", this::load);
    proxy.dropReplies();

    near.write("k", () -> {
      assertThat(standing(farRedis, name, "k")).startsWith("T");
      database.set("v2");
    });

    assertThat(near.journalSize()).isEqualTo(1);
    assertThat(near.get("k", this::load)).isEqualTo("v2");
    assertThat(far.get("k", this::load)).isEqualTo("v2");
    proxy.heal();
    awaitReplay();
    Await.until("no record is left", () -> standing(farRedis, name, "k") == null);
  }

  @Test
  void anEndThatWasLostLeavesTheTombstoneAndIsReplayed() {
    far.get("k", this::load);

    near.write("k", () -> {
      database.set("v2");
      proxy.cut();
    });

    assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
    assertThat(near.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
    proxy.heal();
    awaitReplay();
    assertThat(standing(farRedis, name, "k")).isNull();
  }

  @Test
  void anEndThatWasLostWithItsScriptSaysWhyAndIsReplayed() {
    far.get("k", this::load);
    WriteBracket write = near.begin("k");
    database.set("v2");
    proxy.cut();

    ScriptReply reply = write.end(
        nearRedis, new ScriptCall(LuaScript.of("nothing", "return 1"), List.of(), List.of()));

    assertThat(reply.failure()).isInstanceOf(JedisException.class);
    assertThat(near.journalSize()).isEqualTo(1);
    assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
    proxy.heal();
    awaitReplay();
    assertThat(standing(farRedis, name, "k")).isNull();
  }

  @Test
  void aWriteThatIsUnderWayWhenRedisComesBackIsBegunLate() {
    far.get("k", this::load);
    proxy.cut();
    WriteBracket write = near.begin("k");
    assertThat(write.begun()).isFalse();

    proxy.heal();
    awaitReplay();
    assertThat(standing(farRedis, name, "k")).startsWith("T");
    assertThat(far.lookup("k", this::load).outcome()).isEqualTo(Outcome.BYPASS);
    database.set("v2");
    awaitClosed();
    write.end();

    assertThat(standing(farRedis, name, "k")).isNull();
    assertThat(far.get("k", this::load)).isEqualTo("v2");
  }

  @Test
  void aWriteAbandonedWhileCutOffIsBegunLateAndEndsByItsDeadline() {
    try (CacheAside<String, String> hasty =
        texts(nearRedis, name).writeLifetime(Duration.ofMillis(300)).build()) {
      far.get("k", this::load);
      proxy.cut();
      assertThatThrownBy(() -> hasty.write("k", () -> {
            database.set("v2");
            throw new IllegalStateException("outcome unknown");
          }))
          .isInstanceOf(IllegalStateException.class);
      assertThat(hasty.get("k", this::load)).isEqualTo("v2");

      proxy.heal();
      Await.until("the journal is empty", () -> hasty.journalSize() == 0);

      Await.until("its record has ended", () -> standing(farRedis, name, "k") == null);
      assertThat(far.get("k", this::load)).isEqualTo("v2");
    }
  }

  @Test
  void aFullJournalBypassesEveryKeyUntilWhatStoodInRedisHasExpired() {
    ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
    try (CacheAside<String, String> small =
        live(localTexts(nearRedis, name).journal(2).clock(clock).build())) {
      small.get("untouched", this::load);
      assertThat(small.peekLocal("untouched")).isNotNull();
      proxy.cut();

      for (String key : List.of("a", "b", "c")) {
        small.write(key, () -> database.set("v2"));
      }

      assertThat(small.journalSize()).isEqualTo(2);
      assertThat(small.peekLocal("untouched")).isNull();
      proxy.heal();
      Await.until("the journal is empty", () -> small.journalSize() == 0);
      awaitClosed();
      assertThat(small.lookup("c", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
      assertThat(small.lookup("untouched", this::load).outcome()).isEqualTo(Outcome.BYPASS);
      assertThat(small.getAll(List.of("c", "d"), keys -> Map.of("c", "v2", "d", "v2")))
          .hasSize(2);

      clock.advance(Duration.ofSeconds(330 + 10 + 2 + 10).plusMillis(1));
      assertThat(small.lookup("c", this::load).outcome()).isEqualTo(Outcome.LOADED);
    }
  }

  @Test
  void redisKilledReadsAndWritesGoOnAndTheCacheComesBackWithIt() {
    try (RedisServer mortal = RedisServer.start();
        RedisAccess redis = Fixture.patient(mortal.url());
        CacheAside<String, String> cache = live(localTexts(redis, name).build())) {
      Await.until("it is in memory", () -> {
        cache.get("k", this::load);
        return cache.peekLocal("k") != null;
      });

      mortal.kill();
      Await.until("memory is bypassed and flushed", () -> !cache.localLive());

      assertThat(cache.peekLocal("k")).isNull();
      for (int i = 0; i < 20; i++) {
        assertThat(cache.lookup("k", this::load)).isEqualTo(new Cached<>("v1", Outcome.BYPASS));
      }
      cache.write("k", () -> database.set("v2"));
      assertThat(cache.getAll(List.of("k"), keys -> Map.of("k", database.get())))
          .containsEntry("k", "v2");
      Await.until("the breaker is open", () -> redis.guard().state() != GuardState.CLOSED);

      mortal.restart();
      Await.until(
          "it caches again", () -> cache.lookup("k", this::load).outcome() != Outcome.BYPASS);
      assertThat(cache.get("k", this::load)).isEqualTo("v2");
      assertThat(cache.journalSize()).isZero();
      // Again: the message of the replayed write may come after a value from after it.
      Await.until("memory is used again", () -> {
        assertThat(cache.get("k", this::load)).isEqualTo("v2");
        return cache.peekLocal("k") != null;
      });
    }
  }

  @Test
  void redisHangsReadsAndWritesGoOnAndWhatRunsLateHarmsNothing() {
    try (RedisServer mortal = RedisServer.start();
        RedisAccess redis =
            RedisAccess.builder(mortal.url()).deadline(Duration.ofMillis(100)).build();
        CacheAside<String, String> cache = texts(redis, name).build()) {
      Await.until("it caches", () -> cache.lookup("k", this::load).outcome() == Outcome.L2_HIT);

      mortal.pause();
      assertThat(cache.lookup("k", this::load)).isEqualTo(new Cached<>("v1", Outcome.BYPASS));
      cache.write("k", () -> database.set("v2"));
      for (int i = 0; i < 20; i++) {
        assertThat(cache.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
      }
      Await.until("the breaker is open", () -> redis.guard().state() != GuardState.CLOSED);

      mortal.resume();
      Await.until("the journal is empty", () -> cache.journalSize() == 0);
      Await.until("it caches again", () -> {
        Cached<String> now = cache.lookup("k", this::load);
        assertThat(now.value()).isEqualTo("v2");
        return now.outcome() == Outcome.L2_HIT;
      });
    }
  }

  @Test
  void flushallDuringAWriteLeavesNoOldValue() {
    near.write("k", () -> {
      farRedis.commands().flushAll();
      assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v1", Outcome.LOADED));
      database.set("v2");
    });

    assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.LOADED));
  }

  @Test
  void flushallDuringALoadRefusesItsFill() {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    var loading = async(() -> near.get("k", key -> {
      String read = database.get();
      inside.countDown();
      Fixture.await(goOn);
      return read;
    }));
    Fixture.await(inside);

    farRedis.commands().flushAll();
    far.write("k", () -> database.set("v2"));
    goOn.countDown();

    assertThat(value(loading)).isEqualTo("v1");
    assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.LOADED));
  }

  @Test
  void aLostFillDoesNotKeepItsOwnProcessWaiting() {
    try (CacheAside<String, String> slow =
        texts(nearRedis, name).lease(Duration.ofMinutes(1)).build()) {
      assertThat(slow.get("k", key -> {
            proxy.cut();
            return "v1";
          }))
          .isEqualTo("v1");
      proxy.heal();
      assertThat(standing(farRedis, name, "k")).startsWith("L");

      assertThat(Fixture.soon(() -> slow.lookup("k", this::load)))
          .isEqualTo(new Cached<>("v1", Outcome.LOADED));
    }
  }

  @Test
  void aFillThatWasNeverSentDoesNotKeepItsOwnProcessWaiting() {
    try (CacheAside<String, String> slow =
        texts(nearRedis, name).lease(Duration.ofMinutes(1)).build()) {
      assertThat(slow.get("k", key -> {
            nearRedis.guard().forceOpen();
            return "v1";
          }))
          .isEqualTo("v1");
      nearRedis.guard().automatic();
      awaitClosed();
      assertThat(standing(farRedis, name, "k")).startsWith("L");

      assertThat(Fixture.soon(() -> slow.lookup("k", this::load)))
          .isEqualTo(new Cached<>("v1", Outcome.LOADED));
    }
  }

  @Test
  void aLeaseWhoseGrantWasLostDoesNotKeepItsOwnProcessWaiting() {
    try (CacheAside<String, String> slow =
        live(localTexts(nearRedis, name).lease(Duration.ofMinutes(1)).build())) {
      slow.get("other", this::load);

      proxy.dropReplies(1);

      assertThat(Fixture.soon(() -> slow.lookup("k", this::load)))
          .isEqualTo(new Cached<>("v1", Outcome.LOADED));
    }
  }

  @Test
  void leasesWhoseGrantWasLostDoNotKeepTheirOwnProcessWaiting() {
    Codec<String> codec = new Codec<>() {
      @Override
      public byte[] encode(String value) {
        return value.getBytes(UTF_8);
      }

      @Override
      public String decode(byte[] bytes) {
        if (bytes.length == 0) {
          // The leases are asked for next.
          proxy.dropReplies(1);
          throw new IllegalStateException("empty");
        }
        return new String(bytes, UTF_8);
      }
    };
    try (CacheAside<String, String> slow = CacheAside.builder(nearRedis, name, codec)
        .timeToLive(Duration.ofMinutes(5))
        .lease(Duration.ofMinutes(1))
        .build()) {
      slow.get("other", this::load);
      farRedis.commands().psetex("tc:" + name + ":empty", 60_000, "V+");

      assertThat(slow.getAll(List.of("k", "empty"), keys -> Map.of("k", "v1")))
          .containsEntry("k", "v1");
      assertThat(standing(farRedis, name, "k")).startsWith("L");

      assertThat(Fixture.soon(() -> slow.lookup("k", this::load)))
          .isEqualTo(new Cached<>("v1", Outcome.LOADED));
    }
  }

  @Test
  void theLoadersFailureIsTheCallersWhileRedisIsOut() {
    proxy.cut();
    AtomicBoolean ran = new AtomicBoolean();

    assertThatThrownBy(() -> near.get("k", key -> {
          ran.set(true);
          throw new IllegalStateException("no database either");
        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no database either");

    assertThat(ran).isTrue();
  }
}
