package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.Enqueued.Outcome;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class QueueInspectorTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final EnqueueOptions DEFAULTS = EnqueueOptions.defaults();
  private static final Duration SOON = Duration.ofSeconds(30);

  private static RedisServer server;
  private RedisAccess redis;
  private JobQueue queue;
  private QueueInspector inspector;

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
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    queue = JobQueue.builder(redis, "notes").build();
    inspector = QueueInspector.of(queue);
  }

  @AfterEach
  void close() {
    redis.close();
  }

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
          () -> inspector.counts().completed() == 1 && inspector.counts().dead() == 1);
      assertThat(ids(JobState.ACTIVE, 0, 10)).containsExactly("w2");
      assertThat(ids(JobState.ACTIVE, 1, 10)).isEmpty();
      assertThat(ids(JobState.DEAD, 0, 10)).containsExactly("w0");
      assertThat(ids(JobState.COMPLETED, 0, 10)).containsExactly("w1");
      end.countDown();
      Await.until("it waits for its retry", SOON, () -> state("w2") == JobState.RETRY);
      assertThat(worker).isNotNull();
    }
    assertThat(inspector.list(JobState.RETRY, 0, 1))
        .extracting(job -> job.id().value(), ListedJob::failedRuns)
        .containsExactly(tuple("w2", 1));
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
          .returns(JobState.DEAD, JobSnapshot::state)
          .returns("cancelled by an operator", JobSnapshot::note);
    }
    assertThat(inspector.cancel(id("unknown"))).isFalse();
    assertThat(inspector.dead(0, 10)).isEmpty();
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
      assertThat(state("hangs")).isEqualTo(JobState.DEAD);
      assertThat(worker).isNotNull();
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
  void aDrainEndsAllThatWaitsAndNothingElse() {
    List<NewJob<?>> jobs = new ArrayList<>();
    IntStream.range(0, 700)
        .forEach(i -> jobs.add(new NewJob<>(NOTE, "x", DEFAULTS.priority(i % 10).id(id("n" + i)))));
    queue.enqueueAll(jobs);
    enqueue("delayed", DEFAULTS.delay(Duration.ofHours(1)));

    assertThat(inspector.drain()).isEqualTo(700);

    assertThat(inspector.counts()).isEqualTo(new QueueCounts(0, 1, 0, 0, 700));
    assertThat(state("n7")).isEqualTo(JobState.DEAD);
    assertThat(inspector.drain()).isZero();
  }
}
