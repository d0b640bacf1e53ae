package io.github.scalingtoolkit.queue.mongo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.queue.EnqueueOptions;
import io.github.scalingtoolkit.queue.Job;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.NewJob;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.queue.OutboxPage;
import io.github.scalingtoolkit.queue.PayloadCodec;
import io.github.scalingtoolkit.queue.RetryPolicy;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.bson.Document;
import org.bson.UuidRepresentation;
import org.bson.types.Binary;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** Owed jobs, and records of side effects, in the documents of a store that speaks MongoDB. */
class MongoOutboxTest {
  private static final JobType<String> WELCOME =
      JobType.of("welcome", String.class).version(3);
  private static final Duration A_MINUTE = Duration.ofMinutes(1);

  private static RedisServer server;
  private static RedisAccess redis;
  private static MongoServer mongo;
  private static MongoClient client;

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-02T03:04:05Z"));
  private final MongoCollection<Document> users = client.getDatabase("test").getCollection("users");
  private final MongoOutbox store = MongoOutbox.in(users, clock);
  private final JobQueue queue = JobQueue.builder(redis, "mail").build();

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    mongo = new MongoServer(H2Backend.inMemory());
    client = MongoClients.create(MongoClientSettings.builder()
        .applyConnectionString(new ConnectionString(mongo.bindAndGetConnectionString()))
        .uuidRepresentation(UuidRepresentation.STANDARD)
        .build());
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
    users.drop();
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
  }

  private static NewJob<String> job(String id) {
    return new NewJob<>(WELCOME, "hello", EnqueueOptions.defaults().id(new JobId(id)));
  }

  private void insert(String name, NewJob<?>... owed) {
    List<Document> entries = new ArrayList<>();
    for (NewJob<?> job : owed) {
      entries.add(store.entry(job));
    }
    users.insertOne(new Document("name", name).append(MongoOutbox.FIELD, entries));
  }

  private List<String> owed(Duration age) {
    return store.owed(age, 10, null).jobs().stream()
        .map(job -> job.options().id().orElseThrow().value())
        .toList();
  }

  @Test
  void anOwedJobIsEnqueuedAsItWasRunsAndLeavesItsDocument() {
    List<Job<String>> ran = new CopyOnWriteArrayList<>();
    Instant deadline = Instant.ofEpochMilli(System.currentTimeMillis() + 3_600_000);
    store.createIndexes();
    insert(
        "ada",
        new NewJob<>(
            WELCOME,
            "hello",
            EnqueueOptions.defaults()
                .id(new JobId("a"))
                .priority(1)
                .maxAttempts(7)
                .header("tenant", "acme")
                .deadline(deadline)
                .timeLimit(A_MINUTE)
                .retries(RetryPolicy.linear(A_MINUTE, A_MINUTE))));
    insert("young");

    try (Outbox outbox =
            Outbox.builder(queue, store).interval(Duration.ofMillis(20)).start();
        Worker worker = Worker.builder(queue)
            .handle(WELCOME, job -> {
              ran.add(job);
              return JobOutcome.done();
            })
            .around(outbox.removing())
            .start()) {
      clock.advance(Duration.ofSeconds(31));
      Await.until("it ran", () -> ran.size() == 1 && worker.running() == 0);
    }

    assertThat(ran.get(0).payload()).isEqualTo("hello");
    assertThat(ran.get(0).headers()).isEqualTo(Map.of("tenant", "acme"));
    assertThat(ran.get(0).deadline()).contains(deadline);
    assertThat(users.find(new Document("name", "ada")).first()).doesNotContainKey("outbox");
  }

  @Test
  void ofSeveralEntriesOfADocumentOnlyThoseThatEndedAreRemoved() {
    insert("ada", job("a"), job("b"));
    insert("bob", job("c"));
    clock.advance(A_MINUTE);
    users.updateOne(
        new Document("name", "bob"),
        new Document("$push", new Document(MongoOutbox.FIELD, store.entry(job("young")))));
    assertThat(owed(Duration.ofSeconds(30))).containsExactly("a", "b", "c");
    assertThat(owed(Duration.ofHours(-1))).containsExactly("a", "b", "c", "young");

    store.remove(List.of(new JobId("a"), new JobId("c"), new JobId("unknown")));
    store.remove(List.of());

    assertThat(owed(Duration.ofHours(-1))).containsExactly("b", "young");
  }

  @Test
  void aPageTellsHowLongItsOldestEntryHasBeenOwed() {
    assertThat(store.owed(Duration.ZERO, 10, null).oldest()).isEqualTo(Duration.ZERO);
    insert("ada", job("a"));
    clock.advance(A_MINUTE);
    insert("bob", job("b"));
    clock.advance(A_MINUTE);

    assertThat(store.owed(Duration.ZERO, 10, null).oldest()).isEqualTo(Duration.ofMinutes(2));
    assertThat(store.owed(Duration.ofMinutes(3), 10, null).oldest()).isEqualTo(Duration.ZERO);
  }

  @Test
  void aPageOfLargePayloadsIsShorter() {
    JobType<byte[]> large = JobType.of("large", PayloadCodec.bytes());
    for (int i = 0; i < 7; i++) {
      EnqueueOptions options = EnqueueOptions.defaults().id(new JobId("n" + i));
      insert("user" + i, new NewJob<>(large, new byte[2_000_000], options));
    }
    clock.advance(A_MINUTE);

    OutboxPage first = store.owed(Duration.ZERO, 500, null);
    OutboxPage second = store.owed(Duration.ZERO, 500, first.next());

    assertThat(first.jobs()).hasSize(5);
    assertThat(second.jobs()).hasSize(2);
    assertThat(second.next()).isNull();
  }

  @Test
  void anEntryFromBeforeTheClockWasSetBackIsSwept() {
    insert("ada", job("a"));
    MongoOutbox setBack =
        MongoOutbox.in(users, ManualClock.startingAt(clock.now().minusSeconds(7200)));

    OutboxPage page = setBack.owed(Duration.ofSeconds(30), 10, null);

    assertThat(page.jobs()).hasSize(1);
    assertThat(page.oldest()).isEqualTo(Duration.ZERO);
    MongoOutbox slightlyLate =
        MongoOutbox.in(users, ManualClock.startingAt(clock.now().minusSeconds(60)));
    assertThat(slightlyLate.owed(Duration.ofSeconds(30), 10, null).jobs())
        .as("young")
        .isEmpty();
  }

  @Test
  void pagesFollowEachOther() {
    for (int i = 0; i < 5; i++) {
      insert("user" + i, job("n" + i));
    }
    clock.advance(A_MINUTE);
    List<String> all = new ArrayList<>();
    String after = null;
    int pages = 0;
    do {
      var page = store.owed(Duration.ZERO, 2, after);
      page.jobs().forEach(job -> all.add(job.options().id().orElseThrow().value()));
      after = page.next();
      pages++;
    } while (after != null);

    assertThat(all).containsExactly("n0", "n1", "n2", "n3", "n4");
    assertThat(pages).isEqualTo(3);
  }

  @Test
  void pagesFollowEachOtherWhateverTheTypeOfTheIds() {
    List<List<Object>> ids = List.of(
        List.of(new UUID(1, 1), new UUID(1, 2), new UUID(1, 3)),
        List.of(1L, 2L, 1L << 40),
        List.of(new Document("n", 1), new Document("n", 2), new Document("n", 3)));
    for (List<Object> three : ids) {
      users.drop();
      for (int i = 0; i < three.size(); i++) {
        users.insertOne(new Document("_id", three.get(i))
            .append(MongoOutbox.FIELD, List.of(store.entry(job("n" + i)))));
      }
      List<String> all = new ArrayList<>();
      String after = null;
      do {
        OutboxPage page = store.owed(Duration.ofHours(-1), 1, after);
        page.jobs().forEach(job -> all.add(job.options().id().orElseThrow().value()));
        after = page.next();
      } while (after != null && all.size() < 9);

      assertThat(all).as("%s", three).containsExactly("n0", "n1", "n2");
    }
  }

  @Test
  void anEntryOfANewerVersionIsLeftAloneAndNotCalledDamaged() {
    Document newer = store.entry(job("newer"));
    newer.put("payload", new Binary("5c005welcome v=3 l=7:new\nhello".getBytes(UTF_8)));
    users.insertOne(new Document(MongoOutbox.FIELD, List.of(newer)));
    insert("ada", job("a"));
    clock.advance(A_MINUTE);

    try (CapturedLog log = CapturedLog.start()) {
      assertThat(owed(Duration.ZERO)).containsExactly("a");
      assertThat(owed(Duration.ZERO)).containsExactly("a");

      assertThat(log.lines("outbox=damaged")).isEmpty();
      assertThat(log.lines("outbox=newer")).hasSize(1).allMatch(line -> line.contains("newer"));
    }
    assertThat(users.countDocuments(new Document("outbox.jobId", "newer"))).isEqualTo(1);
  }

  @Test
  void whatIsNoEntryHindersNoOtherAndIsWarnedOf() {
    users.insertOne(new Document(
        MongoOutbox.FIELD,
        List.of(new Document("jobId", "x").append("at", new java.util.Date(0)), "text")));
    insert("ada", job("a"));
    clock.advance(A_MINUTE);

    try (CapturedLog log = CapturedLog.start()) {
      assertThat(owed(Duration.ZERO)).containsExactly("a");
      assertThat(log.lines("outbox=damaged")).hasSize(1);
      assertThat(store.owed(Duration.ZERO, 10, null).unreadable()).isEqualTo(2);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.entry(new NewJob<>(WELCOME, "x")))
        .withMessageContaining("needs an id");
  }
}
