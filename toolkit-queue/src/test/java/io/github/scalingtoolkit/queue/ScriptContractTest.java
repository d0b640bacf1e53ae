package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** Every value that a script's head says it returns, and that a second call with the same arguments is harmless. */
class ScriptContractTest {
  private static final String ENVELOPE = "1c003note\n\"x\"";
  private static final int DAY = 86_400_000;
  private static final int MINUTE = 60_000;

  private static RedisServer server;
  private static RedisAccess redis;
  private int mostBytes = 1_000_000;
  private boolean listed;
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

  private Object enqueue(Object... jobs) {
    List<Object> args = new ArrayList<>(List.of(1, DAY, MINUTE));
    args.addAll(Arrays.asList(jobs));
    return call(Scripts.ENQUEUE, args.toArray());
  }

  /** Jobs of {@link #ENVELOPE}, ready now. */
  private Object enqueueReady(String... ids) {
    return enqueue(Arrays.stream(ids).flatMap(id -> Stream.of(id, 0, ENVELOPE)).toArray());
  }

  /** Each end: id, epoch, outcome, where, delay, text. */
  private List<?> step(String worker, int epoch, int most, Object... ends) {
    List<Object> args = new ArrayList<>(List.of(
        1,
        worker,
        epoch,
        most,
        mostBytes,
        listed ? 1 : 0,
        "0123456789",
        0,
        DAY,
        MINUTE,
        1,
        "",
        "note",
        1000));
    args.addAll(Arrays.asList(ends));
    List<?> reply = (List<?>) call(Scripts.STEP, args.toArray());
    assertThat((Long) reply.get(6)).as("the time of Redis").isGreaterThan(1_600_000_000_000L);
    return reply.subList(0, 6);
  }

  /** Registers the worker, and steps. */
  private List<?> claim(String worker, int epoch, int most) {
    beat(worker);
    return step(worker, epoch, most);
  }

  private List<?> beat(String worker) {
    return beat(worker, false, 5, List.of());
  }

  private List<?> beat(
      String worker, boolean cutOff, int mostCrashes, List<Integer> epochs, Object... lost) {
    return beat(worker, cutOff, mostCrashes, 0, epochs, lost);
  }

  private List<?> beat(
      String worker,
      boolean cutOff,
      int mostCrashes,
      int listens,
      List<Integer> epochs,
      Object... lost) {
    List<Object> args = new ArrayList<>(List.of(
        1,
        worker,
        "1|" + worker + "| note |",
        30_000,
        cutOff ? 1 : 0,
        mostCrashes,
        7 * DAY,
        10_000,
        DAY,
        MINUTE,
        1,
        listens,
        epochs.size()));
    args.addAll(epochs);
    args.addAll(Arrays.asList(lost));
    return (List<?>) call(Scripts.BEAT, args.toArray());
  }

  private void expireLease(String worker) {
    redis(jedis -> jedis.zadd("q:{q}:l", 1, worker));
  }

  private static void redis(Consumer<Jedis> action) {
    try (Jedis jedis = server.connect()) {
      action.accept(jedis);
    }
  }

  @SuppressWarnings("unchecked")
  private List<Object> inspect(String id) {
    return (List<Object>) call(Scripts.INSPECT, 1, id);
  }

  private static List<?> ended(List<?> step) {
    return (List<?>) step.get(4);
  }

  private static List<?> jobs(List<?> step) {
    return (List<?>) step.get(5);
  }

  private static List<String> ids(List<?> step) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < jobs(step).size(); i += 4) {
      ids.add((String) jobs(step).get(i));
    }
    return ids;
  }

  @Test
  void enqueueSaysAddedPresentOrEnded() {
    assertThat(enqueue("a", 0, ENVELOPE, "b", MINUTE, ENVELOPE)).isEqualTo(List.of(1L, 1L));
    assertThat(enqueue("a", 0, ENVELOPE, "b", 0, ENVELOPE, "c", 0, ENVELOPE))
        .isEqualTo(List.of(0L, 0L, 1L));

    claim("w", 1, 1);
    step("w", 2, 0, "a", 1, "c", "c", 1, "");

    assertThat(enqueueReady("a")).isEqualTo(List.of(2L));
    assertThat(enqueueReady("new", "new", "a")).isEqualTo(List.of(1L, 0L, 2L));
  }

  @Test
  void enqueueForgetsAnIdWhoseTimeIsOver() {
    redis(jedis -> jedis.zadd("q:{q}:ec", 1, "a"));

    assertThat(enqueueReady("a")).isEqualTo(List.of(1L));

    assertThat(inspect("a")).isEqualTo(List.of("waiting", 0L, 0L, ""));
  }

  @Test
  void enqueuePutsAJobBackThatIsInNoListAnyMoreAndNoOther() {
    enqueueReady("claimed", "dead");
    claim("w", 1, 2);
    step("w", 2, 0, "dead", 1, "d", "c", 1, "1|why");
    enqueue("ready", 0, ENVELOPE, "delayed", MINUTE, ENVELOPE);
    for (String id : List.of("ready", "claimed", "dead", "delayed")) {
      assertThat(enqueueReady(id)).as(id).isEqualTo(List.of(0L));
    }

    redis(jedis -> jedis.del("q:{q}:w:1:note", "q:{q}:l", "q:{q}:o:w", "q:{q}:d"));

    for (String id : List.of("ready", "claimed", "delayed")) {
      assertThat(enqueueReady(id)).as(id).isEqualTo(List.of(1L));
      assertThat(enqueueReady(id)).as(id).isEqualTo(List.of(0L));
    }
    assertThat(enqueueReady("dead")).isEqualTo(List.of(0L));
    assertThat(ids(claim("w", 4, 10))).containsExactly("ready", "claimed", "delayed");
  }

  @Test
  void stepSaysHowLongToWaitWhatIsLeftWhatEndedAndWhatWasClaimed() {
    assertThat(step("w", 1, 1)).isEqualTo(List.of(0L, -1L, 0L, 0L, List.of(), List.of()));
    assertThat(claim("w", 2, 1)).isEqualTo(List.of(1L, -1L, 0L, 1L, List.of(), List.of()));
    listed = true;
    enqueue("a", 0, ENVELOPE, "b", 0, ENVELOPE, "c", MINUTE, ENVELOPE);

    List<?> first = step("w", 3, 1);
    assertThat((Long) first.get(1)).isBetween(1L, (long) MINUTE);
    assertThat(first.get(2)).isEqualTo(1L);
    assertThat(first.get(3)).isEqualTo(0L);
    assertThat(jobs(first)).isEqualTo(List.of("a", "", "1:note", ENVELOPE));
    listed = false;

    List<?> second = step("w", 4, 1, "a", 3, "c", "c", 1, "");
    assertThat(second.get(2)).isEqualTo(0L);
    assertThat(ended(second)).isEqualTo(List.of(1L));
    assertThat(ids(second)).containsExactly("b");
    // By no other claim, and not twice.
    assertThat(ended(step("w", 5, 0, "a", 3, "c", "c", 1, "", "b", 3, "c", "c", 1, "")))
        .isEqualTo(List.of(0L, 0L));
  }

  @Test
  void theSameEpochAgainGetsTheSameClaimsAndAnEarlierOneNone() {
    enqueueReady("a", "b", "c");
    List<?> first = claim("w", 7, 2);

    assertThat(new HashSet<>(jobs(step("w", 7, 2)))).isEqualTo(new HashSet<>(jobs(first)));
    assertThat(jobs(step("w", 6, 2))).isEqualTo(List.of());
    assertThat(call(Scripts.COUNTS, 1)).isEqualTo(List.of(1L, 0L, 2L, 0L, 0L));
  }

  @Test
  void stepPutsAJobWhereItsOutcomeSays() {
    enqueueReady("c", "r", "s", "d", "b");
    claim("w", 1, 5);
    step(
        "w", 2, 0, "c", 1, "c", "c", 1, "", "r", 1, "r", "", MINUTE, "1|0|0|", "s", 1, "s", "",
        MINUTE, "", "d", 1, "d", "c", 1, "1|why", "b", 1, "b", "1:note", 1, "");

    assertThat(inspect("c")).startsWith("completed", 1L);
    assertThat(inspect("r")).isEqualTo(List.of("retry", 1L, 0L, ""));
    assertThat(inspect("s")).isEqualTo(List.of("delayed", 0L, 0L, ""));
    assertThat(inspect("d")).startsWith("dead", 1L).endsWith("why");
    assertThat(inspect("b")).isEqualTo(List.of("waiting", 0L, 0L, ""));
    assertThat(inspect("unknown")).isEqualTo(List.of("", 0L, 0L, ""));
    assertThat(call(Scripts.COUNTS, 1)).isEqualTo(List.of(1L, 2L, 0L, 1L, 1L));
  }

  @Test
  void stepBringsWhatWentWrongBeforeWithAJobThatFailed() {
    enqueueReady("a");
    claim("w", 1, 1);
    step("w", 2, 0, "a", 1, "r", "", 1, "1|0|0|");
    redis(jedis -> jedis.zadd("q:{q}:d", 1, "a"));

    List<?> again = jobs(step("w", 3, 1));
    assertThat((String) again.get(1)).startsWith("1|0|0|@");
    assertThat(again).isEqualTo(List.of("a", again.get(1), "1:note", ENVELOPE));
    assertThat(inspect("a")).isEqualTo(List.of("active", 2L, 0L, ""));
    step("w", 4, 0, "a", 3, "c", "c", 1, "2");
    assertThat(inspect("a")).startsWith("completed", 2L);
    redis(jedis -> assertThat(jedis.exists("q:{q}:t")).isFalse());
  }

  @Test
  void whatIsDueAgainIsReadySinceThenAndNothingIsLeftOfIt() {
    enqueueReady("snoozed", "failed");
    claim("w", 1, 2);
    step("w", 2, 0, "snoozed", 1, "s", "", 1000, "", "failed", 1, "r", "", 1000, "1|0|0|");
    redis(jedis -> {
      double due = jedis.zscore("q:{q}:d", "failed");
      assertThat(jedis.hget("q:{q}:t", "failed")).isEqualTo("1|0|0|@" + (long) due);
      assertThat(jedis.hget("q:{q}:t", "snoozed")).isEqualTo("0|0|0|@" + (long) due);
      jedis.hset("q:{q}:t", "snoozed", "0|0|0|@1234");
      jedis.zadd("q:{q}:d", 1, "snoozed");
    });
    step("w", 3, 0);

    List<?> overview = (List<?>) call(Scripts.OVERVIEW, 1, MINUTE);

    assertThat(overview.get(11)).isEqualTo(List.of("1:note", 1L, "snoozed", "1c003note", 1234L));
    assertThat(jobs(step("w", 4, 1)))
        .isEqualTo(List.of("snoozed", "0|0|0|@1234", "1:note", ENVELOPE));
    step("w", 5, 0, "snoozed", 4, "c", "c", 1, "1");
    redis(jedis -> {
      assertThat(jedis.hkeys("q:{q}:t")).containsExactly("failed");
      assertThat(jedis.exists("q:{q}:e")).isFalse();
    });
  }

  @Test
  void overviewCountsForAsLongAsAWorkerSaysThatEndsAreRemembered() {
    assertThat(((List<?>) call(Scripts.OVERVIEW, 1, DAY)).get(12)).isEqualTo((long) DAY);

    beat("w");

    assertThat(((List<?>) call(Scripts.OVERVIEW, 1, DAY)).get(12)).isEqualTo((long) MINUTE);
    assertThat(((List<?>) call(Scripts.OVERVIEW, 1, 9)).get(12)).isEqualTo(9L);
  }

  @Test
  void onceSaysWhetherAnEffectWasNewAndRecordsItsTime() {
    LuaScript once = Scripts.ONCE;
    List<byte[]> key = List.of(Scripts.bytes("q:{q}:once:a"));
    List<byte[]> args = List.of(Scripts.bytes("mail"), Scripts.bytes(MINUTE));

    assertThat(redis.eval(once, key, args)).isEqualTo(1L);
    assertThat(redis.eval(once, key, args)).isEqualTo(0L);

    redis(jedis -> {
      assertThat(jedis.hkeys("q:{q}:once:a")).containsExactly("mail");
      assertThat(jedis.pttl("q:{q}:once:a")).isBetween(1L, (long) MINUTE);
    });
  }

  @Test
  void stepClaimsNoJobMoreOnceThereAreAsManyBytes() {
    enqueueReady("a", "b", "c", "d", "e");
    beat("w");

    mostBytes = 2 * ENVELOPE.length();
    assertThat(ids(step("w", 1, 5))).containsExactly("a", "b");
    mostBytes = 1;
    List<?> one = step("w", 2, 5);
    assertThat(ids(one)).containsExactly("c");
    assertThat(one.get(2)).isEqualTo(1L);
    mostBytes = 1_000_000;
    assertThat(ids(step("w", 3, 5))).containsExactly("d", "e");
  }

  @Test
  void stepReadsNoLargeJobThatItDoesNotClaim() {
    mostBytes = 100_000;
    String large = ENVELOPE.replace("x", "x".repeat(100_000));
    for (int i = 0; i < 30; i++) {
      enqueue("n" + i, 0, i < 15 ? ENVELOPE : large);
    }
    beat("w");
    redis(Jedis::configResetStat);

    assertThat(ids(step("w", 1, 200))).hasSize(16);

    redis(jedis -> assertThat(jedis.info("commandstats"))
        .as("none is put back unclaimed")
        .doesNotContain("cmdstat_rpush"));
  }

  @Test
  void whileOthersWaitAStepTakesItsShareAndCallsThem() {
    beat("a");
    beat("b");
    step("a", 1, 5);
    step("b", 1, 5);
    enqueueReady("1", "2", "3", "4", "5");
    redis(jedis -> jedis.del("q:{q}:k:note"));

    listed = true;
    List<?> share = step("a", 2, 5);

    assertThat(ids(share)).containsExactly("1", "2", "3");
    assertThat(share.get(2)).as("at once").isEqualTo(0L);
    redis(jedis -> assertThat(jedis.exists("q:{q}:k:note")).isTrue());
  }

  @Test
  void aStepPublishesACallForWhatItLeavesOnlyIfItTookSomeOfIt() {
    beat("w");
    enqueueReady("1", "2", "3");
    redis(jedis -> {
      jedis.hset("q:{q}:m", "n", "1");
      jedis.del("q:{q}:k:note");
      jedis.configResetStat();
    });

    call(Scripts.STEP, 1, "w", 1, 9, 1000, 0, "0123456789", 0, DAY, MINUTE, 1, "", "note", 0);
    redis(jedis -> {
      assertThat(jedis.info("commandstats")).doesNotContain("cmdstat_publish:");
      assertThat(jedis.exists("q:{q}:k:note")).as("who waits is called").isTrue();
    });

    call(Scripts.STEP, 1, "w", 2, 9, 1000, 0, "0123456789", 0, DAY, MINUTE, 1, "", "note", 1);
    redis(jedis -> assertThat(jedis.info("commandstats")).contains("cmdstat_publish:calls=1,"));
  }

  @Test
  void stepClaimsOnlyTypesOfItsWorkerEachAsOftenAsItMay() {
    String other = ENVELOPE.replace("note", "other");
    enqueue("a", 0, other, "b", 0, ENVELOPE, "c", 0, other, "d", 0, ENVELOPE);
    beat("w");

    List<?> one = (List<?>) call(
        Scripts.STEP,
        1,
        "w",
        1,
        9,
        1000,
        0,
        "0123456789",
        0,
        DAY,
        MINUTE,
        2,
        "",
        "note",
        1,
        "third",
        9);
    assertThat(ids(one)).containsExactly("b");
    assertThat(one.get(2)).as("that it may claim at once").isEqualTo(0L);
    assertThat(call(Scripts.COUNTS, 1)).isEqualTo(List.of(3L, 0L, 1L, 0L, 0L));
  }

  @Test
  void stepServesThePrioritiesInTheOrderThatItIsGiven() {
    enqueue("five", 0, "5" + ENVELOPE.substring(1), "one", 0, ENVELOPE);
    beat("w");

    List<?> one = (List<?>)
        call(Scripts.STEP, 1, "w", 1, 1, 1000, 0, "9876543210", 0, DAY, MINUTE, 1, "", "note", 9);

    assertThat(ids(one)).containsExactly("five");
  }

  @Test
  void stepForgetsAsManyEndsAsItIsToldTo() {
    redis(jedis -> {
      for (int i = 0; i < 5; i++) {
        jedis.zadd("q:{q}:ec", 1, "c" + i);
        jedis.hset("q:{q}:e", "c" + i, "c|2|1|");
        jedis.zadd("q:{q}:eg", 1, "g" + i);
      }
    });

    call(Scripts.STEP, 1, "w", 1, 0, 1, 0, "0", 3, DAY, MINUTE, 0, "");

    assertThat(call(Scripts.COUNTS, 1)).isEqualTo(List.of(0L, 0L, 0L, 0L, 4L));
    redis(jedis -> assertThat(jedis.hlen("q:{q}:e")).isEqualTo(2));
  }

  @Test
  void aStepIsCheapAloneAndCheaperTogether() {
    enqueueReady("a", "b", "c");
    claim("w", 1, 1);

    assertThat(commandsOf(() -> step("w", 2, 1, "a", 1, "c", "c", 1, ""))).isLessThanOrEqualTo(12);

    String[] ids = IntStream.range(0, 150).mapToObj(i -> "n" + i).toArray(String[]::new);
    enqueueReady(ids);
    List<String> claimed = ids(step("w", 3, 50));
    Object[] ends =
        claimed.stream().flatMap(id -> Stream.of(id, 3, "c", "c", 1, "")).toArray();
    assertThat(commandsOf(() -> assertThat(ids(step("w", 4, 50, ends))).hasSize(50)))
        .isLessThanOrEqualTo(50 * 3 / 2);
  }

  /** How many commands Redis runs inside of the scripts of {@code action}. */
  private static long commandsOf(Runnable action) {
    try (Jedis jedis = server.connect()) {
      jedis.configResetStat();
      action.run();
      return jedis
          .info("commandstats")
          .lines()
          .filter(line -> line.startsWith("cmdstat_")
              && !line.matches("cmdstat_(eval|evalsha|info|config|ping|hello|client|select).*"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=(\\d+),.*", "$1")))
          .sum();
    }
  }

  @Test
  void beatSaysIfItKnewTheWorkerWhatItGaveBackAndTookOver() {
    assertThat(beat("w"))
        .isEqualTo(List.of(0L, -1L, 0L, 0L, 0L, List.of(), List.of(), 0L, 0L, 0L, 0L, -1L));
    assertThat(beat("w"))
        .isEqualTo(List.of(1L, -1L, 0L, 0L, 0L, List.of(), List.of(), 0L, 0L, 0L, 0L, -1L));
    enqueueReady("a", "b");
    step("w", 1, 1);
    step("w", 2, 1);

    // The reply of epoch 2 was lost.
    assertThat(beat("w", false, 5, List.of(2)))
        .isEqualTo(List.of(
            1L, -1L, 1L, 0L, (long) ENVELOPE.length(), List.of(), List.of(), 1L, 1L, 0L, 0L, -1L));
    assertThat(inspect("b")).isEqualTo(List.of("waiting", 0L, 0L, ""));
    assertThat(jobs(step("w", 2, 1))).as("of an epoch that was closed").isEqualTo(List.of());

    assertThat((Long) beat("other").get(1)).isBetween(1L, 30_000L);
    expireLease("w");
    assertThat(beat("other"))
        .isEqualTo(List.of(1L, -1L, 0L, 1L, 0L, List.of(), List.of(), 1L, 0L, 0L, 0L, -1L));
    assertThat(inspect("a")).isEqualTo(List.of("waiting", 1L, 0L, ""));
    assertThat(ended(step("w", 3, 0, "a", 1, "c", "c", 1, ""))).isEqualTo(List.of(0L));
    assertThat(beat("w").get(0)).isEqualTo(0L);
  }

  @Test
  void beatSaysThatTheQueueIsPausedAndHowManyWereCancelled() {
    enqueueReady("a", "b");
    claim("w", 1, 1);
    assertThat(call(Scripts.ADMIN, 1, "cancel", "b")).isEqualTo(1L);
    assertThat(beat("w").subList(8, 11)).isEqualTo(List.of(1L, 0L, 0L));

    assertThat(call(Scripts.ADMIN, 1, "cancel", "a")).isEqualTo(1L);
    call(Scripts.ADMIN, 1, "pause");

    assertThat(beat("w").subList(8, 11)).isEqualTo(List.of(0L, 1L, 1L));
    assertThat(inspect("a")).startsWith("cancelled", 0L);
  }

  @Test
  void callsArePublishedAsLongAsAWorkerListens() {
    beat("w", false, 5, 1, List.of());
    beat("other");
    redis(jedis -> {
      assertThat(Long.parseLong(jedis.hget("q:{q}:m", "n")))
          .isGreaterThan(System.currentTimeMillis() + 30_000);
      jedis.hset("q:{q}:m", "n", "1");
    });
    beat("w", false, 5, 1, List.of());
    redis(jedis -> {
      assertThat(Long.parseLong(jedis.hget("q:{q}:m", "n")))
          .as("it listens still")
          .isGreaterThan(System.currentTimeMillis() + 30_000);
      jedis.hset("q:{q}:m", "n", "1");
    });

    beat("other");

    redis(jedis -> assertThat(jedis.hexists("q:{q}:m", "n")).as("none does").isFalse());
  }

  @Test
  void aWorkerThatWasCutOffGivesTheOthersALeaseMore() {
    enqueueReady("a");
    claim("w", 1, 1);
    beat("other");
    expireLease("w");

    assertThat(beat("other", true, 5, List.of()).get(3)).isEqualTo(0L);
    assertThat(inspect("a")).startsWith("active");
    redis(jedis -> assertThat(jedis.zscore("q:{q}:l", "w"))
        .isGreaterThan(System.currentTimeMillis() + 20_000));

    expireLease("w");
    assertThat(beat("other").get(3)).isEqualTo(1L);
  }

  @Test
  void aBeatThatLayBeforeASilentRedisGivesTheOthersALeaseMore() {
    enqueueReady("a");
    claim("w", 1, 1);
    beat("other");
    expireLease("w");
    long beforeTwentyFiveSeconds = System.currentTimeMillis() + 30_000 - 25_000;
    redis(jedis -> jedis.zadd("q:{q}:l", beforeTwentyFiveSeconds, "other"));

    assertThat(beat("other").get(3)).isEqualTo(0L);

    expireLease("w");
    assertThat(beat("other").get(3)).isEqualTo(1L);
  }

  @Test
  void aCrashIsTakenBackWhenItsWorkerIsSeenAgain() {
    enqueueReady("a");
    claim("w", 1, 1);
    expireLease("w");
    beat("other");
    redis(jedis -> assertThat(jedis.hget("q:{q}:t", "a")).isEqualTo("0|1|1|w|1"));

    beat("w", false, 5, List.of(), "a", 1);

    redis(jedis -> assertThat(jedis.hget("q:{q}:t", "a")).isEqualTo("0|1|0|"));
    beat("w", false, 5, List.of(), "a", 1);
    redis(jedis -> assertThat(jedis.hget("q:{q}:t", "a")).isEqualTo("0|1|0|"));
  }

  @Test
  void whatIsKeptOfFailedRunsIsBoundedAndGoneOnceTheJobIsDone() {
    enqueueReady("a");
    beat("w");
    for (int attempt = 1; attempt <= 12; attempt++) {
      redis(jedis -> {
        if (jedis.exists("q:{q}:d")) {
          jedis.zadd("q:{q}:d", 1, "a");
        }
      });
      step("w", attempt, 1);
      String text = attempt + "|0|0|\n" + attempt + "|Failure\nmessage\nframe";
      step("w", attempt, 0, "a", attempt, "r", "", 1, text);
    }

    List<?> kept = (List<?>) call(Scripts.FAILURES, 1, "a");
    assertThat(kept).hasSize(10);
    assertThat((String) kept.get(0)).matches("(?s)\\d+\\|3\\|Failure\nmessage\nframe");

    redis(jedis -> jedis.zadd("q:{q}:d", 1, "a"));
    step("w", 13, 1);
    step("w", 14, 0, "a", 13, "c", "c", 1, "13");
    redis(jedis -> assertThat(jedis.keys("q:{q}:h:*")).isEmpty());
  }

  @Test
  void aJobThatTookTooManyWorkersWithItIsPoisonAndEachLossIsKept() {
    enqueueReady("a");
    claim("w", 1, 1);
    expireLease("w");

    assertThat(beat("other", false, 1, List.of()).get(6)).isEqualTo(List.of("a"));

    assertThat(inspect("a")).startsWith("dead", 1L);
    redis(jedis -> assertThat(jedis.hget("q:{q}:e", "a")).startsWith("p|1|"));
    assertThat((List<?>) call(Scripts.FAILURES, 1, "a"))
        .singleElement()
        .asString()
        .matches("(?s)\\d+\\|1\\|\nits worker w ended or hung");
  }

  @Test
  void anExpiredJobIsRetriedWithoutItsDeadline() {
    String expiring = ENVELOPE.replace("note", "note v=2 x=abc");
    enqueue("a", 0, expiring);
    claim("w", 1, 1);
    step("w", 2, 0, "a", 1, "x", "c", 1, "0|over");
    redis(jedis -> assertThat(jedis.hget("q:{q}:e", "a")).startsWith("x|0|"));

    assertThat(call(Scripts.DEAD, 1, "retry", "a")).isEqualTo(1L);

    assertThat(jobs(step("w", 3, 1)).get(3)).isEqualTo(ENVELOPE.replace("note", "note v=2"));
  }

  @Test
  void aJobThatFailedIsRetriedWithoutItsDeadlineOnceThatIsOver() {
    String over = ENVELOPE.replace("note", "note x=abc h.k=x");
    String ahead =
        ENVELOPE.replace("note", "note x=" + Long.toString(4_000_000_000_000L, 36) + " h.k=x");
    enqueue("over", 0, over, "ahead", 0, ahead);
    claim("w", 1, 2);
    step("w", 2, 0, "over", 1, "d", "c", 1, "1|why", "ahead", 1, "d", "c", 1, "1|why");

    assertThat(call(Scripts.DEAD, 1, "retry", "over")).isEqualTo(1L);
    assertThat(call(Scripts.DEAD, 1, "retry", "ahead")).isEqualTo(1L);

    redis(jedis -> {
      assertThat(jedis.get("q:{q}:j:over")).isEqualTo(ENVELOPE.replace("note", "note h.k=x"));
      assertThat(jedis.get("q:{q}:j:ahead")).isEqualTo(ahead);
    });
  }

  @Test
  void deadGivesAnEnvelopeAndTakesAnotherOneUnlessItHasChanged() {
    enqueueReady("a");
    assertThat(call(Scripts.DEAD, 1, "get", "a")).isNull();
    claim("w", 1, 1);
    step("w", 2, 0, "a", 1, "d", "c", 1, "1|why\n1|\nwhy");
    String edited = ENVELOPE.replace("x", "y".repeat(20_000));

    assertThat(call(Scripts.DEAD, 1, "get", "a")).isEqualTo(ENVELOPE);
    assertThat(call(Scripts.DEAD, 1, "edit", "a", "another", edited)).isEqualTo(0L);
    assertThat(call(Scripts.DEAD, 1, "edit", "a", ENVELOPE, edited)).isEqualTo(1L);
    assertThat(call(Scripts.DEAD, 1, "edit", "a", ENVELOPE, edited)).isEqualTo(0L);

    List<?> retried = jobs(step("w", 3, 1));
    assertThat((String) retried.get(1)).as("as if it had never run").startsWith("0|0|0|@");
    assertThat(retried).isEqualTo(List.of("a", retried.get(1), "1:note", edited));
    redis(jedis -> {
      assertThat(jedis.exists("q:{q}:h:a")).isFalse();
      assertThat(jedis.hget("q:{q}:m", "wnote")).as("it is large").isEqualTo("1L");
    });
  }

  @Test
  void aTimeIsTakenAsItIsAndOneThatIsOverIsNow() {
    long inAnHour = System.currentTimeMillis() + 3_600_000;
    enqueue("a", "@" + inAnHour, ENVELOPE, "b", "@1000", ENVELOPE);

    redis(jedis -> assertThat(jedis.zscore("q:{q}:d", "a")).isEqualTo(inAnHour));
    assertThat(inspect("b")).startsWith("waiting");
  }

  @Test
  void anIdThatWasMadeForAnEarlierTryIsKnownWhenItIsGiven() {
    String made = JobId.make(1).value();
    enqueue(made, 0, ENVELOPE.replace("1c", "1g"));
    claim("w", 1, 1);
    step("w", 2, 0, made, 1, "c", "g", 1, "");

    assertThat(enqueueReady(made)).isEqualTo(List.of(2L));
  }

  @Test
  void aFailedRunCostsOneCommandMoreThanOneThatSucceeds() {
    enqueueReady("a", "b", "c");
    claim("w", 1, 1);

    assertThat(commandsOf(() -> step("w", 2, 1, "a", 1, "r", "", 9, "1|0|0|\n1|E\nm")))
        .isLessThanOrEqualTo(13);
  }

  @Test
  void beatNamesTheTypesOfReadyJobsThatNoWorkerHandles() {
    enqueue("a", 0, ENVELOPE, "b", 0, ENVELOPE.replace("note", "other"));

    assertThat(beat("w").get(5)).isEqualTo(List.of("other"));
    redis(jedis -> {
      jedis.zadd("q:{q}:l", System.currentTimeMillis() + MINUTE, "knows");
      jedis.hset("q:{q}:o:knows", "", "1|knows| third | other |");
    });
    assertThat(beat("w").get(5)).isEqualTo(List.of());
  }

  @Test
  void beatGivesUpAJobThatTookItsLastWorkerWithIt() {
    enqueueReady("a");
    claim("w", 1, 1);
    expireLease("w");

    assertThat(beat("other", false, 1, List.of()).get(3)).isEqualTo(1L);

    assertThat(inspect("a")).startsWith("dead", 1L);
  }

  @Test
  void aWorkerWhoseManyJobsAreTakenOverBitByBitIsToldAtOnce() {
    String[] ids = IntStream.range(0, 600).mapToObj(i -> "n" + i).toArray(String[]::new);
    enqueueReady(ids);
    beat("w");
    for (int epoch = 1; epoch <= 3; epoch++) {
      step("w", epoch, 200);
    }
    expireLease("w");
    int taken = ((Long) beat("other").get(3)).intValue();
    assertThat(taken).isBetween(500, 599);

    List<?> told = beat("w");
    assertThat(told.get(0)).as("registered still").isEqualTo(0L);
    assertThat(told.get(3)).as("the rest").isEqualTo(600L - taken);

    assertThat(call(Scripts.COUNTS, 1)).isEqualTo(List.of(600L, 0L, 0L, 0L, 0L));
    redis(jedis -> {
      assertThat(jedis.zrange("q:{q}:l", 0, -1)).containsExactlyInAnyOrder("w", "other");
      assertThat(jedis.hgetAll("q:{q}:t").values())
          .allMatch(t -> t.matches("0\\|1\\|1\\|w\\|[123]"));
    });
  }

  @Test
  void aDamagedDeadJobIsNotRetriedAndStaysWhereItIs() {
    enqueueReady("a");
    claim("w", 1, 1);
    step("w", 2, 0, "a", 1, "d", "c", 1, "1|why");
    redis(jedis -> jedis.set("q:{q}:j:a", "no job"));

    assertThat(call(Scripts.DEAD, 1, "retry", "a")).isEqualTo(0L);

    assertThat(inspect("a")).startsWith("dead", 1L);
    assertThat(call(Scripts.DEAD, 1, "discard", "a")).isEqualTo(1L);
    redis(jedis -> assertThat(jedis.exists("q:{q}:j:a")).isFalse());
  }

  @Test
  void aJobDamagedOnItsWayIsDeadAndOneThatIsGoneLeavesNothing() {
    enqueueReady("claimed", "gone");
    claim("w", 1, 2);
    enqueue("delayed", 1, ENVELOPE);
    redis(jedis -> {
      jedis.set("q:{q}:j:claimed", "no job");
      jedis.set("q:{q}:j:delayed", "no job");
      jedis.del("q:{q}:j:gone");
      jedis.zadd("q:{q}:d", 1, "delayed");
    });
    step("w", 2, 0);
    assertThat(inspect("delayed")).startsWith("dead");

    expireLease("w");
    beat("other");

    assertThat(inspect("claimed")).startsWith("dead");
    redis(jedis -> assertThat(jedis.hexists("q:{q}:t", "gone")).isFalse());
    assertThat(call(Scripts.COUNTS, 1)).isEqualTo(List.of(0L, 0L, 0L, 2L, 0L));
  }

  @Test
  void aReadyJobWhoseBytesAreGoneLeavesNothingOnceAStepMeetsIt() {
    enqueueReady("gone", "there");
    redis(jedis -> {
      jedis.del("q:{q}:j:gone");
      jedis.hset("q:{q}:t", "gone", "1|0|");
      jedis.rpush("q:{q}:h:gone", "1|1|x");
    });

    assertThat(ids(claim("w", 1, 2))).containsExactly("there");

    redis(jedis -> {
      assertThat(jedis.hexists("q:{q}:t", "gone")).isFalse();
      assertThat(jedis.exists("q:{q}:h:gone")).isFalse();
    });
  }

  @Test
  void leaveTakesAWorkerOffUnlessItHoldsJobs() {
    enqueueReady("a");
    claim("w", 1, 2);

    assertThat(call(Scripts.LEAVE, 1, "w")).isEqualTo(0L);
    step("w", 2, 0, "a", 1, "b", "1:note", 1, "");
    assertThat(call(Scripts.LEAVE, 1, "w")).isEqualTo(1L);

    redis(jedis -> assertThat(jedis.keys("q:{q}:*"))
        .containsExactlyInAnyOrder("q:{q}:m", "q:{q}:j:a", "q:{q}:w:1:note", "q:{q}:k:note"));
  }

  @Test
  void deadListsRetriesAndDiscards() {
    enqueueReady("a", "b");
    claim("w", 1, 2);
    step("w", 2, 0, "a", 1, "d", "c", 1, "1|why", "b", 1, "d", "c", 1, "1|why");

    List<?> listed = (List<?>) call(Scripts.DEAD, 1, "list", 0, 10);
    assertThat(listed).hasSize(6);
    assertThat(List.of(listed.get(0), listed.get(3))).isEqualTo(List.of("b", "a"));
    assertThat(listed.get(2)).isEqualTo(ENVELOPE);
    assertThat(call(Scripts.DEAD, 1, "list", 2, 10)).isEqualTo(List.of());
    assertThat(call(Scripts.DEAD, 1, "retry", "a")).isEqualTo(1L);
    assertThat(call(Scripts.DEAD, 1, "retry", "a")).isEqualTo(0L);
    assertThat(inspect("a")).isEqualTo(List.of("waiting", 0L, 0L, ""));
    assertThat(call(Scripts.DEAD, 1, "discard", "b")).isEqualTo(1L);
    assertThat(call(Scripts.DEAD, 1, "discard", "b")).isEqualTo(0L);
    assertThat(enqueueReady("b")).isEqualTo(List.of(2L));
  }

  @Test
  void aPausedQueueGivesNothingOutAndStillTakesEnds() {
    enqueueReady("a", "b");
    claim("w", 1, 1);
    redis(jedis -> jedis.hset("q:{q}:m", "paused", "1"));

    assertThat(step("w", 2, 5, "a", 1, "c", "c", 1, ""))
        .isEqualTo(List.of(1L, -1L, 0L, 1L, List.of(1L), List.of()));
  }

  @Test
  void whenRedisIsFullJobsAreClaimedAndEndedAndNoneIsAdded() {
    enqueueReady("a", "b");
    redis(jedis -> jedis.configSet("maxmemory", "1"));
    try {
      assertThat(beat("w").get(0)).isEqualTo(0L);
      assertThat(ids(step("w", 1, 1))).containsExactly("a");
      assertThat(ids(step("w", 2, 1, "a", 1, "c", "c", 1, ""))).containsExactly("b");
      assertThat(ended(step("w", 3, 1, "b", 2, "r", "", 1, "1|0|0|"))).isEqualTo(List.of(1L));

      assertThatThrownBy(() -> enqueueReady("c")).hasMessageContaining("OOM");
      redis(jedis -> jedis.eval("redis.call('DEL', 'x') redis.call('HSET', 'q:{q}:m', 'v', '0')"));
      assertThat(call(Scripts.MIGRATE, 1)).isEqualTo(1L);
    } finally {
      redis(jedis -> jedis.configSet("maxmemory", "0"));
    }
  }

  @Test
  void noScriptTouchesDataOfAnotherVersion() {
    enqueueReady("a");
    redis(jedis -> jedis.hset("q:{q}:m", "v", "2"));

    for (Runnable call : List.<Runnable>of(
        () -> enqueueReady("b"),
        () -> step("w", 1, 1),
        () -> beat("w"),
        () -> call(Scripts.LEAVE, 1, "w"),
        () -> call(Scripts.COUNTS, 1),
        () -> inspect("a"),
        () -> call(Scripts.FAILURES, 1, "a"),
        () -> call(Scripts.LIST, 1, "waiting", 0, 1),
        () -> call(Scripts.ADMIN, 1, "cancel", "a"),
        () -> call(Scripts.OVERVIEW, 1, MINUTE),
        () -> call(Scripts.WORKERS, 1),
        () -> call(Scripts.HEAD, 1, "a"),
        () -> call(Scripts.DEAD, 1, "list", 0, 1),
        () -> call(Scripts.CRON, 1, "due", 0, 1),
        () -> call(Scripts.CRON, 1, "put", "s", "t=x m=x", ENVELOPE, 1),
        () -> call(Scripts.CRON, 1, "remove", "s"))) {
      assertThatThrownBy(call::run).hasMessageContaining("TQVERSION 2");
    }
    redis(jedis -> assertThat(jedis.keys("q:{q}:*"))
        .containsExactlyInAnyOrder("q:{q}:m", "q:{q}:j:a", "q:{q}:w:1:note", "q:{q}:k:note"));
  }

  private Object put(String plan, String envelope, long next) {
    return call(Scripts.CRON, 1, "put", "s", plan, envelope, next);
  }

  @Test
  void cronPutsShowsAndListsSchedules() {
    assertThat(((List<?>) call(Scripts.CRON, 1, "get", "s")).subList(1, 3))
        .isEqualTo(List.of("", -1L));
    assertThat(put("t=a m=a", ENVELOPE, 7)).isEqualTo(1L);
    assertThat(put("t=a m=a", ENVELOPE, 8)).isEqualTo(0L);
    assertThat(put("t=a m=b", ENVELOPE, 9)).as("the same timing").isEqualTo(2L);
    assertThat(((List<?>) call(Scripts.CRON, 1, "get", "s")).subList(1, 3))
        .isEqualTo(List.of("t=a m=b", 7L));
    assertThat(put("t=b m=b", ENVELOPE, 10)).as("its slot is due").isEqualTo(3L);
    assertThat(call(Scripts.CRON, 1, "put", "s", "t=b m=b", ENVELOPE, 10, 1)).isEqualTo(2L);

    List<Object> shown = List.of("s", "t=b m=b", "1c003note\n", 10L, "", 0L);
    assertThat(call(Scripts.CRON, 1, "show", "s")).isEqualTo(shown);
    assertThat(call(Scripts.CRON, 1, "list", 0, 5)).isEqualTo(shown);
    assertThat(call(Scripts.CRON, 1, "list", 1, 5)).isEqualTo(List.of(0L));
    assertThat(call(Scripts.CRON, 1, "show", "other")).isEqualTo(List.of(0L));
    assertThat((Long) beat("w").get(11)).as("due for long").isEqualTo(0L);
  }

  @Test
  void cronPausesResumesAndRemovesSchedules() {
    put("t=a m=a", ENVELOPE, 7);

    assertThat(call(Scripts.CRON, 1, "resume", "s", "t=a m=a", 8)).isEqualTo(2L);
    assertThat(call(Scripts.CRON, 1, "pause", "s")).isEqualTo(1L);
    assertThat(call(Scripts.CRON, 1, "pause", "s")).isEqualTo(0L);
    assertThat(put("t=b m=a", ENVELOPE, 9)).isEqualTo(2L);
    assertThat(call(Scripts.CRON, 1, "resume", "s", "t=a m=a", 8))
        .as("of another plan")
        .isEqualTo(0L);
    assertThat(((List<?>) call(Scripts.CRON, 1, "get", "s")).get(2)).isEqualTo(-1L);
    assertThat(call(Scripts.CRON, 1, "resume", "s", "t=b m=a", 8)).isEqualTo(1L);
    assertThat(((List<?>) call(Scripts.CRON, 1, "get", "s")).get(2)).isEqualTo(8L);
    assertThat(call(Scripts.CRON, 1, "remove", "s")).isEqualTo(1L);
    assertThat(call(Scripts.CRON, 1, "remove", "s")).isEqualTo(0L);
    assertThat(call(Scripts.CRON, 1, "resume", "s", "t=b m=a", 8)).isEqualTo(0L);
  }

  @Test
  void cronFiresOnceForTheSlotAndThePlanThatItHas() {
    put("t=a m=a", ENVELOPE, 7);
    long later = System.currentTimeMillis() + DAY;
    assertThat(((List<?>) call(Scripts.CRON, 1, "due", 0, 5)).subList(1, 3))
        .isEqualTo(List.of(-1L, List.of("s", "t=a m=a", 7L)));

    assertThat(fire("t=b m=a", 7, later)).as("another plan").isEqualTo(List.of(0L, 0L));
    assertThat(fire("t=a m=a", 6, later)).as("another slot").isEqualTo(List.of(0L, 0L));
    assertThat(fire("t=a m=a", 7, later)).isEqualTo(List.of(1L, 2L));
    assertThat(fire("t=a m=a", 7, later)).as("again").isEqualTo(List.of(0L, 0L));
    assertThat(fire("t=a m=a", later, later + 1)).as("not due").isEqualTo(List.of(0L, 0L));

    redis(jedis -> {
      assertThat(jedis.get("q:{q}:j:s@1")).isEqualTo("1c003note a=1\n\"x\"");
      assertThat(jedis.get("q:{q}:j:s@2")).isEqualTo("1c003note a=1 h=2\n\"x\"");
      assertThat(jedis.lrange("q:{q}:w:1:note", 0, -1)).containsExactly("s@2", "s@1");
      assertThat(jedis.hget("q:{q}:cl", "s")).isEqualTo("s@2");
    });
    assertThat(ids(claim("w", 1, 2))).containsExactly("s@1", "s@2");
    List<?> due = (List<?>) call(Scripts.CRON, 1, "due", 0, 5);
    assertThat((Long) due.get(1)).isBetween(1L, (long) DAY);
    assertThat(due.get(2)).isEqualTo(List.of());
    assertThat((Long) beat("w").get(11)).isBetween(1L, (long) DAY);
  }

  private Object fire(String plan, long slot, long next) {
    return call(
        Scripts.CRON,
        1,
        "fire",
        "s",
        plan,
        slot,
        next,
        DAY,
        " a=1",
        "s@1",
        1,
        "",
        "s@2",
        2,
        " h=2");
  }

  private Double score() {
    List<Double> score = new ArrayList<>();
    redis(jedis -> score.add(jedis.zscore("q:{q}:cs", "s")));
    return score.get(0);
  }

  @Test
  void cronBringsBackWhatIsLostButNoSlotOfAPausedOne() {
    put("t=a m=a", ENVELOPE, 7);
    redis(jedis -> jedis.del("q:{q}:cs", "q:{q}:m"));

    assertThat(put("t=a m=a", ENVELOPE, 8)).isEqualTo(2L);
    assertThat(score()).isEqualTo(8);
    redis(jedis -> assertThat(jedis.hgetAll("q:{q}:m"))
        .containsOnly(Map.entry("v", "1"), Map.entry("c", "1")));

    call(Scripts.CRON, 1, "pause", "s");
    assertThat(put("t=a m=a", ENVELOPE, 9)).isEqualTo(0L);
    assertThat(score()).isInfinite();
    assertThat(((List<?>) call(Scripts.CRON, 1, "due", 0, 5)).subList(1, 4))
        .isEqualTo(List.of(-1L, List.of(), 0L));
    assertThat((Long) beat("w").get(11)).isEqualTo(-1L);
  }

  @Test
  void cronMovesNoSlotOfADamagedScheduleAndSaysSo() {
    for (String damaged : List.of("", "1c003", "note\n\"x\"", "1c003note")) {
      redis(Jedis::flushAll);
      put("t=a m=a", damaged, 7);

      assertThat(fire("t=a m=a", 7, 8)).as(damaged).isEqualTo(List.of(0L, 0L));

      assertThat(score()).isEqualTo(7);
      assertThat(((List<?>) call(Scripts.CRON, 1, "due", 0, 5)).get(2))
          .isEqualTo(List.of("s", "", 7L));
      assertThat(put("t=b m=a", ENVELOPE, 9)).as("it can be mended").isEqualTo(2L);
    }
  }

  @Test
  void cronReadsAndAddsNoMoreThanAMegabyteAtOnce() {
    String large = ENVELOPE + "x".repeat(600_000);
    for (String id : List.of("s", "t", "u")) {
      call(Scripts.CRON, 1, "put", id, "t=a m=a", large, 7);
    }
    List<?> due = (List<?>) call(Scripts.CRON, 1, "due", 0, 5);
    assertThat(due.get(2)).isEqualTo(List.of("s", "t=a m=a", 7L, "t", "t=a m=a", 7L));
    assertThat(due.get(3)).isEqualTo(1L);
    assertThat(((List<?>) call(Scripts.CRON, 1, "due", 2, 5)).get(3)).isEqualTo(0L);
    List<?> listed = (List<?>) call(Scripts.CRON, 1, "list", 0, 5);
    assertThat(listed).hasSize(2 * 5 + 1);
    assertThat(listed.get(10)).isEqualTo(1L);

    assertThat(fire("t=a m=a", 7, 8)).isEqualTo(List.of(1L, 1L));
    assertThat(score()).as("of the first job that was left").isEqualTo(2);
    assertThat(inspect("s@2")).isEqualTo(inspect("unknown"));
  }

  @Test
  void cronAddsNoJobThatIsThereOrHasEndedAndMovesOn() {
    enqueueReady("s@1");
    redis(jedis -> jedis.zadd("q:{q}:ec", System.currentTimeMillis(), "s@2"));
    put("t=a m=a", ENVELOPE, 7);

    assertThat(fire("t=a m=a", 7, 8)).isEqualTo(List.of(1L, 0L));

    redis(jedis -> jedis.zadd("q:{q}:ec", 1, "s@2"));
    assertThat(fire("t=a m=a", 8, 9))
        .as("an end that is not remembered any more")
        .isEqualTo(List.of(1L, 1L));
    assertThat(inspect("s@2")).isEqualTo(List.of("waiting", 0L, 0L, ""));
  }

  @Test
  void cronTakesAsFewCommandsAsItSays() {
    put("t=a m=a", ENVELOPE, 7);
    assertThat(commandsOf(() -> fire("t=a m=a", 7, 8))).isLessThanOrEqualTo(11 + 2 * 4);
    assertThat(commandsOf(() -> call(Scripts.CRON, 1, "due", 0, 5))).isLessThanOrEqualTo(6);
    assertThat(commandsOf(() -> fire("t=a m=a", 6, 8))).isLessThanOrEqualTo(4);
  }

  @Test
  void migrateWaitsForOlderWorkersWithALease() {
    redis(jedis -> {
      jedis.hset("q:{q}:m", "v", "0");
      jedis.hset("q:{q}:o:old", "", "0|old");
      jedis.zadd("q:{q}:l", System.currentTimeMillis() + MINUTE, "old");
    });
    assertThat(call(Scripts.MIGRATE, 1)).isEqualTo(0L);

    expireLease("old");
    assertThat(call(Scripts.MIGRATE, 1)).isEqualTo(1L);
    assertThat(beat("w").get(0)).isEqualTo(0L);
  }
}
