package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.EnqueueOptions;
import io.github.scalingtoolkit.queue.Enqueued;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobSnapshot;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.MissedRuns;
import io.github.scalingtoolkit.queue.NewJob;
import io.github.scalingtoolkit.queue.Outbox;
import io.github.scalingtoolkit.queue.RunOnce;
import io.github.scalingtoolkit.queue.Schedule;
import io.github.scalingtoolkit.queue.ScheduleSnapshot;
import io.github.scalingtoolkit.queue.Schedules;
import io.github.scalingtoolkit.queue.Timing;
import io.github.scalingtoolkit.queue.TypedQueue;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.queue.mongo.MongoOutbox;
import io.github.scalingtoolkit.queue.mongo.MongoRunOnce;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.Test;

/** The examples of docs/queue.md, run; {@link SnippetsTest} holds the page to them. */
class QueueExamplesTest {
  record Welcome(String to) {}

  @Test
  void aJobWithOptions() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      // tag::queue-job[]
      JobType<Welcome> welcome = JobType.of("welcome", Welcome.class);
      JobQueue users = JobQueue.builder(redis, "user processing").build();
      TypedQueue<Welcome> mail = users.of(welcome);

      Enqueued job = mail.enqueue(
          new Welcome("ada@example.org"),
          mail.options().delay(Duration.ofMinutes(5)).header("tenant", "acme").maxAttempts(8));
      // end::queue-job[]

      assertThat(users.find(job.id()).map(JobSnapshot::state)).contains(JobState.DELAYED);
    }
  }

  @Test
  void jobsThatAreOwedInTheirDocuments() {
    MongoServer mongo = new MongoServer(H2Backend.inMemory());
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url());
        MongoClient client = MongoClients.create(mongo.bindAndGetConnectionString())) {
      JobType<Welcome> welcome = JobType.of("welcome", Welcome.class);
      MongoDatabase database = client.getDatabase("shop");
      Smtp smtp = to -> {};

      // tag::queue-outbox[]
      MongoCollection<Document> users = database.getCollection("users");
      MongoOutbox store = MongoOutbox.in(users);
      store.createIndexes();
      JobQueue mail = JobQueue.builder(redis, "mail").build();
      RunOnce once = MongoRunOnce.in(database.getCollection("sent")).countedIn(mail);
      Outbox outbox = Outbox.builder(mail, store).start();
      Worker worker = Worker.builder(mail)
          .handle(welcome, job -> {
            once.runOnce(job.id(), "welcome", () -> smtp.send(job.payload().to()));
            return JobOutcome.done();
          })
          .around(outbox.removing())
          .start();

      NewJob<Welcome> job = new NewJob<>(
          welcome, new Welcome("ada@example.org"), EnqueueOptions.defaults().id(JobId.random()));
      users.insertOne(
          new Document("name", "ada").append(MongoOutbox.FIELD, List.of(store.entry(job))));
      outbox.enqueue(job);
      // end::queue-outbox[]

      Await.until(
          "nothing is owed any more", () -> !users.find().first().containsKey(MongoOutbox.FIELD));
      worker.close();
      outbox.close();
    } finally {
      mongo.shutdownNow();
    }
  }

  @Test
  void aJobThatIsEnqueuedEachMorning() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = PatientRedis.open(server.url())) {
      JobType<Welcome> digest = JobType.of("digest", Welcome.class);

      // tag::queue-schedule[]
      JobQueue mail = JobQueue.builder(redis, "mail").build();
      Schedules schedules = Schedules.of(mail);
      schedules.put(Schedule.of(
              "morning-digest",
              Timing.cron("30 8 * * MON-FRI", "Europe/Paris"),
              digest,
              new Welcome("all@example.org"))
          .missed(MissedRuns.skip()));
      // end::queue-schedule[]

      ScheduleSnapshot kept = schedules.find("morning-digest").orElseThrow();
      assertThat(kept.missed()).contains(MissedRuns.skip());
      assertThat(kept.next().orElseThrow().atZone(ZoneId.of("Europe/Paris")).toLocalTime())
          .isEqualTo(LocalTime.of(8, 30));
    }
  }

  private interface Smtp {
    void send(String to);
  }
}
