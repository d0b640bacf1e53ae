package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** Contract §4: slots move and masters fall, and what is owed is neither lost nor doubled. */
class OutboxOnAClusterTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final OwedInMemory store = new OwedInMemory(clock);

  private static NewJob<String> job(int number) {
    return new NewJob<>(NOTE, "x", EnqueueOptions.defaults().id(id(number)));
  }

  private static JobId id(int number) {
    return new JobId("n" + number);
  }

  private void owe(int jobs) {
    for (int i = 0; i < jobs; i++) {
      store.owe(job(i));
    }
  }

  private static List<JobId> ids(int jobs) {
    return IntStream.range(0, jobs).mapToObj(OutboxOnAClusterTest::id).toList();
  }

  private static boolean allWait(JobQueue queue, int jobs) {
    try {
      return queue.findAll(ids(jobs)).stream()
          .allMatch(found -> found.isPresent() && found.get().state() == JobState.WAITING);
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  @Test
  void whileItsSlotMovesWhatIsOwedWaitsAndIsEnqueuedOnceAfterIt() throws InterruptedException {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(1)).build()) {
      JobQueue queue = JobQueue.builder(redis, "owed").build();
      Outbox outbox = Outbox.builder(queue, store).build();
      RunOnce once = RunOnce.inRedis(queue, Duration.ofHours(1));
      owe(10);
      for (int i = 0; i < 5; i++) {
        assertThat(outbox.enqueue(job(i))).isTrue();
        once.runOnce(id(i), () -> {});
      }
      try (Move move = new Move(cluster, queue)) {
        move.half();

        assertThat(outbox.enqueue(job(5))).isFalse();
        outbox.step();
        assertThat(outbox.health().sweeps(OutboxHealth.Outcome.FAILED)).isEqualTo(1);
        for (int i = 0; i < 5; i++) {
          assertThat(once.runOnce(id(i), () -> {}))
              .as("it is recorded, here or there")
              .isFalse();
        }
        Await.until("another one is recorded", LONG, () -> {
          try {
            return !once.runOnce(id(6), () -> {});
          } catch (RuntimeException | InterruptedException tryAgain) {
            return false;
          }
        });
        move.rest();
      }

      Await.until("all are there", LONG, () -> {
        outbox.step();
        return allWait(queue, 10);
      });
      assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(10, 0, 0, 0, 0));
      assertThat(once.runOnce(id(6), () -> {})).as("it moved with its slot").isFalse();
    }
  }

  @Test
  void afterAFailoverWhatIsOwedIsEnqueuedAndEffectsAreKnown() throws InterruptedException {
    try (RedisCluster cluster = RedisCluster.startWithReplica();
        RedisAccess redis = RedisAccess.open(cluster.url())) {
      JobQueue queue = JobQueue.builder(redis, ofTheFirstMaster(cluster)).build();
      RunOnce once = RunOnce.inRedis(queue, Duration.ofHours(1));
      try (Outbox outbox =
          Outbox.builder(queue, store).interval(Duration.ofHours(11)).start()) {
        once.runOnce(id(0), () -> {});
        try (Jedis master = cluster.masters().get(0).connect();
            Jedis replica = cluster.replicas().get(0).connect()) {
          replica.readonly();
          Await.until("the replica has it", () -> replica.exists(queue.key("once:n0")));
          assertThat(master.exists(queue.key("once:n0"))).isTrue();
        }

        cluster.masters().get(0).kill();
        owe(10);
        for (int i = 0; i < 10; i++) {
          outbox.enqueue(job(i));
        }

        Await.until("all are in the new master", LONG, () -> allWait(queue, 10));
        assertThat(once.runOnce(id(0), () -> {})).isFalse();
      }
    }
  }

  private static String ofTheFirstMaster(RedisCluster cluster) {
    try (Jedis any = cluster.masters().get(1).connect()) {
      return IntStream.range(0, 1000)
          .mapToObj(i -> "q" + i)
          .filter(name -> any.clusterKeySlot("q:{" + name + "}:") < 16384 / 3)
          .findFirst()
          .orElseThrow();
    }
  }
}
