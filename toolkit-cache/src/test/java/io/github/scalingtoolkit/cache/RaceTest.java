package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.async;
import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.standing;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static io.github.scalingtoolkit.cache.Fixture.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The races of cache-aside, each driven into its window by latches; two instances stand for two processes. */
class RaceTest {
  private static RedisServer server;
  private static RedisAccess redis;

  private final String name = Fixture.name();
  private final AtomicReference<String> database = new AtomicReference<>("v1");
  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

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

  /** Reads the database, and then takes its time. */
  private final Function<String, String> slowLoader = key -> {
    String read = database.get();
    inside.countDown();
    Fixture.await(goOn);
    return read;
  };

  private void staleFillIsRefused(Consumer<CacheAside<String, String>> invalidation) {
    CacheAside<String, String> reader = texts(redis, name).build();
    CacheAside<String, String> writer = texts(redis, name).build();
    CompletableFuture<String> overlapping = async(() -> reader.get("k", slowLoader));
    Fixture.await(inside);

    invalidation.accept(writer);
    String after = reader.get("k", key -> database.get());
    goOn.countDown();

    assertThat(value(overlapping)).isEqualTo("v1");
    assertThat(after).isEqualTo("v2");
    assertThat(standing(redis, name, "k")).isEqualTo("V+v2");
  }

  @Test
  void r1ALoadThatBeganBeforeAWriteIsNotStoredAfterIt() {
    staleFillIsRefused(writer -> writer.write("k", () -> database.set("v2")));
  }

  @Test
  void r1ALoadThatBeganBeforeAnEvictIsNotStoredAfterIt() {
    staleFillIsRefused(writer -> {
      database.set("v2");
      writer.evict("k");
    });
  }

  @Test
  void r1ALoadThatEndsDuringAWriteIsNotStored() {
    CacheAside<String, String> cache = texts(redis, name).build();
    CompletableFuture<String> overlapping = async(() -> cache.get("k", slowLoader));
    Fixture.await(inside);

    cache.write("k", () -> {
      goOn.countDown();
      assertThat(value(overlapping)).isEqualTo("v1");
      database.set("v2");
    });

    assertThat(cache.get("k", key -> database.get())).isEqualTo("v2");
  }

  @Test
  void r1LosingTheLeaseRefusesTheFill() {
    CacheAside<String, String> cache = texts(redis, name).build();
    CompletableFuture<String> overlapping = async(() -> cache.get("k", slowLoader));
    Fixture.await(inside);

    redis.commands().del("tc:" + name + ":k");
    goOn.countDown();

    assertThat(value(overlapping)).isEqualTo("v1");
    assertThat(standing(redis, name, "k")).isNull();
  }

  @Test
  void r2AValueReadFromRedisBeforeAWriteDoesNotEnterMemoryAfterIt() {
    Codec<String> slowToDecode = new Codec<>() {
      @Override
      public byte[] encode(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
      }

      @Override
      public String decode(byte[] bytes) {
        inside.countDown();
        Fixture.await(goOn);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    };
    redis.commands().set("tc:" + name + ":k", "V+v1");
    try (CacheAside<String, String> cache = live(CacheAside.builder(redis, name, slowToDecode)
        .timeToLive(Duration.ofMinutes(5))
        .local(10, Duration.ofMinutes(5))
        .build())) {
      CompletableFuture<String> overlapping = async(() -> cache.get("k", key -> database.get()));
      Fixture.await(inside);

      cache.write("k", () -> database.set("v2"));
      goOn.countDown();

      assertThat(value(overlapping)).isEqualTo("v1");
      assertThat(cache.peekLocal("k")).isNull();
      assertThat(cache.get("k", key -> database.get())).isEqualTo("v2");
    }
  }

  @Test
  void r2ALoadedValueDoesNotEnterMemoryAfterAWriteElsewhere() {
    try (CacheAside<String, String> reader = live(localTexts(redis, name).build())) {
      CacheAside<String, String> writer = texts(redis, name).build();
      CompletableFuture<String> overlapping = async(() -> reader.get("k", slowLoader));
      Fixture.await(inside);

      writer.write("k", () -> database.set("v2"));
      goOn.countDown();

      assertThat(value(overlapping)).isEqualTo("v1");
      assertThat(reader.peekLocal("k")).isNull();
      assertThat(reader.get("k", key -> database.get())).isEqualTo("v2");
    }
  }

  @Test
  void r3AWriterThatDiesAfterItsCommitLeavesNoOldValue() {
    CacheAside<String, String> reader = texts(redis, name).build();
    CacheAside<String, String> dying =
        texts(redis, name).writeLifetime(Duration.ofSeconds(1)).build();
    reader.get("k", key -> database.get());

    WriteBracket neverEnded = dying.begin("k");
    database.set("v2");

    assertThat(reader.get("k", key -> database.get())).isEqualTo("v2");
    Await.until("its record has ended", () -> standing(redis, name, "k") == null);
    assertThat(reader.lookup("k", key -> database.get()))
        .isEqualTo(new Cached<>("v2", Outcome.LOADED));
    assertThat(neverEnded.begun()).isTrue();
  }

  @Test
  void r3TwoWritersOfWhichOneDies() {
    CacheAside<String, String> one = texts(redis, name).build();
    CacheAside<String, String> two = texts(redis, name).build();
    one.get("k", key -> database.get());
    WriteBracket dies = one.begin("k");

    two.write("k", () -> database.set("v2"));
    assertThat(standing(redis, name, "k")).startsWith("T");
    two.get("k", key -> database.get());
    database.set("v3");

    assertThat(two.get("k", key -> database.get())).isEqualTo("v3");
    assertThat(dies.begun()).isTrue();
  }

  @Test
  void r3ADeadWritersRecordEndsAtItsOwnDeadlineHoweverBusyTheKeyIs() {
    CacheAside<String, String> dying =
        texts(redis, name).writeLifetime(Duration.ofMillis(300)).build();
    CacheAside<String, String> busy =
        texts(redis, name).writeLifetime(Duration.ofMinutes(1)).build();
    WriteBracket dies = dying.begin("k");

    Await.until("a busy key is clear after a write", () -> {
      busy.write("k", () -> "saved");
      return standing(redis, name, "k") == null;
    });

    assertThat(busy.lookup("k", key -> "v").outcome()).isEqualTo(Outcome.LOADED);
    assertThat(dies.begun()).isTrue();
  }

  @Test
  void anEvictDuringAWriteLeavesTheTombstone() {
    CacheAside<String, String> cache = texts(redis, name).build();
    CacheAside<String, String> other = texts(redis, name).build();

    cache.write("k", () -> {
      other.evict("k");
      assertThat(other.lookup("k", key -> database.get()).outcome()).isEqualTo(Outcome.BYPASS);
      database.set("v2");
    });

    assertThat(other.get("k", key -> database.get())).isEqualTo("v2");
  }

  @Test
  void r4WritersThatOverlapLeaveWhatTheDatabaseHas() {
    CacheAside<String, String> cache = texts(redis, name).build();
    WriteBracket first = cache.begin("k");
    WriteBracket second = cache.begin("k");
    database.set("v2");
    database.set("v3");

    second.end();
    assertThat(cache.lookup("k", key -> database.get()))
        .isEqualTo(new Cached<>("v3", Outcome.BYPASS));
    first.end();

    assertThat(cache.lookup("k", key -> database.get()))
        .isEqualTo(new Cached<>("v3", Outcome.LOADED));
  }

  @Test
  void aGetAfterAWriteNeverJoinsALoadFromBeforeIt() {
    CacheAside<String, String> cache = texts(redis, name).build();
    CompletableFuture<String> overlapping = async(() -> cache.get("k", slowLoader));
    Fixture.await(inside);

    cache.write("k", () -> database.set("v2"));
    Cached<String> after = cache.lookup("k", key -> database.get());

    assertThat(after).isEqualTo(new Cached<>("v2", Outcome.LOADED));
    goOn.countDown();
    assertThat(value(overlapping)).isEqualTo("v1");
  }

  @Test
  void aGetAfterAWriteElsewhereNeverJoinsAnOlderLoad() {
    CacheAside<String, String> reader =
        texts(redis, name).lease(Duration.ofMinutes(1)).build();
    WriteBracket somebodys = texts(redis, name).build().begin("k");
    CompletableFuture<Cached<String>> overlapping = async(() -> reader.lookup("k", slowLoader));
    Fixture.await(inside);

    texts(redis, name).build().write("k", () -> database.set("v2"));
    AtomicReference<Thread> waiting = new AtomicReference<>();
    CompletableFuture<Cached<String>> after = async(() -> {
      waiting.set(Thread.currentThread());
      return reader.lookup("k", key -> database.get());
    });
    Await.until("it waits", () -> Fixture.waits(waiting.get()));
    goOn.countDown();

    assertThat(value(overlapping)).isEqualTo(new Cached<>("v1", Outcome.BYPASS));
    assertThat(value(after)).isEqualTo(new Cached<>("v2", Outcome.BYPASS));
    somebodys.end();
  }
}
