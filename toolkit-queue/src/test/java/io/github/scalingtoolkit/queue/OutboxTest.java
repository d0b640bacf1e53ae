package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class OutboxTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final Duration OWED_TOO_LONG = Duration.ofSeconds(30);
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-02T03:04:05Z"));
  private final OwedInMemory store = new OwedInMemory(clock);
  private final RedisServer server = RedisServer.start();
  private RedisAccess redis;
  private JobQueue queue;
  private Outbox outbox;

  @BeforeEach
  void open() {
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    queue = JobQueue.builder(redis, "notes").build();
    outbox = Outbox.builder(queue, store).build();
  }

  @AfterEach
  void close() {
    redis.close();
    server.close();
  }

  private static NewJob<String> job(String id) {
    return new NewJob<>(NOTE, "x", EnqueueOptions.defaults().id(new JobId(id)));
  }

  private Optional<JobState> state(String id) {
    return queue.find(new JobId(id)).map(JobSnapshot::state);
  }

  private Worker worker(Outbox removing) {
    return Worker.builder(queue)
        .handle(NOTE, job -> JobOutcome.done())
        .around(removing.removing())
        .start();
  }

  /** As when the process died, or the store was away, between the end and the removal. */
  private void endButOwe(String id) {
    store.owe(job(id));
    outbox.enqueue(job(id));
    try (Worker worker =
        Worker.builder(queue).handle(NOTE, job -> JobOutcome.done()).start()) {
      Await.until("the job has ended", () -> state(id).equals(Optional.of(JobState.COMPLETED)));
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void enqueuesWhatRedisDoesNotKnowAndTakesOutWhatHasEnded() {
    endButOwe("ended");
    store.owe(job("lost"));
    store.owe(job("waits"));
    outbox.enqueue(job("waits"));
    store.owe(job("cancelled"));
    outbox.enqueue(job("cancelled"));
    QueueInspector.of(queue).cancel(new JobId("cancelled"));
    clock.advance(Duration.ofMinutes(1));

    assertThat(outbox.doWork()).isEqualTo(3);

    assertThat(state("lost")).contains(JobState.WAITING);
    assertThat(store.ids()).containsExactly("lost", "waits");
    assertThat(outbox.doWork()).isZero();
  }

  @Test
  void aJobThatIsDoneTakesItsEntryWithIt() {
    store.owe(job("a"));
    assertThat(outbox.enqueue(job("a"))).isTrue();

    try (Worker worker = worker(outbox)) {
      Await.until("it is done", () -> state("a").equals(Optional.of(JobState.COMPLETED)));
      assertThat(worker).isNotNull();
    }

    assertThat(store.ids()).isEmpty();
  }

  @Test
  void leavesTheYoungAlone() {
    store.owe(job("young"));
    clock.advance(OWED_TOO_LONG);

    assertThat(outbox.doWork()).isZero();
    assertThat(state("young")).isEmpty();
  }

  @Test
  void catchingUpTakesTheYoungAsWellAndGoesOnUntilRedisAnswers() {
    store.owe(job("young"));
    server.kill();
    assertThat(outbox.enqueue(job("young"))).isFalse();

    assertThat(outbox.step()).isEqualTo(Duration.ofSeconds(1));
    server.restart();
    Await.until("the next step works", () -> outbox.step().equals(INTERVAL));

    assertThat(state("young")).contains(JobState.WAITING);
    store.owe(job("next"));
    assertThat(outbox.step()).isEqualTo(INTERVAL);
    assertThat(state("next")).isEmpty();
    outbox.catchUp();
    outbox.step();
    assertThat(state("next")).contains(JobState.WAITING);
  }

  @Test
  void catchingUpTakesEntriesFromBeforeTheClockWasSetBack() {
    store.owe(job("ahead"), clock.now().plus(Duration.ofDays(400)));

    outbox.catchUp();
    outbox.step();

    assertThat(state("ahead")).contains(JobState.WAITING);
    assertThat(outbox.health().oldestSeconds()).isZero();
  }

  @Test
  void whatIsOwedIsEnqueuedOnceRedisIsBack() {
    try (Outbox started =
        Outbox.builder(queue, store).interval(Duration.ofHours(12)).start()) {
      server.kill();
      store.owe(job("a"));
      assertThat(started.enqueue(job("a"))).isFalse();
      server.restart();

      Await.until("it is there", () -> {
        try {
          return state("a").isPresent();
        } catch (RuntimeException notYet) {
          return false;
        }
      });
    }
  }

  @Test
  void manyOwedEntriesAreEnqueuedPageByPage() {
    for (int i = 0; i < 600; i++) {
      store.owe(job("n" + i));
    }
    clock.advance(Duration.ofMinutes(1));

    assertThat(outbox.doWork()).isEqualTo(600);
    assertThat(outbox.doWork()).isZero();
  }

  @Test
  void noRoundTripAsksForMoreThanFiftyJobs() {
    for (int i = 0; i < 120; i++) {
      store.owe(job("n" + i));
      outbox.enqueue(job("n" + i));
    }
    clock.advance(Duration.ofMinutes(1));

    try (RedisAccess counted =
        RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build()) {
      JobQueue asked = JobQueue.builder(counted, "notes").build();
      long before = counted.guard().counts().window().successful();

      assertThat(Outbox.builder(asked, store).build().doWork()).isZero();

      assertThat(counted.guard().counts().window().successful() - before).isEqualTo(3);
    }
  }

  @Test
  void aRemovalThatTheStoreRefusesHindersNoJob() {
    endButOwe("ended");
    store.owe(job("lost"));
    clock.advance(Duration.ofMinutes(1));
    store.refuses = true;

    assertThat(outbox.doWork()).isOne();

    assertThat(state("lost")).contains(JobState.WAITING);
    store.refuses = false;
    assertThat(outbox.doWork()).isOne();
    assertThat(store.ids()).containsExactly("lost");
  }

  @Test
  void aPayloadThatCannotBeWrittenHindersNoOtherJobAndIsWarnedOf() {
    JobType<Object> broken = JobType.of("broken", Object.class);
    store.owe(new NewJob<>(broken, new Object(), EnqueueOptions.defaults().id(new JobId("bad"))));
    store.owe(job("good"));
    clock.advance(Duration.ofMinutes(1));

    try (CapturedLog log = CapturedLog.start()) {
      assertThat(outbox.doWork()).isEqualTo(1);
      outbox.doWork();

      assertThat(log.lines("job=bad outbox=stuck")).hasSize(1);
    }
    assertThat(state("good")).contains(JobState.WAITING);
  }

  @Test
  void oneEntryThatCannotBeEnqueuedHindersNoOtherNorTheNextPage() {
    JobType<byte[]> odd = JobType.of("odd", new PayloadCodec<>() {
      @Override
      public byte[] encode(byte[] payload) {
        throw new IllegalArgumentException("for the test");
      }

      @Override
      public byte[] decode(byte[] payload, int version) {
        return payload;
      }
    });
    store.owe(new NewJob<>(odd, new byte[0], EnqueueOptions.defaults().id(new JobId("a1"))));
    store.owe(withoutPayload("a2"));
    for (int i = 0; i < 500; i++) {
      store.owe(job("n" + i));
    }
    clock.advance(Duration.ofMinutes(1));

    try (CapturedLog log = CapturedLog.start()) {
      assertThat(outbox.doWork()).isEqualTo(500);
      assertThat(outbox.doWork()).isZero();

      assertThat(log.lines("outbox=stuck")).hasSize(1).allMatch(line -> line.contains("job=a1"));
      store.remove(List.of(new JobId("a1"), new JobId("a2")));
      outbox.doWork();
      assertThat(log.lines("outbox=well")).hasSize(1);
    }
  }

  /** As a codec of the store's own may read it. */
  @SuppressWarnings("NullAway")
  private static NewJob<String> withoutPayload(String id) {
    return new NewJob<>(NOTE, null, EnqueueOptions.defaults().id(new JobId(id)));
  }

  @Test
  void headersThatNoLongerFitHinderOnlyTheirJob() {
    String large = "x".repeat(5000);
    queue =
        JobQueue.builder(redis, "notes").headers(() -> Map.of("trace", large)).build();
    outbox = Outbox.builder(queue, store).build();
    store.owe(new NewJob<>(
        NOTE, "x", EnqueueOptions.defaults().id(new JobId("bad")).header("own", large)));
    store.owe(job("good"));
    clock.advance(Duration.ofMinutes(1));

    assertThat(outbox.doWork()).isEqualTo(1);

    assertThat(state("good")).contains(JobState.WAITING);
  }

  @Test
  void largePayloadsAreSentInSeveralRoundTrips() {
    for (int i = 0; i < 5; i++) {
      store.owe(new NewJob<>(
          JobType.of("large", PayloadCodec.bytes()),
          new byte[400_000],
          EnqueueOptions.defaults().id(new JobId("n" + i))));
    }
    clock.advance(Duration.ofMinutes(1));

    assertThat(outbox.doWork()).isEqualTo(5);

    // Each job is asked for by one; two fit into a batch.
    assertThat(scripts()).isGreaterThanOrEqualTo(5 + 3);
  }

  @Test
  void payloadsOfTwoMegabytesRunAndLeaveNothing() {
    JobType<byte[]> large = JobType.of("large", PayloadCodec.bytes());
    for (int i = 0; i < 6; i++) {
      EnqueueOptions options = EnqueueOptions.defaults().id(new JobId("n" + i));
      store.owe(new NewJob<>(large, new byte[2_000_000], options));
    }
    clock.advance(Duration.ofMinutes(1));
    try (RedisAccess usual = RedisAccess.open(server.url());
        Worker worker = Worker.builder(JobQueue.builder(usual, "notes").build())
            .handle(large, job -> JobOutcome.done())
            .around(outbox.removing())
            .start()) {
      Outbox owing =
          Outbox.builder(JobQueue.builder(usual, "notes").build(), store).build();

      Await.until(
          "all are enqueued",
          () -> owing.step().equals(INTERVAL)
              && owing.health().sweeps(OutboxHealth.Outcome.DONE) > 0);

      Await.until("all ran", () -> store.ids().isEmpty() && worker.running() == 0);
    }
  }

  /** Returns how many scripts Redis has run. */
  private int scripts() {
    try (Jedis jedis = server.connect()) {
      return jedis
          .info("commandstats")
          .lines()
          .filter(line -> line.matches("cmdstat_(eval|evalsha|fcall)[:].*"))
          .mapToInt(line -> Integer.parseInt(line.split("calls=")[1].split(",")[0]))
          .sum();
    }
  }

  @Test
  void aStoreThatAlwaysFailsIsWarnedOfOnceAndOfItsEnd() {
    store.broken = true;

    try (CapturedLog log = CapturedLog.start()) {
      outbox.step();
      outbox.step();

      assertThat(log.lines("outbox sweep=failing"))
          .hasSize(1)
          .allMatch(line -> line.contains("no such page"));
      store.broken = false;
      outbox.step();
      outbox.step();
      assertThat(log.lines("outbox sweep=well")).hasSize(1);
    }
  }

  @Test
  void aRedisThatDoesNotAnswerSeveralSweepsIsWarnedOfOnce() {
    store.owe(job("lost"));
    clock.advance(Duration.ofMinutes(1));
    server.kill();

    try (CapturedLog log = CapturedLog.start()) {
      outbox.step();
      outbox.step();
      assertThat(log.lines("sweep=failing")).isEmpty();

      outbox.step();
      outbox.step();

      assertThat(log.lines("sweep=failing")).hasSize(1);
    }
  }

  @Test
  void aStoreThatRefusesRemovalsIsWarnedOfOnce() {
    endButOwe("ended");
    clock.advance(Duration.ofMinutes(1));
    store.refuses = true;

    try (CapturedLog log = CapturedLog.start()) {
      outbox.step();
      outbox.step();

      assertThat(log.lines("outbox removal=refused")).hasSize(1);
      store.refuses = false;
      outbox.step();
      assertThat(log.lines("outbox removal=well")).hasSize(1);
    }
  }

  @Test
  void aQueueThatForgetsTooSoonIsRefused() {
    Outbox.Builder late = Outbox.builder(
            JobQueue.builder(redis, "notes")
                .retention(Retention.defaults().givenIds(Duration.ofMinutes(5)))
                .build(),
            store)
        .sweepAfter(Duration.ofMinutes(2))
        .interval(Duration.ofMinutes(1));

    assertThatIllegalArgumentException()
        .isThrownBy(late::start)
        .withMessageContaining("sweepAfter PT2M")
        .withMessageContaining("interval PT1M")
        .withMessageContaining("PT5M (givenIds)");
    late.interval(Duration.ofSeconds(59)).start().close();
  }

  @Test
  void itsMetersTellOfSweepsTheOldestEntryAndStuckOnes() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    OutboxMetrics.bind(meters, outbox);
    assertThat(gauge(meters, "oldest")).as("before a sweep").isNaN();

    outbox.step();
    assertThat(gauge(meters, "oldest")).isZero();
    store.owe(withoutPayload("bad"));
    clock.advance(Duration.ofMinutes(1));
    outbox.step();
    store.refuses = true;
    endButOwe("ended");
    clock.advance(Duration.ofMinutes(1));
    outbox.step();
    store.broken = true;
    outbox.step();

    assertThat(meters.get("toolkit.queue.outbox.sweeps").functionCounters())
        .extracting(sweeps -> sweeps.getId().getTag("outcome") + "=" + sweeps.count())
        .containsExactlyInAnyOrder("done=2.0", "kept=1.0", "failed=1.0");
    assertThat(gauge(meters, "stuck")).isEqualTo(1);
    assertThat(gauge(meters, "oldest")).as("since a sweep of a moment ago").isBetween(120.0, 180.0);
    MetricConventions.assertFollowedBy(meters);
    outbox.close();
    assertThat(gauge(meters, "oldest")).isNaN();
    assertThat(gauge(meters, "stuck")).isNaN();
  }

  private static double gauge(SimpleMeterRegistry meters, String name) {
    return meters
        .get("toolkit.queue.outbox." + name)
        .tag("queue", "notes")
        .gauge()
        .value();
  }

  @Test
  void redisHoldsNothingOfAnOutboxThatIsClosed() {
    WeakReference<Outbox> closed = new WeakReference<>(startedAndClosed());

    Await.until("it is collected", () -> {
      System.gc();
      return closed.get() == null;
    });
  }

  private Outbox startedAndClosed() {
    Outbox started = Outbox.builder(queue, store).start();
    started.close();
    return started;
  }

  @Test
  void anOwedJobHasAnId() {
    NewJob<String> nameless = new NewJob<>(NOTE, "x");

    assertThatIllegalArgumentException().isThrownBy(() -> outbox.enqueue(nameless));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new OutboxPage(List.of(nameless), null))
        .withMessageContaining("note v1 has no id");
  }
}
