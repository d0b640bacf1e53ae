package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.queue.Enqueued.Outcome;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** What a job brings with it from its enqueue to its handler. */
class JobOptionsTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final EnqueueOptions DEFAULTS = EnqueueOptions.defaults();

  @RegisterExtension
  private static final QueueOnRedis opened = QueueOnRedis.named("notes");

  private final RedisServer server = opened.server();
  private final RedisAccess redis = opened.redis();
  private JobQueue queue = opened.queue();

  private static EnqueueOptions id(String id) {
    return DEFAULTS.id(new JobId(id));
  }

  private void awaitState(String id, JobState state) {
    Await.until(
        id + " is " + state, () -> queue.find(new JobId(id)).orElseThrow().state() == state);
  }

  private Worker worker(JobHandler<String> handler) {
    return Worker.builder(queue).handle(NOTE, handler).start();
  }

  @Test
  void aHandlerSeesWhatItsJobWasEnqueuedWith() {
    Instant before = Instant.ofEpochMilli(System.currentTimeMillis());
    Instant deadline = before.plusSeconds(3600);
    List<Job<String>> seen = new CopyOnWriteArrayList<>();
    queue = JobQueue.builder(redis, "user processing")
        .headers(() -> Map.of("trace", "t1"))
        .build();
    queue.of(NOTE).enqueue("made");
    queue.enqueue(NOTE, "given", id("g").header("trace", "mine").deadline(deadline));

    try (Worker worker = worker(job -> {
      seen.add(job);
      return JobOutcome.done();
    })) {
      Await.until("both ran", () -> seen.size() == 2 && worker.running() == 0);
    }

    Job<String> made = seen.get(seen.get(0).payload().equals("made") ? 0 : 1);
    Job<String> given = seen.get(made == seen.get(0) ? 1 : 0);
    assertThat(made.headers()).isEqualTo(Map.of("trace", "t1"));
    assertThat(given.headers()).isEqualTo(Map.of("trace", "mine"));
    for (Job<String> job : seen) {
      assertThat(job.enqueuedAt()).isBetween(before, Instant.now());
      assertThat(job.type()).isEqualTo("note");
      assertThat(job.queue()).isEqualTo("user processing");
      assertThat(job.isLastAttempt()).isFalse();
    }
    assertThat(made.deadline()).isEmpty();
    assertThat(given.deadline().orElseThrow().toEpochMilli()).isEqualTo(deadline.toEpochMilli());
    assertThat(given.idempotencyKey()).isEqualTo("user%20processing/g");
  }

  @Test
  void idempotencyKeysDifferThoughNamesAndIdsHaveSlashes() {
    List<String> keys = new CopyOnWriteArrayList<>();
    JobHandler<String> handler = job -> {
      keys.add(job.idempotencyKey());
      return JobOutcome.done();
    };
    JobQueue one = JobQueue.builder(redis, "a/b").build();
    JobQueue other = JobQueue.builder(redis, "a").build();
    one.enqueue(NOTE, "x", id("c"));
    other.enqueue(NOTE, "x", id("b/c"));

    try (Worker worker = Worker.builder(one)
        .handle(NOTE, handler)
        .also(other)
        .handle(NOTE, handler)
        .start()) {
      Await.until("both ran", () -> keys.size() == 2 && worker.running() == 0);
    }

    assertThat(keys).containsExactlyInAnyOrder("a%2Fb/c", "a/b/c");
  }

  @Test
  void twoTypesThatAreMadeInTheSameWayAreEqual() {
    assertThat(JobType.of("note", String.class)).isEqualTo(NOTE).hasSameHashCodeAs(NOTE);
    assertThat(JobType.of("note", PayloadCodec.json(new TypeReference<String>() {})))
        .isEqualTo(NOTE);
    assertThat(JobType.of("note", Integer.class)).isNotEqualTo(NOTE);
    assertThat(NOTE.version(2)).isNotEqualTo(NOTE);
    assertThat(JobType.of(
            "note", PayloadCodec.json(new ObjectMapper(), new TypeReference<String>() {})))
        .as("by another mapper")
        .isNotEqualTo(NOTE);
  }

  @Test
  void readingAPayloadIsAPartOfTheRunThatIsBoundedInTime() {
    CountDownLatch interrupted = new CountDownLatch(1);
    JobType<byte[]> endless = JobType.of("note", new PayloadCodec<byte[]>() {
      @Override
      public byte[] encode(byte[] payload) {
        return payload;
      }

      @Override
      public byte[] decode(byte[] bytes, int version) throws InterruptedException {
        try {
          new CountDownLatch(1).await();
        } finally {
          interrupted.countDown();
        }
        return bytes;
      }
    });
    queue.enqueue(endless, new byte[1], id("x").maxAttempts(1).timeLimit(Duration.ofMillis(300)));

    try (Worker worker =
        Worker.builder(queue).handle(endless, job -> JobOutcome.done()).start()) {
      awaitState("x", JobState.DEAD);
      Await.until("it was interrupted", () -> interrupted.getCount() == 0);
      Await.until("its slot is free", () -> worker.running() == 0);
    }

    assertThat(queue.find(new JobId("x")).orElseThrow().note())
        .isEqualTo("it ran longer than PT0.3S");
  }

  @Test
  void oneWarningTellsOfManyJobsWhoseDeadlinesAreOver() {
    for (int i = 0; i < 20; i++) {
      queue.enqueue(NOTE, "late", id("late" + i).deadline(Instant.now().minusSeconds(1)));
    }
    try (CapturedLog log = CapturedLog.start();
        Worker worker = worker(job -> JobOutcome.done())) {
      Await.until("all are dead", () -> QueueInspector.of(queue).counts().dead() == 20);
      Await.until("the worker is free", () -> worker.running() == 0);

      assertThat(log.lines("cause=deadline-over")).hasSize(1);
    }
  }

  @Test
  void noOptionIsNull() {
    for (Function<EnqueueOptions, EnqueueOptions> option :
        List.<Function<EnqueueOptions, EnqueueOptions>>of(
            options -> options.id(null),
            options -> options.retries(null),
            options -> options.headers(null),
            options -> options.header("name", null),
            options -> options.header(null, "value"))) {
      assertThatNullPointerException()
          .isThrownBy(() -> option.apply(DEFAULTS))
          .withMessageMatching(".*(id|policy|header).*");
    }
  }

  @Test
  void anUnknownEnqueueCanBeSentToAnotherProcess() throws Exception {
    UnknownEnqueueException unknown = new UnknownEnqueueException(
        "notes", List.of(new JobId("x")), new JedisConnectionException("lost"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(unknown);
    }
    Object read;
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      read = in.readObject();
    }

    assertThat(unknown.ids()).containsExactly(new JobId("x"));
    assertThat(((UnknownEnqueueException) read).ids()).isEmpty();
  }

  @Test
  void aQueueHasTheNameThatItsUsersGiveIt() {
    for (String name :
        List.of("user processing", "\u00e9mails: [50 %] |*?", "\"quoted\"", "a".repeat(200))) {
      JobQueue named = JobQueue.builder(redis, name).build();
      named.enqueue(NOTE, "x");
      try (Worker worker =
          Worker.builder(named).handle(NOTE, job -> JobOutcome.done()).start()) {
        Await.until("it is done", () -> QueueInspector.of(named).counts().ended() == 1);
        assertThat(worker).isNotNull();
      }
    }
    for (String name :
        List.of("", "a{b", "a}b", "a\nb", "\u0085", "\u00e9".repeat(101), "\ud800")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> JobQueue.builder(redis, name))
          .withMessageContaining("200 bytes");
    }
  }

  @Test
  void aNameIsQuotedInLogsAndMessages() {
    JobQueue named = JobQueue.builder(redis, "user processing").build();
    try (Jedis jedis = server.connect();
        CapturedLog log = CapturedLog.start()) {
      jedis.hset("q:{user processing}:m", "v", "2");

      assertThatExceptionOfType(QueueVersionException.class)
          .isThrownBy(() -> named.enqueue(NOTE, "x"))
          .withMessageContaining("queue \"user processing\" has");
      assertThat(log.lines("queue=\"user processing\" dataVersion=2")).hasSize(1);
    }
  }

  @Test
  void aJobIsReadyAtItsTimeAndAtOnceIfThatIsOver() {
    queue.enqueue(NOTE, "later", id("later").notBefore(Instant.now().plusSeconds(3600)));
    queue.enqueue(NOTE, "now", id("now").notBefore(Instant.EPOCH));

    awaitState("later", JobState.DELAYED);
    awaitState("now", JobState.WAITING);
    assertThatIllegalArgumentException().isThrownBy(() -> DEFAULTS.notBefore(Instant.MAX));
  }

  @Test
  void aJobsOwnTimeLimitHoldsInsteadOfTheWorkersThoughThatHasNone() {
    queue.enqueue(NOTE, "x", id("x").maxAttempts(1).timeLimit(Duration.ofMillis(50)));
    try (Worker worker = worker(job -> {
      new CountDownLatch(1).await();
      return JobOutcome.done();
    })) {
      awaitState("x", JobState.DEAD);

      assertThat(QueueInspector.of(queue).dead(0, 1).get(0).reason())
          .isEqualTo("it ran longer than PT0.05S");
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  /** https://github.com/hibiken/asynq/issues/751: there it is retried for ever. */
  @Test
  void aJobWhoseDeadlineIsOverIsDeadAtOnceAndNotRun() {
    List<String> ran = new CopyOnWriteArrayList<>();
    queue.enqueue(NOTE, "late", id("late").deadline(Instant.now().minusSeconds(1)));
    queue.enqueue(NOTE, "in time", id("in-time").deadline(Instant.now().plusSeconds(3600)));
    try (Worker worker = worker(job -> {
      ran.add(job.payload());
      return JobOutcome.done();
    })) {
      awaitState("late", JobState.DEAD);
      awaitState("in-time", JobState.COMPLETED);
      assertThat(worker).isNotNull();
    }

    assertThat(ran).containsExactly("in time");
    assertThat(QueueInspector.of(queue).dead(0, 1).get(0))
        .returns(DeadLetter.Cause.EXPIRED, DeadLetter::cause)
        .returns(0, DeadLetter::attempts);
  }

  @Test
  void aDeadlineInterruptsTheRunAndNoAttemptComesTooLate() {
    queue.enqueue(NOTE, "hangs", id("hangs").deadline(Instant.now().plusMillis(300)));
    queue.enqueue(
        NOTE,
        "fails",
        id("fails")
            .deadline(Instant.now().plusSeconds(60))
            .retries(RetryPolicy.given(Duration.ofMinutes(2))));
    try (Worker worker = worker(job -> {
      if (job.payload().equals("hangs")) {
        new CountDownLatch(1).await();
      }
      throw new IllegalStateException();
    })) {
      awaitState("hangs", JobState.DEAD);
      awaitState("fails", JobState.DEAD);
      assertThat(worker).isNotNull();
    }

    assertThat(QueueInspector.of(queue).dead(0, 2))
        .extracting(DeadLetter::cause)
        .containsOnly(DeadLetter.Cause.EXPIRED);
  }

  /** https://github.com/taskforcesh/bullmq/issues/1769: there one of the two is an error. */
  @Test
  void aJobsOwnRetryPolicyHoldsInsteadOfTheHandlers() {
    RetryPolicy slow = RetryPolicy.given(Duration.ofHours(1));
    queue.enqueue(NOTE, "own", id("own").retries(RetryPolicy.given(Duration.ZERO)));
    queue.enqueue(NOTE, "handlers", id("handlers"));
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, slow, job -> {
          if (job.attempt() < 3) {
            throw new IllegalStateException();
          }
          return JobOutcome.done();
        })
        .start()) {
      awaitState("own", JobState.COMPLETED);
      awaitState("handlers", JobState.RETRY);
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void aJobOfANewerVersionWaitsForANewerWorkerWithNoAttemptCounted() {
    queue.enqueue(NOTE.version(2), "x", id("x").maxAttempts(1));
    try (Worker old = worker(job -> JobOutcome.done())) {
      awaitState("x", JobState.DELAYED);
      assertThat(queue.find(new JobId("x")).orElseThrow().attempts()).isZero();
      Await.until("the worker is free", () -> old.running() == 0);
    }
    try (Jedis jedis = server.connect()) {
      jedis.zadd("q:{notes}:d", 1, "x");
    }
    try (Worker newer =
        Worker.builder(queue).handle(NOTE.version(2), job -> JobOutcome.done()).start()) {
      awaitState("x", JobState.COMPLETED);
      assertThat(newer).isNotNull();
    }
  }

  @Test
  void anEnqueueWithAnUnknownOutcomeNamesTheIdToRepeatItBy() {
    try (FaultProxy network = FaultProxy.to(server.port());
        RedisAccess far = RedisAccess.builder(network.redisUrl())
            .deadline(Duration.ofSeconds(5))
            .build()) {
      JobQueue distant = JobQueue.builder(far, "notes").build();
      distant.enqueue(NOTE, "first");
      network.dropReplies();

      UnknownEnqueueException unknown = catchThrowableOfType(
          UnknownEnqueueException.class, () -> distant.enqueue(NOTE, "second"));

      JobId id = unknown.ids().get(0);
      assertThat(unknown)
          .hasMessageContaining(id.value())
          .hasCauseInstanceOf(RuntimeException.class);
      assertThat(queue.enqueue(NOTE, "second", DEFAULTS.id(id)).outcome())
          .isEqualTo(Outcome.PRESENT);
      try (Worker worker = worker(job -> JobOutcome.done())) {
        Await.until("both are done", () -> QueueInspector.of(queue).counts().ended() == 2);
        assertThat(worker).isNotNull();
      }
      assertThat(queue.enqueue(NOTE, "second", DEFAULTS.id(id)).outcome()).isEqualTo(Outcome.ENDED);
    }
  }

  @Test
  void theReplyToAnEnqueueThatSharedARoundTripIsReadWithItsVersion() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    QueueDepthMetrics.bind(meters, queue);
    List<ScriptReply> added = redis.evalAll(List.of(queue.enqueueCall(NOTE, "x", id("x"))));
    assertThat(queue.outcome(added.get(0))).isEqualTo(Outcome.ADDED);
    try (Jedis jedis = server.connect();
        CapturedLog log = CapturedLog.start()) {
      jedis.hset("q:{notes}:m", "v", "2");

      List<ScriptReply> refused = redis.evalAll(List.of(queue.enqueueCall(NOTE, "y", id("y"))));

      assertThatExceptionOfType(QueueVersionException.class)
          .isThrownBy(() -> queue.outcome(refused.get(0)));
      assertThat(log.lines("dataVersion=2")).hasSize(1);
      assertThat(meters.get("toolkit.queue.version.refused").gauge().value()).isEqualTo(1);
    }
  }

  @Test
  void headersAreBounded() {
    assertThatIllegalArgumentException().isThrownBy(() -> DEFAULTS.header("a b", "x"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.header("a", "x".repeat(8192)))
        .withMessageContaining("8193");
    assertThatIllegalArgumentException().isThrownBy(() -> DEFAULTS.header("a", "\udc00"));
    assertThat(DEFAULTS.header("a", "1").header("a", "2").headers()).isEqualTo(Map.of("a", "2"));
  }

  @Test
  void defaultsOfATypedQueueHoldForEachJobOfIt() {
    TypedQueue<String> first = queue.of(NOTE).defaults(DEFAULTS.priority(0));

    first.enqueueAll(List.of("a", "b"));
    first.enqueue("c", first.options().id(new JobId("c")));

    try (Jedis jedis = server.connect()) {
      assertThat(jedis.llen("q:{notes}:w:0:note")).isEqualTo(3);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> queue.of(NOTE).defaults(id("x")));
  }
}
