package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** Every value that a script's head says it returns, and that a second call with the same arguments is harmless. */
class ScriptContractTest {
  private static final String ENVELOPE = "1c003note\n\"x\"";
  private static RedisServer server;
  private static RedisAccess redis;
  private int mostBytes = 1_000_000;
  private final JobQueue queue = JobQueue.builder(redis, "q").build();

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @BeforeEach
  void flush() {
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
  }

  private Object call(LuaScript script, Object... args) {
    return readable(redis.eval(
        script,
        queue.keys(),
        Arrays.stream(args).map(arg -> Scripts.bytes(arg.toString())).toList()));
  }

  private static Object readable(Object reply) {
    if (reply instanceof byte[] bytes) {
      return Scripts.text(bytes);
    }
    return reply instanceof List<?> list
        ? list.stream().map(ScriptContractTest::readable).toList()
        : reply;
  }

  private List<?> claim(String worker, int epoch, int most, Object... ends) {
    List<Object> args =
        new ArrayList<>(List.of(worker, 30_000, most, epoch, mostBytes, 86_400_000, 60_000));
    args.addAll(Arrays.asList(ends));
    return (List<?>) call(Scripts.STEP, args.toArray());
  }

  private List<?> beat(String worker, long firstEpoch, int mostCrashes, Object... held) {
    List<Object> args =
        new ArrayList<>(List.of(worker, 30_000, firstEpoch, mostCrashes, 604_800_000, 10_000));
    args.addAll(Arrays.asList(held));
    return (List<?>) call(Scripts.BEAT, args.toArray());
  }

  private void expireLeases() {
    try (Jedis jedis = server.connect()) {
      jedis.zrange("tq:{q}:l", 0, -1).forEach(id -> jedis.zadd("tq:{q}:l", 1, id));
    }
  }

  @Test
  void enqueueSaysAddedPresentOrEnded() {
    assertThat(call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 60_000, ENVELOPE))
        .isEqualTo(List.of(1L, 1L));
    assertThat(call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 0, ENVELOPE))
        .isEqualTo(List.of(0L, 0L));

    claim("w", 1, 1);
    claim("w", 2, 0, "a", 1, "c", 1, "");

    assertThat(call(Scripts.ENQUEUE, "a", 0, ENVELOPE)).isEqualTo(List.of(2L));
  }

  @Test
  void enqueuePutsAJobBackThatIsInNoListAnyMoreAndNoOther() {
    call(Scripts.ENQUEUE, "claimed", 0, ENVELOPE, "dead", 0, ENVELOPE);
    claim("w", 1, 2);
    claim("w", 2, 0, "dead", 1, "d", 1, "why");
    call(Scripts.ENQUEUE, "ready", 0, ENVELOPE, "delayed", 60_000, ENVELOPE);
    for (String id : List.of("ready", "claimed", "dead", "delayed")) {
      assertThat(call(Scripts.ENQUEUE, id, 0, ENVELOPE)).as(id).isEqualTo(List.of(0L));
    }

    try (Jedis jedis = server.connect()) {
      jedis.del("tq:{q}:w:1", "tq:{q}:r", "tq:{q}:l", "tq:{q}:d");
    }

    for (String id : List.of("ready", "claimed", "delayed")) {
      assertThat(call(Scripts.ENQUEUE, id, 0, ENVELOPE)).as(id).isEqualTo(List.of(1L));
      assertThat(call(Scripts.ENQUEUE, id, 0, ENVELOPE)).as(id).isEqualTo(List.of(0L));
    }
    assertThat(call(Scripts.ENQUEUE, "dead", 0, ENVELOPE)).isEqualTo(List.of(0L));
    assertThat(claim("w", 4, 10).get(3))
        .isEqualTo(List.of(
            "ready", "0", "0", ENVELOPE, "claimed", "0", "0", ENVELOPE, "delayed", "0", "0",
            ENVELOPE));
  }

  @Test
  void beatRenewsAClaimWithAnEvictedLease() {
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE);
    claim("w", 1, 1);
    try (Jedis jedis = server.connect()) {
      jedis.del("tq:{q}:l");
    }

    assertThat((Long) beat("other", 1, 5).get(0)).isBetween(1L, 30_000L);

    expireLeases();
    assertThat(beat("other", 1, 5).get(2)).isEqualTo(1L);
    assertThat(inspect("a")).isEqualTo(List.of("waiting", 1L, 0L, ""));
  }

  @Test
  void stepSaysHowLongToWaitWhatIsLeftWhatEndedAndWhatWasClaimed() {
    assertThat(claim("w", 1, 1)).isEqualTo(List.of(-1L, 0L, List.of(), List.of()));
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 0, ENVELOPE, "c", 60_000, ENVELOPE);

    List<?> first = claim("w", 2, 1);
    assertThat((Long) first.get(0)).isBetween(1L, 60_000L);
    assertThat(first.subList(1, 4))
        .isEqualTo(List.of(1L, List.of(), List.of("a", "0", "0", ENVELOPE)));

    assertThat(claim("w", 3, 1, "a", 2, "c", 1, "").subList(1, 4))
        .isEqualTo(List.of(0L, List.of(1L), List.of("b", "0", "0", ENVELOPE)));
    // Again, as after a lost reply: ended by the same claim. And by any other claim: not its own.
    assertThat(claim("w", 4, 0, "a", 2, "c", 1, "").get(2)).isEqualTo(List.of(1L));
    assertThat(claim("w", 5, 0, "a", 1, "c", 1, "", "b", 2, "c", 1, "").get(2))
        .isEqualTo(List.of(0L, 0L));
  }

  @Test
  void stepClaimsNoJobMoreOnceThereAreAsManyBytes() {
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 0, ENVELOPE, "c", 0, ENVELOPE);

    mostBytes = ENVELOPE.length() + 1;
    assertThat((List<?>) claim("w", 1, 3).get(3)).hasSize(2 * 4);
    mostBytes = 1;
    assertThat(claim("w", 2, 3).get(3)).isEqualTo(List.of("c", "0", "0", ENVELOPE));
  }

  @Test
  void stepPutsAJobWhereItsOutcomeSays() {
    for (String id : List.of("c", "r", "s", "d", "b")) {
      call(Scripts.ENQUEUE, id, 0, ENVELOPE);
    }
    claim("w", 1, 5);
    claim(
        "w", 2, 0, "c", 1, "c", 1, "", "r", 1, "r", 60_000, "", "s", 1, "s", 60_000, "", "d", 1,
        "d", 1, "why", "b", 1, "b", 1, "");

    assertThat(inspect("c")).startsWith("completed", 1L);
    assertThat(inspect("r")).isEqualTo(List.of("retry", 1L, 0L, ""));
    assertThat(inspect("s")).isEqualTo(List.of("delayed", 0L, 0L, ""));
    assertThat(inspect("d")).startsWith("dead", 1L).endsWith("why");
    assertThat(inspect("b")).isEqualTo(List.of("waiting", 0L, 0L, ""));
    assertThat(inspect("unknown")).isEqualTo(List.of("", 0L, 0L, ""));
    assertThat(call(Scripts.COUNTS)).isEqualTo(List.of(1L, 2L, 0L, 1L, 1L));
  }

  @SuppressWarnings("unchecked")
  private List<Object> inspect(String id) {
    return (List<Object>) call(Scripts.INSPECT, id);
  }

  @Test
  void beatSaysWhatItRenewedGaveBackTookOverAndLost() {
    assertThat(beat("w", 1, 5)).isEqualTo(List.of(-1L, 0L, 0L, List.of(), 0L));
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 0, ENVELOPE);
    claim("w", 1, 2);

    List<?> renewed = beat("w", 1, 5, "a", 1, "b", 1, "never", 1);
    assertThat((Long) renewed.get(0)).isBetween(1L, 30_000L);
    assertThat(renewed.subList(1, 5)).isEqualTo(List.of(0L, 0L, List.of("never"), 0L));
    // b is not held any more; but with epoch 1 maybe still on its way, it stays.
    assertThat(beat("w", 1, 5, "a", 1).subList(1, 4)).isEqualTo(List.of(0L, 0L, List.of()));
    assertThat(beat("w", 2, 5, "a", 1).subList(1, 5))
        .isEqualTo(List.of(1L, 0L, List.of(), (long) ENVELOPE.length()));
    assertThat(inspect("b")).startsWith("waiting", 0L);

    expireLeases();
    assertThat(beat("other", 1, 5)).isEqualTo(List.of(-1L, 0L, 1L, List.of(), 0L));
    assertThat(inspect("a")).isEqualTo(List.of("waiting", 1L, 0L, ""));
    assertThat(beat("w", 2, 5, "a", 1).subList(1, 4)).isEqualTo(List.of(0L, 0L, List.of("a")));
  }

  @Test
  void beatGivesUpAJobThatTookItsLastWorkerWithIt() {
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE);
    claim("w", 1, 1);
    expireLeases();

    assertThat(beat("other", 1, 1).get(2)).isEqualTo(1L);

    assertThat(inspect("a")).startsWith("dead", 1L);
  }

  @Test
  void deadListsRetriesAndDiscards() {
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 0, ENVELOPE);
    claim("w", 1, 2);
    claim("w", 2, 0, "a", 1, "d", 1, "why", "b", 1, "d", 1, "why");

    List<?> listed = (List<?>) call(Scripts.DEAD, "list", 0, 10);
    assertThat(listed).hasSize(6);
    assertThat(List.of(listed.get(0), listed.get(3))).isEqualTo(List.of("b", "a"));
    assertThat(listed.get(2)).isEqualTo(ENVELOPE);
    assertThat(call(Scripts.DEAD, "list", 2, 10)).isEqualTo(List.of());
    assertThat(call(Scripts.DEAD, "retry", "a")).isEqualTo(1L);
    assertThat(call(Scripts.DEAD, "retry", "a")).isEqualTo(0L);
    assertThat(inspect("a")).isEqualTo(List.of("waiting", 0L, 0L, ""));
    assertThat(call(Scripts.DEAD, "discard", "b")).isEqualTo(1L);
    assertThat(call(Scripts.DEAD, "discard", "b")).isEqualTo(0L);
    assertThat(call(Scripts.ENQUEUE, "b", 0, ENVELOPE)).isEqualTo(List.of(2L));
  }

  @Test
  void aPausedQueueGivesNothingOutAndStillTakesEnds() {
    call(Scripts.ENQUEUE, "a", 0, ENVELOPE, "b", 0, ENVELOPE);
    claim("w", 1, 1);
    try (Jedis jedis = server.connect()) {
      jedis.hset("tq:{q}:m", "paused", "1");
    }

    assertThat(claim("w", 2, 5, "a", 1, "c", 1, ""))
        .isEqualTo(List.of(-1L, 0L, List.of(1L), List.of()));
  }
}
