package io.github.scalingtoolkit.queue.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.EnqueueOptions;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobSnapshot;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.QueueDepthMetrics;
import io.github.scalingtoolkit.queue.QueueInspector;
import io.github.scalingtoolkit.queue.RunOnce;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Jedis;

/** Side effects are recorded, in MongoDB and in Redis alike. */
class RunOnceTest {
  private static final JobType<String> WELCOME = JobType.of("welcome", String.class);
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final JobId A = new JobId("a");

  private static RedisServer server;
  private static RedisAccess redis;
  private static JobQueue queue;
  private static MongoServer mongo;
  private static MongoClient client;
  private static MongoCollection<Document> records;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    queue = JobQueue.builder(redis, "mail").build();
    mongo = new MongoServer(H2Backend.inMemory());
    client = MongoClients.create(mongo.bindAndGetConnectionString());
    records = client.getDatabase("test").getCollection("once");
  }

  @AfterAll
  static void stop() {
    client.close();
    mongo.shutdownNow();
    redis.close();
    server.close();
  }

  @BeforeEach
  void empty() {
    records.drop();
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
  }

  static Stream<RunOnce> both() {
    return Stream.of(RunOnce.inRedis(queue, A_MINUTE), MongoRunOnce.in(records));
  }

  @ParameterizedTest
  @MethodSource("both")
  void anEffectRunsOnceAJobUnlessItFailed(RunOnce once) throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    assertThatIllegalStateException()
        .isThrownBy(() -> once.runOnce(A, () -> {
          throw new IllegalStateException("not now");
        }));

    assertThat(once.runOnce(A, runs::incrementAndGet)).isTrue();
    assertThat(once.runOnce(A, runs::incrementAndGet)).isFalse();
    assertThat(once.runOnce(new JobId("b"), runs::incrementAndGet)).isTrue();

    assertThat(runs).hasValue(2);
  }

  @ParameterizedTest
  @MethodSource("both")
  void eachEffectOfAJobHasARecordOfItsOwn(RunOnce once) throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();

    for (String name : List.of("mail", "bill", "mail", "bill")) {
      once.runOnce(A, name, runs::incrementAndGet);
    }

    assertThat(runs).hasValue(2);
    assertThat(once.runOnce(A, runs::incrementAndGet)).as("without a name").isTrue();
    for (String wrong : List.of("", "a b", "x".repeat(65))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> once.runOnce(A, wrong, runs::incrementAndGet))
          .withMessageContaining("an effect's name");
    }
    assertThat(runs).hasValue(3);
  }

  @ParameterizedTest
  @MethodSource("both")
  void aRecordOfBeforeEffectsHadNamesIsOfTheOnlyOne(RunOnce once) throws InterruptedException {
    try (Jedis jedis = server.connect()) {
      jedis.set("q:{mail}:once:a", "");
    }
    records.insertOne(new Document("_id", "a").append("at", new Date()));
    AtomicInteger runs = new AtomicInteger();

    assertThat(once.runOnce(A, runs::incrementAndGet)).isFalse();
    assertThat(once.runOnce(A, "bill", runs::incrementAndGet)).isTrue();
    assertThat(once.runOnce(A, "bill", runs::incrementAndGet)).isFalse();
    assertThat(once.runOnce(A, runs::incrementAndGet)).as("still").isFalse();

    assertThat(runs).hasValue(1);
  }

  @Test
  void whatIsCountedAlreadyIsNotCountedTwice() throws InterruptedException {
    JobQueue own = JobQueue.builder(redis, "own").build();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    QueueDepthMetrics.bind(registry, own);

    RunOnce.inRedis(own, A_MINUTE).countedIn(own).runOnce(A, () -> {});

    assertThat(registry
            .get("toolkit.queue.effects")
            .tag("outcome", "ran")
            .functionCounter()
            .count())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("both")
  void whatIsForgottenRunsAgain(RunOnce once) throws InterruptedException {
    once.runOnce(A, "mail", () -> {});
    once.runOnce(A, "bill", () -> {});

    once.forget(A);
    once.forget(new JobId("unknown"));

    assertThat(once.runOnce(A, "mail", () -> {})).isTrue();
    assertThat(once.runOnce(A, "bill", () -> {})).isTrue();
  }

  @ParameterizedTest
  @MethodSource("both")
  void aDeadJobThatIsRetriedDoesNotRepeatItsEffect(RunOnce once) {
    AtomicInteger sent = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    enqueue();
    try (Worker worker = Worker.builder(queue)
        .handle(WELCOME, job -> {
          once.runOnce(job.id(), sent::incrementAndGet);
          return runs.incrementAndGet() == 1 ? JobOutcome.dead("for the test") : JobOutcome.done();
        })
        .start()) {
      Await.until("it is dead", () -> state().equals(Optional.of(JobState.DEAD)));

      assertThat(QueueInspector.of(queue).retryDead(A)).isTrue();

      Await.until("it is done", () -> state().equals(Optional.of(JobState.COMPLETED)));
      assertThat(worker).isNotNull();
    }
    assertThat(runs).hasValue(2);
    assertThat(sent).hasValue(1);
  }

  @Test
  void whatBecameOfEffectsIsCountedAndAMissingRecordWarnedOf() throws InterruptedException {
    JobQueue counted = JobQueue.builder(redis, "counted").build();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    QueueDepthMetrics.bind(meters, counted);
    RunOnce once = RunOnce.inRedis(counted, A_MINUTE);
    try (CapturedLog log = CapturedLog.start();
        Jedis jedis = server.connect()) {
      once.runOnce(A, () -> {});
      once.runOnce(A, () -> {});
      assertThatIllegalStateException()
          .isThrownBy(() -> once.runOnce(A, "fails", () -> {
            throw new IllegalStateException("for the test");
          }));
      jedis.lpush("q:{counted}:once:b", "no hash");
      assertThatThrownBy(() -> once.runOnce(new JobId("b"), () -> {}))
          .hasMessageContaining("WRONGTYPE");
      assertThatThrownBy(() ->
              once.runOnce(new JobId("c"), () -> jedis.lpush("q:{counted}:once:c", "no hash")))
          .hasMessageContaining("WRONGTYPE");

      assertThat(meters.get("toolkit.queue.effects").tag("queue", "counted").functionCounters())
          .extracting(effects -> effects.getId().getTag("outcome") + "=" + effects.count())
          .containsExactlyInAnyOrder(
              "ran=1.0", "skipped=1.0", "failed=1.0", "unread=1.0", "unrecorded=1.0");
      assertThat(log.lines("queue=counted job=c effect=effect record=failed"))
          .singleElement()
          .asString()
          .contains("WARN", "WRONGTYPE", "may repeat");
      once.runOnce(new JobId("d"), () -> {});
      assertThat(log.lines("queue=counted effects=recorded")).hasSize(1);
    }
  }

  @Test
  void recordsInMongoDbAreCountedForTheQueueThatIsNamed() throws InterruptedException {
    JobQueue named = JobQueue.builder(redis, "named").build();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    QueueDepthMetrics.bind(meters, named);

    MongoRunOnce.in(records).countedIn(named).runOnce(A, () -> {});

    assertThat(meters
            .get("toolkit.queue.effects")
            .tag("outcome", "ran")
            .functionCounter()
            .count())
        .isEqualTo(1);
  }

  @Test
  void aJobThatIsRemovedTakesItsRecordsInRedisWithIt() throws InterruptedException {
    RunOnce once = RunOnce.inRedis(queue, A_MINUTE);
    enqueue();
    once.runOnce(A, () -> {});

    assertThat(QueueInspector.of(queue).remove(A)).isTrue();

    assertThat(once.runOnce(A, () -> {})).as("the next job of this id").isTrue();
    assertThat(QueueInspector.of(queue).remove(A)).as("nothing but a record").isTrue();
    assertThat(QueueInspector.of(queue).remove(A)).isFalse();
  }

  @Test
  void recordsInRedisHaveATimeToLive() throws InterruptedException {
    RunOnce.inRedis(queue, A_MINUTE).runOnce(A, () -> {});

    try (Jedis jedis = server.connect()) {
      assertThat(jedis.pttl("q:{mail}:once:a")).isBetween(1L, A_MINUTE.toMillis());
    }
  }

  @Test
  void aFullRedisRecordsAnEffectAllTheSame() throws InterruptedException {
    RunOnce once = RunOnce.inRedis(queue, A_MINUTE);
    try (Jedis jedis = server.connect()) {
      jedis.configSet("maxmemory", "1");
      try {
        assertThat(once.runOnce(A, () -> {})).isTrue();
        assertThat(once.runOnce(A, () -> {})).isFalse();
      } finally {
        jedis.configSet("maxmemory", "0");
      }
    }
  }

  @Test
  void recordsInMongoDbAreKeptForATimeWithinBounds() {
    MongoRunOnce once = MongoRunOnce.in(records);

    once.expireAfter(Duration.ofDays(7));

    assertThat(records.listIndexes().into(new ArrayList<>()))
        .anyMatch(index -> index.get("key").equals(new Document("at", 1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> once.expireAfter(Duration.ZERO))
        .withMessageContaining("kept");
    assertThatIllegalArgumentException().isThrownBy(() -> once.expireAfter(Duration.ofDays(366)));
  }

  private static void enqueue() {
    queue.enqueue(WELCOME, "hello", EnqueueOptions.defaults().id(A));
  }

  private static Optional<JobState> state() {
    return queue.find(A).map(JobSnapshot::state);
  }
}
