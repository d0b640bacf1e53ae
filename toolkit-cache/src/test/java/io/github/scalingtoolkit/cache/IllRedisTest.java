package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** A Redis that answers, but not as it should: full, without a disk, or with a user that lacks rights. */
class IllRedisTest {
  private final String name = Fixture.name();
  private final AtomicReference<String> database = new AtomicReference<>("v1");
  private final Noticed noticed = new Noticed();

  private RedisServer server;
  private Jedis admin;
  private RedisAccess nearRedis;
  private RedisAccess farRedis;
  private CacheAside<String, String> near;
  private CacheAside<String, String> far;

  @BeforeEach
  void start() {
    server = RedisServer.start("--dbfilename", "taken.rdb");
    admin = server.connect();
    nearRedis = Fixture.patient(server.url());
    farRedis = Fixture.patient(server.url());
    near = live(localTexts(nearRedis, name).listener(noticed).build());
    far = live(localTexts(farRedis, name).build());
  }

  @AfterEach
  void stop() {
    near.close();
    far.close();
    nearRedis.close();
    farRedis.close();
    admin.close();
    server.close();
  }

  private String load(String key) {
    return database.get();
  }

  private void isInTheMemoryOfFar(String key) {
    Await.until("it is in memory", () -> {
      far.get(key, this::load);
      return far.peekLocal(key) != null;
    });
  }

  private void isFull() {
    admin.configSet("maxmemory-policy", "noeviction");
    // The least there is: whatever is freed, it stays full.
    admin.configSet("maxmemory", "1");
  }

  private void cannotSave() throws IOException {
    // A directory in its place is what no file can be renamed to.
    Files.createDirectory(Path.of(admin.configGet("dir").get("dir")).resolve("taken.rdb"));
    admin.configSet("save", "3600 1");
    admin.bgsave();
    Await.until(
        "it could not save",
        () -> admin.info("persistence").contains("rdb_last_bgsave_status:err"));
  }

  @Test
  void aFullRedisServesWhatItHasAndNothingOldAfterAWrite() {
    isInTheMemoryOfFar("k");
    isInTheMemoryOfFar("other");
    isFull();
    try (CapturedLog log = CapturedLog.start()) {
      for (int i = 0; i < 20; i++) {
        assertThat(near.lookup("miss" + i, this::load))
            .isEqualTo(new Cached<>("v1", Outcome.BYPASS));
      }
      assertThat(nearRedis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(near.lookup("other", this::load).outcome()).isEqualTo(Outcome.L2_HIT);

      near.write("k", () -> {
        assertThat(standing(farRedis, name, "k")).startsWith("T");
        database.set("v2");
      });

      assertThat(near.journalSize()).isZero();
      assertThat(standing(farRedis, name, "k")).isNull();
      assertThat(near.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
      Await.until("the memory of the other has heard", () -> far.peekLocal("k") == null);
      assertThat(far.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
      far.evict("other");
      assertThat(standing(farRedis, name, "other")).isNull();

      assertThat(log.lines("cache=" + name + " problem=refused"))
          .hasSizeBetween(1, 2)
          .allSatisfy(line -> assertThat(line).contains("answers OOM").contains("memory"));
      assertThat(noticed.problems()).contains(CacheProblem.REFUSED);
    }
    admin.configSet("maxmemory", "0");
    assertThat(near.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.LOADED));
  }

  @Test
  void aTombstoneOfSeveralWritersStandsInAFullRedis() {
    isFull();
    WriteBracket one = near.begin("k");
    WriteBracket two = far.begin("k");

    one.end();

    assertThat(two.begun()).isTrue();
    assertThat(standing(farRedis, name, "k")).startsWith("T").hasSize(1 + 21);
    two.end();
    assertThat(standing(farRedis, name, "k")).isNull();
  }

  @Test
  void nobodyWaitsForALoadWhoseValueAFullRedisRefused() {
    CacheAside<String, String> remoteOnly = texts(nearRedis, name).build();

    assertThat(remoteOnly.get("k", key -> {
          isFull();
          return "v1";
        }))
        .isEqualTo("v1");

    assertThat(standing(farRedis, name, "k")).isNull();
  }

  @Test
  void aRedisWithoutADiskTellsMemoryAndIsMadeUpForLater() throws IOException {
    isInTheMemoryOfFar("k");
    cannotSave();

    near.write("k", () -> database.set("v2"));

    assertThat(near.journalSize()).isEqualTo(1);
    assertThat(near.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
    Await.until("the memory of the other has heard", () -> far.peekLocal("k") == null);
    assertThat(nearRedis.guard().state()).isEqualTo(GuardState.CLOSED);
    admin.configSet("save", "");
    admin.configSet("stop-writes-on-bgsave-error", "no");
    Await.until("the journal is empty", () -> near.journalSize() == 0);
    Await.until("the new value is read", () -> "v2".equals(far.get("k", this::load)));
  }

  @Test
  void withRefuseAWriteToARedisWithoutADiskWritesNothing() throws IOException {
    try (CacheAside<String, String> strict =
        texts(nearRedis, name).onUnreachable(OnUnreachable.REFUSE).build()) {
      cannotSave();

      assertThatThrownBy(() -> strict.write("k", () -> database.set("v2")))
          .isInstanceOf(CacheUnreachableException.class);

      assertThat(database).hasValue("v1");
    }
  }

  private RedisAccess as(String user, String... rules) {
    grant(user, rules);
    return Fixture.patient("redis://" + user + ":pw@127.0.0.1:" + server.port());
  }

  private void grant(String user, String... rules) {
    List<String> all = new java.util.ArrayList<>(List.of("reset", "on", ">pw", "resetchannels"));
    all.addAll(List.of(rules));
    admin.aclSetUser(user, all.toArray(String[]::new));
  }

  @Test
  void aUserWithoutChannelsWritesAndPoisonsNoKey() {
    try (CapturedLog log = CapturedLog.start();
        RedisAccess mute = as("mute", "~*", "resetchannels", "+@all");
        CacheAside<String, String> writer = texts(mute, name).listener(noticed).build()) {
      CacheAside<String, String> reader = texts(farRedis, name).build();
      reader.get("k", this::load);

      writer.write("k", () -> database.set("v2"));
      writer.evict("k");

      assertThat(writer.journalSize()).isZero();
      assertThat(reader.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.LOADED));
      assertThat(writer.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.L2_HIT));
      assertThat(log.lines("cache=" + name + " problem=unpublished"))
          .singleElement()
          .asString()
          .contains("&tc:" + name);
      assertThat(noticed.problems()).containsOnly(CacheProblem.UNPUBLISHED).hasSize(3);
    }
  }

  @Test
  void aUserWithoutScriptsIsToldWhatToGrant() {
    try (CapturedLog log = CapturedLog.start();
        RedisAccess poor = as("poor", "~*", "&*", "+get", "+ping", "+hello", "+client");
        CacheAside<String, String> cache = texts(poor, name).listener(noticed).build()) {
      for (int i = 0; i < 10; i++) {
        assertThat(cache.lookup("k", this::load)).isEqualTo(new Cached<>("v1", Outcome.BYPASS));
      }
      cache.write("k", () -> database.set("v2"));
      assertThat(cache.get("k", this::load)).isEqualTo("v2");

      assertThat(log.lines("cache=" + name + " problem=refused"))
          .singleElement()
          .asString()
          .contains("NOPERM")
          .contains("+cluster +asking")
          .contains("+evalsha");
      assertThat(noticed.problems()).containsOnly(CacheProblem.REFUSED);
      assertThat(poor.guard().state()).isEqualTo(GuardState.CLOSED);
      grant("poor", "~*", "&*", "+@all");
      Await.until("the journal is empty", () -> cache.journalSize() == 0);
      assertThat(cache.lookup("k", this::load).value()).isEqualTo("v2");
    }
  }

  private long scriptsRun() {
    Matcher calls =
        Pattern.compile("cmdstat_evalsha:calls=(\\d+)").matcher(admin.info("commandstats"));
    return calls.find() ? Long.parseLong(calls.group(1)) : 0;
  }

  @Test
  void whoFindsALeaseThatItMayNotReleaseWaitsWithPauses() {
    try (RedisAccess poor = as("poor", "~*", "&*", "+@all", "-del");
        CacheAside<String, String> cache =
            texts(poor, name).lease(Duration.ofMillis(500)).listener(noticed).build()) {
      assertThatThrownBy(() -> cache.get("k", key -> {
            throw new IllegalStateException("no database");
          }))
          .hasMessage("no database");
      long before = scriptsRun();

      assertThat(cache.lookup("k", this::load)).isEqualTo(new Cached<>("v1", Outcome.LOADED));

      // One look and one try a pause, and a pause is 8 ms on average.
      assertThat(scriptsRun() - before).isLessThan(300);
      assertThat(noticed.problems()).isNotEmpty().containsOnly(CacheProblem.REFUSED);
    }
  }

  @Test
  void theRightsThatTheWarningNamesAreEnough() {
    try (RedisAccess just = as(
            "just",
            "~tc:" + name + ":*",
            "&tc:" + name,
            "+get",
            "+mget",
            "+getrange",
            "+set",
            "+del",
            "+pttl",
            "+pexpire",
            "+time",
            "+publish",
            "+eval",
            "+evalsha",
            "+subscribe",
            "+unsubscribe",
            "+ping");
        CacheAside<String, String> cache =
            live(localTexts(just, name).listener(noticed).build())) {
      cache.get("k", this::load);
      cache.getAll(List.of("k", "l"), keys -> java.util.Map.of("l", "v"));
      cache.write("k", () -> database.set("v2"));
      cache.evict("l");

      assertThat(cache.journalSize()).isZero();
      assertThat(cache.lookup("k", this::load)).isEqualTo(new Cached<>("v2", Outcome.LOADED));
      assertThat(noticed.problems()).isEmpty();
    }
  }
}
