package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.Enqueued;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobSnapshot;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.TypedQueue;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
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
}
