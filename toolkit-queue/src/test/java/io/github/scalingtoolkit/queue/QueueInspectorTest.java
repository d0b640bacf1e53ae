package io.github.scalingtoolkit.queue;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.queue.Enqueued.Outcome;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

class QueueInspectorTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final EnqueueOptions DEFAULTS = EnqueueOptions.defaults();
  private static final Duration SOON = Duration.ofSeconds(30);

  /** Longer than this test takes on any machine. */
  private static final Duration A_WHILE = Duration.ofMinutes(30);

  @RegisterExtension
  private static final QueueOnRedis opened = QueueOnRedis.named("notes");

  private final RedisServer server = opened.server();
  private final RedisAccess redis = opened.redis();
  private JobQueue queue = opened.queue();
  private final QueueInspector inspector = QueueInspector.of(queue);

  private static JobId id(String id) {
    return new JobId(id);
  }

  private void enqueue(String id, EnqueueOptions options) {
    queue.enqueue(NOTE, id, options.id(id(id)));
  }

  private JobState state(String id) {
    return queue.find(id(id)).orElseThrow().state();
  }

  private List<String> ids(JobState state, int skip, int most) {
    return inspector.list(state, skip, most).stream()
        .map(job -> job.id().value())
        .toList();
  }

  @Test
  void listsEachStateByPages() {
    enqueue("w1", DEFAULTS);
    enqueue("w2", DEFAULTS);
    queue.enqueue(JobType.of("image", String.class), "x", DEFAULTS.id(id("w3")));
    enqueue("w0", DEFAULTS.priority(0));
    enqueue("d2", DEFAULTS.delay(Duration.ofHours(2)));
    enqueue("d1", DEFAULTS.delay(Duration.ofHours(1)));

    assertThat(ids(JobState.WAITING, 0, 10)).containsExactly("w0", "w3", "w1", "w2");
    assertThat(ids(JobState.WAITING, 1, 2)).containsExactly("w3", "w1");
    assertThat(ids(JobState.WAITING, 3, 2)).containsExactly("w2");
    assertThat(ids(JobState.WAITING, 4, 2)).isEmpty();
    assertThat(ids(JobState.DELAYED, 0, 10)).containsExactly("d1", "d2");
    ListedJob next = inspector.list(JobState.RETRY, 0, 1).get(0);
    assertThat(next.type()).isEqualTo("note");
    assertThat(next.state()).isEqualTo(JobState.DELAYED);
    assertThat(next.at().orElseThrow())
        .isBetween(Instant.now().plusSeconds(3500), Instant.now().plusSeconds(3601));

    CountDownLatch end = new CountDownLatch(1);
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          if (job.payload().equals("w0")) {
            return JobOutcome.dead("no");
          }
          if (job.payload().equals("w1")) {
            return JobOutcome.done();
          }
          end.await();
          return JobOutcome.retry();
        })
        .start()) {
      Await.until(
          "one is dead and one is done",
          SOON,
          () -> inspector.counts().ended() == 1 && inspector.counts().dead() == 1);
      assertThat(ids(JobState.ACTIVE, 0, 10)).containsExactly("w2");
      assertThat(ids(JobState.ACTIVE, 1, 10)).isEmpty();
      assertThat(ids(JobState.DEAD, 0, 10)).containsExactly("w0");
      assertThat(ids(JobState.COMPLETED, 0, 10)).containsExactly("w1");
      end.countDown();
      Await.until("it waits for its retry", SOON, () -> state("w2") == JobState.RETRY);
      assertThat(worker).isNotNull();
    }
    assertThat(inspector.list(JobState.RETRY, 0, 1))
        .extracting(job -> job.id().value(), ListedJob::state, ListedJob::failedRuns)
        .containsExactly(tuple("w2", JobState.RETRY, 1));
    inspector.discardDead(id("w0"));
    assertThat(inspector.list(JobState.COMPLETED, 0, 10))
        .extracting(job -> job.id().value(), ListedJob::state)
        .containsExactlyInAnyOrder(tuple("w0", JobState.DEAD), tuple("w1", JobState.COMPLETED));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> inspector.list(JobState.WAITING, 0, 1001));
  }

  @Test
  void aCancelledJobIsOverAndItsIdIsRemembered() {
    enqueue("waiting", DEFAULTS);
    enqueue("delayed", DEFAULTS.delay(Duration.ofHours(1)));
    JobId made = queue.enqueue(NOTE, "made").id();

    for (JobId id : List.of(id("waiting"), id("delayed"), made)) {
      assertThat(inspector.cancel(id)).isTrue();
      assertThat(inspector.cancel(id)).isFalse();
      assertThat(queue.find(id).orElseThrow())
          .returns(JobState.CANCELLED, JobSnapshot::state)
          .returns("cancelled by an operator", JobSnapshot::note);
    }
    assertThat(inspector.cancel(id("unknown"))).isFalse();
    assertThat(inspector.dead(0, 10)).isEmpty();
    assertThat(inspector.counts()).isEqualTo(new QueueCounts(0, 0, 0, 0, 3));
    assertThat(inspector.list(JobState.COMPLETED, 0, 10))
        .hasSize(3)
        .allSatisfy(job -> assertThat(job.state()).isEqualTo(JobState.CANCELLED));
    assertThat(queue.enqueue(NOTE, "again", DEFAULTS.id(id("waiting"))).outcome())
        .isEqualTo(Outcome.ENDED);
    try (Jedis jedis = server.connect()) {
      assertThat(jedis.keys("q:{notes}:j:*")).isEmpty();
      assertThat(jedis.zscore("q:{notes}:eg", made.value())).isNotNull();
    }
  }

  @Test
  void theHandlerOfACancelledJobIsInterruptedAndItsSlotIsFree() {
    List<String> told = new CopyOnWriteArrayList<>();
    CountDownLatch runs = new CountDownLatch(1);
    enqueue("hangs", DEFAULTS);
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          if (job.payload().equals("hangs")) {
            try {
              runs.countDown();
              new CountDownLatch(1).await();
            } catch (InterruptedException interrupted) {
              told.add("cancelled " + job.cancelled() + ", valid " + job.leaseValid());
            }
          }
          return JobOutcome.done();
        })
        .concurrency(1)
        .lease(Duration.ofSeconds(1))
        .start()) {
      // Not only claimed: a handler that has not begun is told nothing.
      Await.until("it runs", SOON, () -> runs.getCount() == 0);

      assertThat(inspector.cancel(id("hangs"))).isTrue();
      enqueue("next", DEFAULTS);

      Await.until("the next is done", SOON, () -> state("next") == JobState.COMPLETED);
      Await.until("the handler is told", SOON, () -> told.size() == 1);
      assertThat(told).containsExactly("cancelled true, valid false");
      assertThat(state("hangs")).isEqualTo(JobState.CANCELLED);
      assertThat(worker).isNotNull();
    }
  }

  private Claims claims(Clock clock, List<String> told) {
    return new Claims(
        queue, "w", Duration.ofSeconds(30), 5, List.of("note"), clock, gone -> told.add(gone.id()));
  }

  private static List<Claim> claim(Claims claims) {
    return claims
        .step(List.of(), new Claims.Wish(2, "5", Map.of("note", 2), ""))
        .claimed();
  }

  @Test
  void aCancelIsNoticedThoughAnotherJobOfTheWorkerHasJustEnded() {
    List<String> told = new ArrayList<>();
    Claims claims = claims(Clock.system(), told);
    enqueue("cancelled", DEFAULTS);
    enqueue("ended", DEFAULTS);
    List<Claim> held = claim(claims);
    // Redis is not told of it yet.
    held.get(1).settle();

    try (CapturedLog log = CapturedLog.start()) {
      inspector.cancel(id("cancelled"));
      claims.beat(false);
      claims.beat(false);

      assertThat(told).containsExactly("cancelled");
      assertThat(log.lines("queue=notes"))
          .as("an operator's wish is no warning")
          .isEmpty();
    }
  }

  @Test
  void aCancelIsNoticedThoughItsJobIsOnItsWayToTheWorker() {
    List<String> told = new ArrayList<>();
    AtomicReference<Runnable> onAnswer = new AtomicReference<>(() -> {});
    Claims claims = claims(
        new Clock() {
          @Override
          public Instant now() {
            return Clock.system().now();
          }

          @Override
          public long nanoTime() {
            onAnswer.getAndSet(() -> {}).run();
            return System.nanoTime();
          }
        },
        told);
    claims.beat(false);
    enqueue("cancelled", DEFAULTS);
    onAnswer.set(() -> {
      inspector.cancel(id("cancelled"));
      Thread beat = new Thread(() -> claims.beat(false));
      beat.start();
      try {
        beat.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    });
    assertThat(claim(claims)).hasSize(1);
    assertThat(told).isEmpty();

    claims.beat(false);

    assertThat(told).containsExactly("cancelled");
  }

  @Test
  void aBeatWarnsOnceEachTimeThatAQueueIsPaused() {
    Beater beater = new Beater(
        "notes",
        claims(Clock.system(), new ArrayList<>()),
        new QueueListener() {},
        Duration.ofSeconds(15),
        Worker.LOOK,
        () -> true,
        () -> {},
        wait -> {});
    try (CapturedLog log = CapturedLog.start()) {
      inspector.pause();
      beater.turn();
      beater.turn();
      assertThat(log.lines("queue=notes state=paused"))
          .singleElement()
          .asString()
          .contains("WARN");

      inspector.resume();
      beater.turn();
      inspector.pause();
      beater.turn();
      assertThat(log.lines("queue=notes state=paused")).as("paused again").hasSize(2);
    }
  }

  @Test
  void aJobIsScheduledAnewOrPromoted() {
    enqueue("x", DEFAULTS);
    Instant later = Instant.ofEpochMilli(System.currentTimeMillis() + 3_600_000);

    assertThat(inspector.schedule(id("x"), later)).isTrue();
    assertThat(state("x")).isEqualTo(JobState.DELAYED);
    assertThat(inspector.schedule(id("x"), later.plusSeconds(60))).isTrue();
    assertThat(inspector.list(JobState.DELAYED, 0, 1).get(0).at()).contains(later.plusSeconds(60));
    assertThat(inspector.promote(id("x"))).isTrue();
    assertThat(state("x")).isEqualTo(JobState.WAITING);
    assertThat(inspector.promote(id("x"))).as("it waits already").isTrue();
    assertThat(inspector.promote(id("unknown"))).isFalse();
    assertThat(inspector.counts()).isEqualTo(new QueueCounts(1, 0, 0, 0, 0));
    try (Worker worker =
        Worker.builder(queue).handle(NOTE, job -> JobOutcome.done()).start()) {
      Await.until("it is done", SOON, () -> state("x") == JobState.COMPLETED);
      assertThat(inspector.promote(id("x"))).isFalse();
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void aPausedQueueTakesJobsAndGivesNoneOutUntilItIsResumed() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    inspector.pause();
    QueueDepthMetrics.bind(meters, queue);
    try (Worker worker =
        Worker.builder(queue).handle(NOTE, job -> JobOutcome.done()).start()) {
      Await.until("the worker waits", SOON, () -> {
        try (Jedis jedis = server.connect()) {
          return jedis.clientList().contains("cmd=bzpopmin");
        }
      });
      enqueue("x", DEFAULTS);
      Await.until("the worker was called", SOON, () -> {
        try (Jedis jedis = server.connect()) {
          return !jedis.exists("q:{notes}:k:note");
        }
      });
      assertThat(inspector.isPaused()).isTrue();
      assertThat(meters.get("toolkit.queue.paused").gauge().value()).isEqualTo(1);
      assertThat(state("x")).isEqualTo(JobState.WAITING);

      inspector.resume();

      Await.until("it is done", SOON, () -> state("x") == JobState.COMPLETED);
      assertThat(inspector.isPaused()).isFalse();
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void latencyCountsFromWhenAJobWasReadyAgain() {
    JobQueue anHourAgo = JobQueue.builder(redis, "notes")
        .clock(ManualClock.startingAt(Instant.now().minusSeconds(3600)))
        .build();
    anHourAgo.enqueue(NOTE, "snoozed", DEFAULTS.id(id("s")));
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          inspector.pause();
          return job.payload().equals("snoozed")
              ? JobOutcome.snooze(Duration.ofMillis(1))
              : JobOutcome.dead("for the test");
        })
        .start()) {
      Await.until(
          "it is ready again", SOON, () -> inspector.isPaused() && state("s") == JobState.WAITING);
      assertThat(inspector.overview().latency()).as("snoozed").isLessThan(A_WHILE);
      inspector.cancel(id("s"));

      anHourAgo.enqueue(NOTE, "dies", DEFAULTS.id(id("d")));
      assertThat(inspector.overview().latency()).as("never ran").isGreaterThan(A_WHILE);
      inspector.resume();
      Await.until("it is dead", SOON, () -> state("d") == JobState.DEAD);
      inspector.retryDead(id("d"));
      assertThat(inspector.overview().latency()).as("retried by hand").isLessThan(A_WHILE);
      inspector.cancel(id("d"));

      anHourAgo.enqueue(NOTE, "promoted", DEFAULTS.id(id("p")));
      inspector.schedule(id("p"), Instant.now().plusSeconds(3600));
      inspector.promote(id("p"));
      assertThat(inspector.overview().latency()).as("promoted").isLessThan(A_WHILE);
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void anOverviewTellsHowLongJobsWaitAndWhoWorks() {
    assertThat(inspector.overview())
        .isEqualTo(new QueueOverview(
            new QueueCounts(0, 0, 0, 0, 0), Map.of(), Duration.ZERO, false, 0, 0, 0, 0, 0));
    Instant now = Instant.now();
    JobQueue anHourAgo = JobQueue.builder(redis, "notes")
        .clock(ManualClock.startingAt(now.minusSeconds(3600)))
        .build();
    // Given ids are remembered, however slow this machine is.
    anHourAgo.enqueue(NOTE, "made", DEFAULTS.id(new JobId("made")));
    anHourAgo.enqueue(
        NOTE,
        "was not due",
        DEFAULTS.id(new JobId("later")).priority(1).notBefore(now.minusSeconds(60)));
    queue.enqueue(JobType.of("image", String.class), "x");
    assertThat(inspector.overview().latency()).isBetween(ofSeconds(3600), ofSeconds(3660));
    assertThat(inspector.overview().waitingByType()).isEqualTo(Map.of("note", 2L, "image", 1L));
    inspector.list(JobState.WAITING, 0, 9).stream()
        .filter(job -> job.type().equals("note"))
        .skip(1)
        .forEach(job -> inspector.cancel(job.id()));
    assertThat(inspector.overview().latency())
        .as("of one that was enqueued an hour ago for a minute ago")
        .isBetween(ofSeconds(60), ofSeconds(120));

    CountDownLatch end = new CountDownLatch(1);
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          end.await();
          return JobOutcome.done();
        })
        .start()) {
      Await.until("it runs", SOON, () -> inspector.overview().counts().active() == 1);
      inspector.pause();
      QueueOverview busy = inspector.overview();
      assertThat(busy.workers()).isEqualTo(1);
      assertThat(busy.paused()).isTrue();
      assertThat(inspector.workers())
          .singleElement()
          .returns(List.of("note"), WorkerSnapshot::types)
          .returns(1, WorkerSnapshot::jobs);
      end.countDown();
      AtomicReference<QueueOverview> ended = new AtomicReference<>(busy);
      Await.until("it ended", SOON, () -> {
        ended.set(inspector.overview());
        return ended.get().counts().ended() == 2;
      });
      assertThat(ended.get().endedPerSecond())
          .as("one was cancelled, perhaps more than a minute ago")
          .isIn(1 / 60.0, 2 / 60.0);
      Await.until(
          "the worker is idle",
          SOON,
          () -> inspector.overview().idleWorkers() == 1
              && inspector.workers().get(0).idle());
      assertThat(worker).isNotNull();
    }
    assertThat(inspector.workers()).isEmpty();
  }

  @Test
  void aHistoryTellsAllOfAJobButItsPayload() {
    Instant deadline = Instant.ofEpochMilli(System.currentTimeMillis() + 3_600_000);
    enqueue("x", DEFAULTS.priority(2).maxAttempts(3).header("tenant", "acme").deadline(deadline));
    enqueue("later", DEFAULTS.delay(Duration.ofHours(1)));
    assertThat(inspector.history(id("unknown"))).isEmpty();
    JobHistory later = inspector.history(id("later")).orElseThrow();
    assertThat(later.due().orElseThrow()).isAfter(Instant.now().plusSeconds(3500));

    CountDownLatch end = new CountDownLatch(1);
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          end.await();
          throw new IllegalStateException("broken");
        })
        .start()) {
      Await.until("it runs", SOON, () -> state("x") == JobState.ACTIVE);
      JobHistory active = inspector.history(id("x")).orElseThrow();
      assertThat(active.type()).isEqualTo("note");
      assertThat(active.version()).isEqualTo(1);
      assertThat(active.priority()).isEqualTo(2);
      assertThat(active.maxAttempts()).isEqualTo(3);
      assertThat(active.payloadBytes()).isEqualTo(3);
      assertThat(active.headers()).isEqualTo(Map.of("tenant", "acme"));
      assertThat(active.deadline()).contains(deadline);
      assertThat(active.enqueuedAt().orElseThrow())
          .isBetween(Instant.now().minusSeconds(60), Instant.now());
      assertThat(active.worker()).contains(inspector.workers().get(0).name());
      end.countDown();
      Await.until("it waits for its retry", SOON, () -> state("x") == JobState.RETRY);
      assertThat(worker).isNotNull();
    }
    JobHistory retried = inspector.history(id("x")).orElseThrow();
    assertThat(retried.failures()).extracting(JobFailure::message).containsExactly("broken");
    assertThat(retried.due()).isPresent();
    inspector.cancel(id("x"));
    assertThat(inspector.history(id("x")).orElseThrow())
        .returns(JobState.CANCELLED, history -> history.snapshot().state())
        .returns("", JobHistory::type)
        .returns(-1, JobHistory::priority);
  }

  @Test
  void aRemovedJobIsForgottenAndCanBeEnqueuedAgain() {
    enqueue("waiting", DEFAULTS);
    enqueue("delayed", DEFAULTS.delay(Duration.ofHours(1)));
    enqueue("ended", DEFAULTS);
    inspector.cancel(id("ended"));

    for (String each : List.of("waiting", "delayed", "ended")) {
      assertThat(inspector.remove(id(each))).as(each).isTrue();
      assertThat(inspector.remove(id(each))).as(each).isFalse();
      assertThat(queue.find(id(each))).isEmpty();
    }
    try (Jedis jedis = server.connect()) {
      assertThat(jedis.keys("q:{notes}:*"))
          .containsExactlyInAnyOrder("q:{notes}:m", "q:{notes}:k:note");
    }
    enqueue("ended", DEFAULTS);
    CountDownLatch end = new CountDownLatch(1);
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          end.await();
          return JobOutcome.dead("no");
        })
        .start()) {
      Await.until("it runs", SOON, () -> state("ended") == JobState.ACTIVE);
      assertThat(inspector.remove(id("ended"))).as("an active one").isFalse();
      end.countDown();
      Await.until("it is dead", SOON, () -> state("ended") == JobState.DEAD);
      assertThat(inspector.remove(id("ended"))).isTrue();
      assertThat(inspector.dead(0, 1)).isEmpty();
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void endsAndDeadLettersAreKeptAsLongAsTheRetentionSays() {
    Retention retention =
        Retention.defaults().givenIds(Duration.ofMinutes(1)).deadLetters(Duration.ofMinutes(2), 1);
    queue = JobQueue.builder(redis, "notes").retention(retention).build();
    enqueue("done", DEFAULTS);
    enqueue("dead", DEFAULTS);
    enqueue("newer", DEFAULTS);
    try (Worker worker = Worker.builder(queue)
        .handle(
            NOTE, job -> job.payload().equals("done") ? JobOutcome.done() : JobOutcome.dead("no"))
        .concurrency(1)
        .lease(Duration.ofSeconds(1))
        .start()) {
      Await.until(
          "the older one is dropped",
          SOON,
          () -> ids(JobState.DEAD, 0, 9).equals(List.of("newer")));
      try (Jedis jedis = server.connect()) {
        long twoMinutesAgo = System.currentTimeMillis() - 120_001;
        jedis.zadd("q:{notes}:ec", twoMinutesAgo, "done");
        jedis.zadd("q:{notes}:f", twoMinutesAgo, "newer");
      }
      Await.until("both are over", SOON, () -> {
        QueueCounts counts = inspector.counts();
        return counts.dead() == 0 && queue.find(id("done")).isEmpty();
      });
      assertThat(worker).isNotNull();
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> retention.madeIds(Duration.ofSeconds(9)))
        .withMessageContaining("madeIds must be 10 s to 365 d but was PT9S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> retention.deadLetters(Duration.ofDays(1), 0))
        .withMessageContaining("mostDeadLetters must be 1 to 1000000 but was 0");
  }

  @Test
  void aDrainEndsAllThatWaitsAndNothingElse() {
    List<NewJob<?>> jobs = new ArrayList<>();
    IntStream.range(0, 700)
        .forEach(i -> jobs.add(new NewJob<>(NOTE, "x", DEFAULTS.priority(i % 10).id(id("n" + i)))));
    queue.enqueueAll(jobs);
    enqueue("delayed", DEFAULTS.delay(Duration.ofHours(1)));

    assertThat(inspector.drain()).isEqualTo(700);

    assertThat(inspector.counts()).isEqualTo(new QueueCounts(0, 1, 0, 0, 700));
    assertThat(state("n7")).isEqualTo(JobState.CANCELLED);
    assertThat(inspector.drain()).isZero();
  }
}
