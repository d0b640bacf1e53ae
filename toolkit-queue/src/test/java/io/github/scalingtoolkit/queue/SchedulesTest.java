package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.queue.Schedules.Put;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** An outage is made by moving a schedule's next slot back in Redis, whose clock decides what is due. */
class SchedulesTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final Duration HOUR = Duration.ofHours(1);

  /** So long a lease is not lost, however slow this machine is: no job runs twice for that. */
  private static final Duration LEASE = Duration.ofHours(1);

  private static RedisServer server;
  private RedisAccess redis;
  private JobQueue queue;
  private Schedules schedules;
  private Planner planner;
  private final List<String> missed = new ArrayList<>();

  /** Its last slot was ten minutes ago, so that none passes while a test runs. */
  private Timing hourly;

  private Instant lastSlot;

  @BeforeAll
  static void startServer() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void open() {
    redis(Jedis::flushAll);
    long now = Long.parseLong(redis(Jedis::time).get(0));
    lastSlot = Instant.ofEpochSecond(now - 600);
    // Never 1970 itself, which needs no word.
    hourly = Timing.every(HOUR, Instant.ofEpochSecond(1 + (now - 601) % 3600));
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    queue = JobQueue.builder(redis, "notes").build();
    schedules = Schedules.of(queue);
    planner = new Planner(queue, listener());
  }

  @AfterEach
  void close() {
    redis.close();
  }

  private QueueListener listener() {
    return new QueueListener() {
      @Override
      public void onSlotsMissed(String schedule) {
        missed.add(schedule);
      }
    };
  }

  private static <T> T redis(Function<Jedis, T> call) {
    try (Jedis jedis = server.connect()) {
      return call.apply(jedis);
    }
  }

  private Schedule<String> hourly(String id) {
    return Schedule.of(id, hourly, NOTE, "payload");
  }

  /** Returns the slot that was due last, or one before it. */
  private Instant slot(int before) {
    return lastSlot.minus(HOUR.multipliedBy(before));
  }

  /** As if no worker had run since {@code slot}. */
  private void overdueSince(String id, Instant slot) {
    redis(jedis -> jedis.zadd(queue.key("cs"), slot.toEpochMilli(), id));
  }

  /** As the loop does, until there is nothing to do, and returns for how long. */
  private static Duration turn(Planner planner) {
    Duration wait;
    do {
      wait = planner.turn();
    } while (wait.isZero());
    return wait;
  }

  private Duration turn() {
    return turn(planner);
  }

  private List<String> waiting() {
    return QueueInspector.of(queue).list(JobState.WAITING, 0, 1000).stream()
        .map(job -> job.id().value())
        .toList();
  }

  private ScheduleSnapshot found(String id) {
    return schedules.find(id).orElseThrow();
  }

  private Instant next(String id) {
    return found(id).next().orElseThrow();
  }

  @Test
  void aSlotThatIsDueBecomesAJobAndTheNextOneWaits() {
    assertThat(schedules.put(hourly("report"))).isEqualTo(Put.ADDED);
    Instant due = slot(0);
    overdueSince("report", due);

    Duration wait = turn();

    assertThat(waiting()).containsExactly("report@" + due);
    assertThat(next("report")).isEqualTo(due.plus(HOUR));
    assertThat(wait).isPositive().isLessThanOrEqualTo(HOUR.plusMillis(1));
    turn();
    assertThat(waiting()).hasSize(1);
    assertThat(found("report").lastJob()).contains(new JobId("report@" + due));
  }

  @Test
  void itsJobHasTheOptionsThePayloadAndTheSlot() {
    EnqueueOptions options = EnqueueOptions.defaults()
        .priority(2)
        .maxAttempts(9)
        .header("tenant", "acme")
        .timeLimit(Duration.ofMinutes(3));
    schedules.put(Schedule.of("report", hourly, NOTE.version(3), "p\n\0q").options(options));
    overdueSince("report", slot(0));
    turn();
    Queue<Job<String>> ran = new ConcurrentLinkedQueue<>();

    try (Worker worker = Worker.builder(queue)
        .handle(NOTE.version(3), job -> {
          ran.add(job);
          return JobOutcome.done();
        })
        .start()) {
      Await.until("it ran", () -> !ran.isEmpty());
      assertThat(worker).isNotNull();
    }

    Job<String> job = ran.remove();
    assertThat(job.payload()).isEqualTo("p\n\0q");
    assertThat(job.headers()).isEqualTo(Map.of("tenant", "acme", "slot", slot(0).toString()));
    assertThat(job.id()).isEqualTo(new JobId("report@" + slot(0)));
    assertThat(job.enqueuedAt()).isBetween(slot(0), slot(0).plus(HOUR));
  }

  /** Reports: bullmq#2876, #2889, #2988, #453; asynq#1013. */
  @Test
  void putByManyProcessesAtOnceThereIsOneScheduleAndOneJob() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Put>> puts = new ArrayList<>();
    CyclicBarrier together = new CyclicBarrier(8);
    try {
      for (int i = 0; i < 8; i++) {
        puts.add(threads.submit(() -> {
          together.await();
          return schedules.put(hourly("report"));
        }));
      }
      List<Put> results = new ArrayList<>();
      for (Future<Put> put : puts) {
        results.add(put.get());
      }
      assertThat(results)
          .containsOnlyOnce(Put.ADDED)
          .contains(Put.UNCHANGED)
          .doesNotContain(Put.CHANGED);
    } finally {
      threads.shutdownNow();
    }
    overdueSince("report", slot(0));
    turn();
    schedules.put(hourly("report"));
    turn();

    assertThat(waiting()).containsExactly("report@" + slot(0));
    assertThat(schedules.list(0, 10)).hasSize(1);
  }

  /** Reports: bullmq#3262, river#791: who starts often, or a second process, moved or lost the next slot. */
  @Test
  void puttingItAgainMovesNoSlotAndSkipsNone() {
    Timing weekly = Timing.every(Duration.ofDays(7));
    schedules.put(Schedule.of("weekly", weekly, NOTE, "one"));
    Instant first = next("weekly");
    for (int start = 0; start < 5; start++) {
      assertThat(schedules.put(Schedule.of("weekly", weekly, NOTE, "one")))
          .isEqualTo(Put.UNCHANGED);
    }
    assertThat(next("weekly")).isEqualTo(first);

    overdueSince("weekly", first.minus(Duration.ofDays(7)));
    assertThat(schedules.put(Schedule.of("weekly", weekly, NOTE, "two"))).isEqualTo(Put.CHANGED);
    assertThat(next("weekly"))
        .as("it waits for a worker still")
        .isEqualTo(first.minus(Duration.ofDays(7)));
    turn();
    assertThat(waiting()).containsExactly("weekly@" + first.minus(Duration.ofDays(7)));
  }

  /** Report: bullmq#2940: the data of jobs stayed as they were. */
  @Test
  void theNextJobHasThePayloadThatWasPutLast() {
    schedules.put(hourly("report"));
    schedules.put(Schedule.of("report", hourly, NOTE, "newer"));
    overdueSince("report", slot(0));
    turn();

    assertThat(SchedulesTest.<String>redis(jedis -> jedis.get(queue.key("j:report@" + slot(0)))))
        .endsWith("\n\"newer\"");
  }

  /** Reports: bullmq#2612, #3500, #3539. */
  @Test
  void anotherTimingHoldsAtOnceAndWhatWasDueIsNotLost() {
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    Timing soon = Timing.cron("* * * * * *", "UTC");

    assertThat(schedules.put(Schedule.of("report", soon, NOTE, "payload"))).isEqualTo(Put.CHANGED);

    assertThat(waiting()).containsExactly("report@" + slot(0));
    assertThat(next("report")).isBefore(slot(0).plus(HOUR));
    assertThat(found("report").timing()).contains(soon);
    assertThat(schedules.list(0, 10)).hasSize(1);
  }

  @Test
  void whatWasShownAndThenChangedIsNotEnqueued() {
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    Planner.Standing shown = planner.standing("report");

    schedules.put(hourly("report").missed(MissedRuns.skip()));
    planner.enqueue(List.of(shown));
    assertThat(waiting()).as("by another plan").isEmpty();
    schedules.remove("report");
    planner.enqueue(List.of(planner.standing("report"), shown));
    assertThat(waiting()).as("removed").isEmpty();
  }

  /** Reports: bull#1680, #1676, #1400, bullmq#2173. */
  @Test
  void removedOrPausedItEnqueuesNothingMore() {
    for (String id : List.of("gone", "paused")) {
      schedules.put(hourly(id));
      overdueSince(id, slot(0));
    }
    List<Planner.Standing> shown = List.of(planner.standing("gone"), planner.standing("paused"));

    assertThat(schedules.remove("gone")).isTrue();
    assertThat(schedules.pause("paused")).isTrue();

    planner.enqueue(shown);
    turn();
    assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(0, 0, 0, 0, 0));
    assertThat(schedules.remove("gone")).isFalse();
    assertThat(schedules.pause("gone")).isFalse();
    assertThat(schedules.resume("gone")).isFalse();
    assertThat(schedules.find("gone")).isEmpty();
    assertThat(SchedulesTest.<Set<String>>redis(jedis -> jedis.keys(queue.key("c*"))))
        .containsExactlyInAnyOrder(queue.key("c"), queue.key("cs"));
    schedules.remove("paused");
    assertThat(SchedulesTest.<Set<String>>redis(jedis -> jedis.keys(queue.key("c*"))))
        .isEmpty();
  }

  /** Report: bull#807: added once more after a removal, it never ran. */
  @Test
  void removedAndPutAgainItRunsAndNoSlotTwice() {
    for (int i = 0; i < 3; i++) {
      schedules.put(hourly("report"));
      overdueSince("report", slot(0));
      turn();
      schedules.remove("report");
    }

    assertThat(waiting()).containsExactly("report@" + slot(0));
    assertThat(schedules.put(hourly("report"))).isEqualTo(Put.ADDED);
    assertThat(next("report")).isEqualTo(slot(0).plus(HOUR));
  }

  @Test
  void aPauseOutlivesDeploysAndItsSlotsAreLeftOut() {
    schedules.put(hourly("report"));
    schedules.pause("report");

    schedules.put(hourly("report"));
    schedules.put(Schedule.of("report", Timing.every(Duration.ofHours(2)), NOTE, "payload"));
    schedules.put(hourly("report"));

    assertThat(found("report").paused()).isTrue();
    assertThat(found("report").next()).isEmpty();
    assertThat(schedules.pause("report")).isFalse();
    assertThat(schedules.resume("report")).isTrue();
    assertThat(schedules.resume("report")).isFalse();
    turn();
    assertThat(waiting()).isEmpty();
    assertThat(next("report")).isEqualTo(slot(0).plus(HOUR));
  }

  /** Reports: sidekiq-cron#81, #233, sidekiq-scheduler#156, asynq#371, oban#1488: several schedulers, clocks apart. */
  @Test
  void manySchedulersWithSkewedClocksEnqueueEachSlotOnce() throws Exception {
    List<Instant> clocks = List.of(
        Instant.parse("1999-01-01T00:00:00Z"),
        Instant.now().minus(HOUR),
        Instant.now(),
        Instant.parse("2099-01-01T00:00:00Z"));
    List<Planner> fleet = new ArrayList<>();
    for (Instant clock : clocks) {
      JobQueue own =
          JobQueue.builder(redis, "notes").clock(ManualClock.startingAt(clock)).build();
      fleet.add(new Planner(own, listener()));
    }
    for (int i = 0; i < 250; i++) {
      schedules.put(hourly("s" + i).missed(MissedRuns.all(3)));
      overdueSince("s" + i, slot(i % 3));
    }
    CyclicBarrier together = new CyclicBarrier(fleet.size());
    ExecutorService threads = Executors.newFixedThreadPool(fleet.size());
    try {
      List<Future<Duration>> turns = new ArrayList<>();
      for (Planner each : fleet) {
        turns.add(threads.submit(() -> {
          together.await();
          return turn(each);
        }));
      }
      for (Future<Duration> turn : turns) {
        assertThat(turn.get()).isLessThanOrEqualTo(HOUR.plusMillis(1));
      }
    } finally {
      threads.shutdownNow();
    }

    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      for (int before = i % 3; before >= 0; before--) {
        expected.add("s" + i + "@" + slot(before));
      }
    }
    assertThat(waiting()).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(SchedulesTest.<Long>redis(
            jedis -> jedis.zcount(queue.key("cs"), 0, slot(0).toEpochMilli())))
        .isZero();
  }

  @Test
  void noClockOfAProcessMakesASlotDue() {
    JobQueue ahead = JobQueue.builder(redis, "notes")
        .clock(ManualClock.startingAt(Instant.parse("2099-01-01T00:00:00Z")))
        .build();
    schedules.put(hourly("report"));
    Planner.Standing shown = planner.standing("report");

    turn(new Planner(ahead, listener()));
    planner.enqueue(List.of(new Planner.Standing(
        "report", shown.plan(), shown.slot(), Instant.parse("2099-01-01T00:00:00Z"))));

    assertThat(waiting()).as("also if a process says that it is due").isEmpty();
    assertThat(next("report")).isEqualTo(Instant.ofEpochMilli(shown.slot()));
  }

  /** Reports: sidekiq#6804, dkron#1210, oban#630: a slot in a gap without a leader was lost. */
  @Test
  void afterAnOutageEachPolicyDoesWhatItSays() {
    schedules.put(hourly("skip").missed(MissedRuns.skip()));
    schedules.put(hourly("latest"));
    schedules.put(hourly("all").missed(MissedRuns.all(2)));
    for (String id : List.of("skip", "latest", "all")) {
      overdueSince(id, slot(3));
    }

    try (CapturedLog log = CapturedLog.start()) {
      turn();

      assertThat(log.lines("schedule=skip missed=" + slot(3) + " run=[]")).hasSize(1);
      assertThat(log.lines("schedule=latest missed=")).hasSize(1);
    }
    assertThat(waiting())
        .containsExactlyInAnyOrder("latest@" + slot(0), "all@" + slot(0), "all@" + slot(1));
    assertThat(missed).containsExactlyInAnyOrder("skip", "latest", "all");
    for (String id : List.of("skip", "latest", "all")) {
      assertThat(next(id)).isEqualTo(slot(0).plus(HOUR));
    }
  }

  @Test
  void missedRunsAreRunInTheirOrder() {
    schedules.put(hourly("report").missed(MissedRuns.all(100)));
    overdueSince("report", slot(4));
    turn();

    assertThat(waiting())
        .containsExactlyElementsOf(IntStream.of(4, 3, 2, 1, 0)
            .mapToObj(before -> "report@" + slot(before))
            .toList());
    assertThat(missed).isEmpty();
  }

  /** Report: asynq#1055: while an earlier task was archived, no later one was enqueued. */
  @Test
  void aDeadJobOfAnEarlierSlotStopsNothing() {
    schedules.put(Schedule.of("report", hourly, NOTE, "x")
        .options(EnqueueOptions.defaults().maxAttempts(1)));
    overdueSince("report", slot(0));
    turn();
    try (Worker worker =
        Worker.builder(queue).handle(NOTE, job -> JobOutcome.dead("no")).start()) {
      Await.until("it is dead", () -> QueueInspector.of(queue).counts().dead() == 1);
      assertThat(worker).isNotNull();
    }
    Instant later = slot(0).plusSeconds(300);
    overdueSince("report", later);
    turn();

    assertThat(waiting()).containsExactly("report@" + later);
  }

  @Test
  void aSlotWhoseJobHasEndedIsNotEnqueuedAgain() {
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    turn();
    assertThat(QueueInspector.of(queue).drain()).isEqualTo(1);
    // As after a failover to a replica that did not know of it yet.
    overdueSince("report", slot(0));
    turn();

    assertThat(waiting()).isEmpty();
    assertThat(next("report")).isEqualTo(slot(0).plus(HOUR));
  }

  @Test
  void aWorkerEnqueuesAndRunsSlotsByItself() {
    schedules.put(Schedule.of("tick", Timing.every(Duration.ofSeconds(1)), NOTE, "payload"));
    Queue<String> slots = new ConcurrentLinkedQueue<>();
    WorkerBuilder builder = Worker.builder(queue).lease(LEASE).handle(NOTE, job -> {
      slots.add(job.headers().get(Schedule.SLOT_HEADER));
      return JobOutcome.done();
    });
    try (Worker one = builder.start();
        Worker other = Worker.builder(queue)
            .handle(JobType.of("else", String.class), job -> JobOutcome.done())
            .start()) {
      Await.until("three slots", () -> slots.size() >= 3);
      assertThat(List.of(one, other)).doesNotContainNull();
    }
    assertThat(slots).doesNotHaveDuplicates();
  }

  @Test
  void whileRedisHangsSlotsWaitAndEachRunsOnceAfterwards() {
    schedules.put(Schedule.of("tick", Timing.every(Duration.ofSeconds(1)), NOTE, "payload")
        .missed(MissedRuns.all(100)));
    Queue<Instant> slots = new ConcurrentLinkedQueue<>();
    WorkerBuilder builder = Worker.builder(queue).lease(LEASE).handle(NOTE, job -> {
      slots.add(Instant.parse(job.headers().get(Schedule.SLOT_HEADER)));
      return JobOutcome.done();
    });
    try (Worker worker = builder.start()) {
      Await.until("a slot", () -> !slots.isEmpty());
      server.pause();
      int before;
      try {
        long paused = System.nanoTime();
        Await.until("some slots are over", () -> System.nanoTime() - paused > 2_500_000_000L);
        before = slots.size();
      } finally {
        server.resume();
      }
      Await.until("what was missed has run", () -> slots.size() >= before + 4);
      assertThat(worker).isNotNull();
    }
    List<Instant> ran = slots.stream().sorted().toList();
    for (int i = 0; i < ran.size(); i++) {
      assertThat(ran.get(i)).isEqualTo(ran.get(0).plusSeconds(i));
    }
  }

  @Test
  void aWorkerThatRunsHearsOfANewScheduleByItsNextBeat() {
    Queue<String> ran = new ConcurrentLinkedQueue<>();
    WorkerBuilder builder = Worker.builder(queue)
        .lease(Duration.ofMillis(600))
        .handle(NOTE, job -> {
          ran.add(job.id().value());
          return JobOutcome.done();
        });
    try (Worker worker = builder.start()) {
      Await.until("it is registered", () -> !QueueInspector.of(queue).workers().isEmpty());
      schedules.put(Schedule.of("late", Timing.every(Duration.ofDays(1)), NOTE, "payload"));
      schedules.put(Schedule.of("tick", Timing.every(Duration.ofSeconds(1)), NOTE, "payload"));
      Await.until("a slot", () -> !ran.isEmpty());
      assertThat(ran.peek()).startsWith("tick@");
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void aSlotInTheYear9999KeepsNoBeatFromTellingOfAPause() {
    Timing far = Timing.every(HOUR, Instant.parse("9999-12-31T00:00:00Z"));
    schedules.put(Schedule.of("far", far, NOTE, "payload"));
    QueueInspector.of(queue).pause();

    assertThat(turn()).isLessThanOrEqualTo(Claims.NEVER.plusMillis(1));
    try (CapturedLog log = CapturedLog.start();
        Worker worker =
            Worker.builder(queue).handle(NOTE, job -> JobOutcome.done()).start()) {
      Await.until(
          "the pause is told", () -> !log.lines("state=paused by=operator").isEmpty());
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void whatThisProcessCannotReadIsLeftToOthersAndToldOnce() {
    String newer = "t=solar%20x m=latest\n5c005note\n\"x\"";
    String elsewhere = "t=cron%20Mars/Olympus%200%208%20*%20*%20* m=latest\n5c005note\n\"x\"";
    redis(jedis ->
        jedis.hset(queue.key("c"), Map.of("newer", newer, "elsewhere", elsewhere, "damaged", "?")));
    for (String id : List.of("newer", "elsewhere", "damaged")) {
      overdueSince(id, slot(1));
    }
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));

    try (CapturedLog log = CapturedLog.start()) {
      assertThat(turn()).isEqualTo(Duration.ofSeconds(5));
      turn();

      assertThat(log.lines("state=unreadable")).hasSize(3);
      assertThat(log.lines("schedule=elsewhere").get(0))
          .contains("cause=\"there is no time zone 'Mars/Olympus'");
    }
    assertThat(waiting()).containsExactly("report@" + slot(0));
    assertThat(next("newer")).isEqualTo(slot(1));
    assertThat(found("newer").timing()).isEmpty();
    assertThatThrownBy(() -> {
          schedules.pause("newer");
          schedules.resume("newer");
        })
        .isInstanceOf(QueueException.class)
        .hasMessageContaining("schedule newer cannot be read by this process");
    assertThat(schedules.put(hourly("newer"))).isEqualTo(Put.CHANGED);
  }

  @Test
  void moreThanAPageThatCannotBeReadHidesNone() {
    redis(jedis -> {
      for (int i = 0; i < 250; i++) {
        jedis.hset(queue.key("c"), "u" + i, "?");
        jedis.zadd(queue.key("cs"), slot(5).toEpochMilli(), "u" + i);
      }
      return null;
    });
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    turn();

    assertThat(waiting()).containsExactly("report@" + slot(0));
  }

  @Test
  void anIdThatNoJobMayHaveStopsNoOtherSchedule() {
    String record = hourly("x").plan().text() + "\n1c003note\n\"x\"";
    redis(jedis -> jedis.hset(queue.key("c"), "no id", record));
    overdueSince("no id", slot(1));
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));

    assertThat(turn()).isEqualTo(Duration.ofSeconds(5));

    assertThat(waiting()).containsExactly("report@" + slot(0));
  }

  @Test
  void aSlotThatCannotBeMovedDoesNotKeepThePlannerBusy() {
    schedules.put(hourly("stuck"));
    redis(jedis -> jedis.zadd(queue.key("cs"), Double.NEGATIVE_INFINITY, "stuck"));
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));

    Duration wait = Duration.ZERO;
    for (int turns = 0; turns < 10 && wait.isZero(); turns++) {
      wait = planner.turn();
    }

    assertThat(wait).isEqualTo(Duration.ofSeconds(5));
    assertThat(waiting()).containsExactly("report@" + slot(0));
  }

  @Test
  void anErrorForOneScheduleHidesNoResultOfAnother() {
    schedules.put(Schedule.of("bad", hourly, JobType.of("bad", String.class), "payload"));
    redis(jedis -> jedis.set(queue.key("w:5:bad"), "no list"));
    overdueSince("bad", slot(0));
    schedules.put(hourly("report").missed(MissedRuns.skip()));
    overdueSince("report", slot(3));

    try (CapturedLog log = CapturedLog.start()) {
      planner.turn();

      assertThat(log.lines("schedules=refused")).hasSize(1);
      assertThat(log.lines("schedule=report missed=" + slot(3))).hasSize(1);
    }
    assertThat(missed).containsExactly("report");
  }

  @Test
  void putMendsWhatThisProcessCannotReadAlsoIfItIsDue() {
    redis(jedis -> jedis.hset(queue.key("c"), "newer", "t=solar%20x m=latest\n5c005note\n\"x\""));
    overdueSince("newer", slot(1));

    assertThat(schedules.put(hourly("newer"))).isEqualTo(Put.CHANGED);
    assertThat(next("newer")).isEqualTo(slot(0).plus(HOUR));
  }

  @Test
  void putBringsBackALostSlotAndResumesNothing() {
    schedules.put(hourly("report"));
    schedules.put(hourly("paused"));
    schedules.pause("paused");
    redis(jedis -> jedis.zrem(queue.key("cs"), "report"));

    assertThat(schedules.put(hourly("report"))).isEqualTo(Put.CHANGED);
    assertThat(schedules.put(hourly("paused"))).isEqualTo(Put.UNCHANGED);

    assertThat(next("report")).isEqualTo(slot(0).plus(HOUR));
    assertThat(found("paused").paused()).isTrue();
  }

  @Test
  void aScheduledJobWithLargeHeadersHasNoFalseAge() {
    schedules.put(
        hourly("report").options(EnqueueOptions.defaults().header("tenant", "x".repeat(2_000))));
    overdueSince("report", slot(0));
    turn();

    assertThat(QueueInspector.of(queue).overview().latency()).isLessThan(Duration.ofMinutes(1));
    redis(jedis -> jedis.setrange(queue.key("j:report@" + slot(0)), 5, "note b="));
    assertThat(QueueInspector.of(queue).overview().latency())
        .as("an id that was given tells no time")
        .isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void largeSchedulesAreListedAndEnqueuedBitByBit() {
    for (String id : List.of("a", "b", "c")) {
      schedules.put(Schedule.of(id, hourly, NOTE, "x".repeat(600_000)).missed(MissedRuns.all(3)));
      overdueSince(id, slot(2));
    }

    assertThat(schedules.list(0, 10)).hasSize(3);
    assertThat(schedules.list(0, 2)).hasSize(2);
    turn();

    assertThat(waiting()).hasSize(9).contains("a@" + slot(2), "c@" + slot(0));
    assertThat(missed).isEmpty();
    assertThat(next("b")).isEqualTo(slot(0).plus(HOUR));
  }

  /** Contract §4: what cannot be enqueued waits; §6: said once. */
  @Test
  void aFullRedisKeepsTheSlotUntilThereIsRoom() {
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    try (CapturedLog log = CapturedLog.start()) {
      redis(jedis -> jedis.configSet("maxmemory", "1"));
      try {
        assertThat(turn()).isEqualTo(Duration.ofSeconds(5));
        turn();
        assertThat(log.lines("schedules=refused")).hasSize(1);
        assertThat(next("report")).isEqualTo(slot(0));
        assertThat(schedules.pause("report")).as("an operator can stop it").isTrue();
      } finally {
        redis(jedis -> jedis.configSet("maxmemory", "0"));
      }
      overdueSince("report", slot(0));
      turn();
    }
    assertThat(waiting()).containsExactly("report@" + slot(0));
  }

  @Test
  void anotherDataVersionIsNotTouched() {
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    redis(jedis -> jedis.hset(queue.key("m"), "v", "2"));

    assertThatThrownBy(this::turn).isInstanceOf(QueueVersionException.class);
    assertThatThrownBy(() -> schedules.put(hourly("other")))
        .isInstanceOf(QueueVersionException.class);
    assertThat(SchedulesTest.<Set<String>>redis(jedis -> jedis.hkeys(queue.key("c"))))
        .containsExactly("report");
  }

  @Test
  void overdueSchedulesAreCountedForTheGauge() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    schedules.put(hourly("a"));
    schedules.put(hourly("b"));
    schedules.put(hourly("c"));
    redis(jedis -> jedis.zadd(queue.key("cs"), System.currentTimeMillis() - 90_000, "a"));
    redis(jedis -> jedis.zadd(queue.key("cs"), System.currentTimeMillis() - 10_000, "b"));

    assertThat(QueueInspector.of(queue).overview().overdueSchedules()).isEqualTo(1);
    QueueDepthMetrics.bind(registry, queue);
    assertThat(registry
            .get("toolkit.queue.schedules.overdue")
            .tag("queue", "notes")
            .gauge()
            .value())
        .isEqualTo(1);
    QueueMetrics.of(registry, "notes").onSlotsMissed("a");
    assertThat(registry.get("toolkit.queue.slots.missed").counter().count()).isEqualTo(1);
  }

  @Test
  void listsByPages() {
    for (String id : List.of("b", "c", "a")) {
      schedules.put(hourly(id));
    }
    assertThat(schedules.list(0, 2)).extracting(ScheduleSnapshot::id).containsExactly("a", "b");
    assertThat(schedules.list(2, 2)).extracting(ScheduleSnapshot::id).containsExactly("c");
    assertThat(schedules.list(3, 2)).isEmpty();
    ScheduleSnapshot first = schedules.list(0, 1).get(0);
    assertThat(first.timing()).contains(hourly);
    assertThat(first.missed()).contains(MissedRuns.latest());
    assertThat(first.type()).isEqualTo("note");
    assertThat(first.lastJob()).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> schedules.list(-1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> schedules.list(0, 1001));
  }

  @Test
  void refusesWhatCannotBeAScheduleWithAMessage() {
    for (String id : List.of("", "a b", "a|b", "a@b", "é", "x".repeat(101))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> hourly(id))
          .withMessageStartingWith("a schedule's id must be 1 to 100 printable ASCII characters");
    }
    EnqueueOptions defaults = EnqueueOptions.defaults();
    for (EnqueueOptions options : List.of(
        defaults.id(new JobId("a")),
        defaults.delay(Duration.ofSeconds(1)),
        defaults.notBefore(Instant.now()),
        defaults.deadline(Instant.now()))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> hourly("report").options(options))
          .withMessageContaining(
              "the options of schedule report must have no id, delay, notBefore and deadline");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> hourly("report").options(defaults.header("slot", "mine")))
        .withMessageContaining("the options of schedule report must have no header slot");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> schedules.put(Schedule.of("big", hourly, NOTE, "x".repeat(1_000_000))))
        .withMessageStartingWith(
            "payload and headers of schedule big must be at most 1000000 bytes but were 1000");
    assertThat(hourly("report").toString())
        .contains("report", "every PT1H from 1970")
        .doesNotContain("payload");
  }

  @Test
  void aPayloadOfHalfAMegabyteIsEnqueuedAndRun() {
    String large = "x".repeat(500_000);
    schedules.put(Schedule.of("large", hourly, NOTE, large));
    overdueSince("large", slot(0));
    turn();
    Queue<Integer> lengths = new ConcurrentLinkedQueue<>();
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          lengths.add(job.payload().length());
          return JobOutcome.done();
        })
        .start()) {
      Await.until("it ran", () -> !lengths.isEmpty());
      assertThat(worker).isNotNull();
    }
    assertThat(lengths).containsExactly(500_000);
    assertThat(SchedulesTest.<String>redis(jedis -> jedis.hget(queue.key("m"), "wnote")))
        .contains("L");
  }

  @Test
  void aScriptThatIsRepeatedChangesNothing() {
    schedules.put(hourly("report"));
    overdueSince("report", slot(0));
    Planner.Standing shown = planner.standing("report");
    planner.enqueue(List.of(shown));
    planner.enqueue(List.of(shown));

    assertThat(waiting()).containsExactly("report@" + slot(0));
    assertThatThrownBy(() -> redis.eval(
            Scripts.CRON, queue.keys(), List.of(bytes("7"), bytes("due"), bytes(0), bytes(1))))
        .isInstanceOf(JedisDataException.class)
        .hasMessageContaining("TQVERSION 1");
  }
}
