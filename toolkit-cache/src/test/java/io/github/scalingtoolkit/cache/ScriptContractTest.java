package io.github.scalingtoolkit.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;

class ScriptContractTest {
  private static RedisServer server;
  private static RedisAccess redis;
  private static Jedis jedis;

  private final String key = "k:" + UUID.randomUUID();

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = Fixture.patient(server.url());
    jedis = server.connect();
  }

  @AfterAll
  static void stop() {
    jedis.close();
    redis.close();
    server.close();
  }

  private @Nullable Object run(String script, String... args) {
    Object reply = redis.eval(
        LuaScript.fromResource(
            RemoteEntries.class, "/META-INF/toolkit/cache/lua/" + script + ".lua"),
        List.of(key.getBytes(UTF_8)),
        Arrays.stream(args).map(arg -> arg.getBytes(UTF_8)).toList());
    return reply instanceof List<?> list
        ? list.stream().map(ScriptContractTest::text).toList()
        : reply;
  }

  private static Object text(Object item) {
    return item instanceof byte[] bytes ? new String(bytes, UTF_8) : item;
  }

  private List<String> records() {
    String entry = jedis.get(key);
    assertThat(entry).startsWith("T");
    assertThat((entry.length() - 1) % 21).isZero();
    return java.util.stream.IntStream.range(0, entry.length() / 21)
        .mapToObj(i -> entry.substring(1 + i * 21, 9 + i * 21))
        .toList();
  }

  @Test
  void leaseIsTakenWhereThereIsNothing() {
    assertThat(run("lease", "token1", "5000", "0")).isEqualTo(List.of("Ltoken1", 5000L, 0L));

    assertThat(jedis.get(key)).isEqualTo("Ltoken1");
    assertThat(jedis.pttl(key)).isBetween(1L, 5000L);
  }

  @Test
  void leaseIsStillTheCallersWhenAskedForAgain() {
    run("lease", "token1", "5000", "0");

    assertThat((List<?>) run("lease", "token1", "5000", "0")).first().isEqualTo("Ltoken1");
  }

  @Test
  void leaseReturnsWhatStandsThereAndHowLongItHasLeft() {
    jedis.psetex(key, 60_000, "V+a");

    List<?> reply = (List<?>) run("lease", "token1", "5000", "0");

    assertThat(reply.get(0)).isEqualTo("V+a");
    assertThat((Long) reply.get(1)).isBetween(1L, 60_000L);
    assertThat(jedis.get(key)).isEqualTo("V+a");
  }

  @Test
  void leaseTellsOfAnEntryThatLivesForEver() {
    jedis.set(key, "V+a");

    assertThat(run("lease", "token1", "5000", "0")).isEqualTo(List.of("V+a", -1L, 0L));
  }

  @Test
  void forcedLeaseReplacesAValueButNeitherLeaseNorTombstone() {
    jedis.set(key, "V?");
    assertThat(run("lease", "token1", "5000", "1")).isEqualTo(List.of("Ltoken1", 5000L, 0L));

    assertThat((List<?>) run("lease", "token2", "5000", "1")).first().isEqualTo("Ltoken1");

    run("write-begin", "writer01", "5000", "ch", "m");
    assertThat((String) ((List<?>) run("lease", "token2", "5000", "1")).get(0))
        .startsWith("Twriter01");
  }

  @Test
  void leaseReplacesWhatIsNoEntry() {
    jedis.set(key, "something else");
    assertThat(run("lease", "token1", "5000", "0")).isEqualTo(List.of("Ltoken1", 5000L, 1L));
    jedis.del(key);
    jedis.lpush(key, "of another type");
    assertThat(run("lease", "token2", "5000", "0")).isEqualTo(List.of("Ltoken2", 5000L, 1L));
    jedis.persist(key);
    assertThat(run("lease", "token3", "5000", "0")).isEqualTo(List.of("Ltoken3", 5000L, 1L));
    assertThat(jedis.pttl(key)).isBetween(1L, 5000L);
  }

  @Test
  void renewProlongsALeaseThatIsThereAndBringsNoneBack() {
    run("lease", "token1", "5000", "0");

    assertThat(run("renew", "Ltoken1", "60000")).isEqualTo(1L);
    assertThat(jedis.pttl(key)).isBetween(5001L, 60_000L);
    assertThat(run("renew", "Ltoken2", "60000")).isEqualTo(0L);
    run("fill", "Ltoken1", "V+a", "1000");
    assertThat(run("renew", "Ltoken1", "60000")).isEqualTo(0L);
    assertThat(jedis.pttl(key)).isBetween(1L, 1000L);
    jedis.del(key);
    assertThat(run("renew", "Ltoken1", "60000")).isEqualTo(0L);
    assertThat(jedis.exists(key)).isFalse();
  }

  @Test
  void invalidationsReplaceAndRemoveWhatIsNoEntry() {
    jedis.lpush(key, "of another type");
    assertThat(run("evict", "ch", "m")).isEqualTo(1L);
    jedis.lpush(key, "of another type");
    assertThat(run("write-begin", "writer01", "5000", "ch", "m")).isEqualTo(1L);
    assertThat(records()).containsExactly("writer01");
    jedis.set(key, "Tgarbage");
    assertThat(run("write-begin", "writer01", "5000", "ch", "m")).isEqualTo(1L);
    jedis.set(key, "Tgarbage");
    assertThat(run("write-end", "writer01", "ch", "m")).isEqualTo(1L);
    jedis.lpush(key, "of another type");
    assertThat(run("write-end", "writer01", "ch", "m")).isEqualTo(1L);
    assertThat(jedis.exists(key)).isFalse();
  }

  @Test
  void fillStoresUnderItsLeaseOnly() {
    assertThat(run("fill", "Ltoken1", "V+a", "60000")).isEqualTo(0L);
    run("lease", "token2", "5000", "0");
    assertThat(run("fill", "Ltoken1", "V+a", "60000")).isEqualTo(0L);

    assertThat(run("fill", "Ltoken2", "V+a", "60000")).isEqualTo(1L);

    assertThat(jedis.get(key)).isEqualTo("V+a");
    assertThat(jedis.pttl(key)).isBetween(5001L, 60_000L);
  }

  @Test
  void fillRefusesWhenRunAgainAndLeavesTheValue() {
    run("lease", "token1", "5000", "0");
    run("fill", "Ltoken1", "V+a", "60000");

    assertThat(run("fill", "Ltoken1", "V+b", "60000")).isEqualTo(0L);

    assertThat(jedis.get(key)).isEqualTo("V+a");
  }

  @Test
  void releaseGivesBackItsOwnLeaseOnly() {
    run("lease", "token1", "5000", "0");
    assertThat(run("release", "Ltoken2")).isEqualTo(0L);
    assertThat(jedis.get(key)).isEqualTo("Ltoken1");

    assertThat(run("release", "Ltoken1")).isEqualTo(1L);

    assertThat(jedis.exists(key)).isFalse();
    assertThat(run("release", "Ltoken1")).isEqualTo(0L);
  }

  @Test
  void evictRemovesValueAndLease() {
    jedis.set(key, "V+a");
    assertThat(run("evict", "ch", "m")).isEqualTo(1L);
    assertThat(jedis.exists(key)).isFalse();

    run("lease", "token1", "5000", "0");
    assertThat(run("evict", "ch", "m")).isEqualTo(1L);
    assertThat(run("fill", "Ltoken1", "V+a", "60000")).isEqualTo(0L);

    assertThat(run("evict", "ch", "m")).isEqualTo(0L);
  }

  @Test
  void evictLeavesATombstone() {
    run("write-begin", "writer01", "5000", "ch", "m");

    assertThat(run("evict", "ch", "m")).isEqualTo(-1L);

    assertThat(records()).containsExactly("writer01");
  }

  @Test
  void writeBeginReplacesValueAndLeaseAndAddsRecords() {
    jedis.set(key, "V+a");
    assertThat(run("write-begin", "writer01", "5000", "ch", "m")).isEqualTo(1L);
    assertThat(records()).containsExactly("writer01");

    assertThat(run("write-begin", "writer02", "9000", "ch", "m")).isEqualTo(2L);

    assertThat(records()).containsExactly("writer01", "writer02");
    assertThat(jedis.pttl(key)).isBetween(5001L, 9000L);
  }

  @Test
  void writeBeginRunAgainRenewsItsOwnRecord() {
    run("write-begin", "writer01", "5000", "ch", "m");

    assertThat(run("write-begin", "writer01", "5000", "ch", "m")).isEqualTo(1L);

    assertThat(records()).containsExactly("writer01");
  }

  @Test
  void writeBeginWithAShorterLifeDoesNotShortenTheTombstone() {
    run("write-begin", "writer01", "60000", "ch", "m");

    run("write-begin", "writer02", "100", "ch", "m");

    assertThat(jedis.pttl(key)).isBetween(101L, 60_000L);
  }

  @Test
  void writersThatNeverEndLeaveABoundedNumberOfRecords() {
    int most = 0;
    for (int i = 0; i < 2500; i++) {
      Object records = run(
          "write-begin", String.format("lost%04d", i), i == 500 ? "120000" : "60000", "ch", "m");
      most = Math.max(most, ((Long) records).intValue());
    }

    assertThat(most).isEqualTo(1025);
    List<String> standing = records();
    assertThat(standing).hasSizeLessThanOrEqualTo(1025).first().isEqualTo("--------");
    assertThat(standing.stream().filter("--------"::equals))
        .as("those of nobody")
        .hasSize(1);
    assertThat(standing).endsWith("lost2498", "lost2499");
    assertThat(jedis.pttl(key)).isBetween(60_001L, 120_000L);
    assertThat(run("write-end", "lost2499", "ch", "m")).isEqualTo(0L);
    assertThat(run("write-end", "lost0001", "ch", "m")).isEqualTo(0L);
    assertThat(records()).contains("--------").doesNotContain("lost2499");
  }

  @Test
  void writeEndDropsItsOwnRecordAndTheLastOneClearsTheKey() {
    run("write-begin", "writer01", "5000", "ch", "m");
    run("write-begin", "writer02", "60000", "ch", "m");

    assertThat(run("write-end", "writer02", "ch", "m")).isEqualTo(0L);
    assertThat(records()).containsExactly("writer01");
    assertThat(jedis.pttl(key)).isBetween(1L, 5000L);

    assertThat(run("write-end", "writer01", "ch", "m")).isEqualTo(1L);
    assertThat(jedis.exists(key)).isFalse();
  }

  @Test
  void writeEndRemovesWhatStandsWhereItsTombstoneWas() {
    jedis.set(key, "V+old");

    assertThat(run("write-end", "writer01", "ch", "m")).isEqualTo(1L);

    assertThat(jedis.exists(key)).isFalse();
  }

  @Test
  void recordsPastTheirDeadlineGoWithTheNextBeginOrEnd() {
    String dead = "crashed1" + String.format("%013d", 1);
    String alive = "writer01" + String.format("%013d", 9_999_999_999_999L);
    jedis.set(key, "T" + dead + alive);
    assertThat(run("write-begin", "writer02", "5000", "ch", "m")).isEqualTo(2L);
    assertThat(records()).containsExactly("writer01", "writer02");

    jedis.set(key, "T" + dead + alive);
    assertThat(run("write-end", "writer02", "ch", "m")).isEqualTo(0L);
    assertThat(records()).containsExactly("writer01");

    jedis.set(key, "T" + dead);
    assertThat(run("write-end", "writer02", "ch", "m")).isEqualTo(1L);
    assertThat(jedis.exists(key)).isFalse();
  }

  @Test
  void everyInvalidationIsPublished() throws Exception {
    List<String> heard = new CopyOnWriteArrayList<>();
    JedisPubSub subscriber = new JedisPubSub() {
      @Override
      public void onMessage(String channel, String message) {
        heard.add(message);
      }
    };
    Jedis own = server.connect();
    Thread thread = new Thread(() -> own.subscribe(subscriber, key));
    thread.start();
    Await.until("it listens", subscriber::isSubscribed);

    run("write-begin", "writer01", "5000", key, "begin");
    run("evict", key, "evict-tombstone");
    run("write-end", "writer01", key, "end");
    run("evict", key, "evict-nothing");

    Await.until("all are heard", () -> heard.size() == 4);
    assertThat(heard).containsExactly("begin", "evict-tombstone", "end", "evict-nothing");
    subscriber.unsubscribe();
    thread.join(30_000);
    own.close();
  }
}
