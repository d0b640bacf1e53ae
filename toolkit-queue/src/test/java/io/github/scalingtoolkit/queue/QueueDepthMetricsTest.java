package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class QueueDepthMetricsTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);

  @Test
  void showsHowManyJobsAreWhereAndNothingWhileRedisDoesNotAnswer() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis =
            RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(2)).build()) {
      JobQueue queue = JobQueue.builder(redis, "notes").build();
      queue.enqueue(NOTE, "now");
      queue.enqueue(NOTE, "later", EnqueueOptions.defaults().delay(Duration.ofHours(1)));
      SimpleMeterRegistry registry = new SimpleMeterRegistry();
      QueueDepthMetrics.bind(registry, queue);

      assertThat(registry.get("toolkit.queue.jobs").tag("queue", "notes").gauges())
          .extracting(gauge -> gauge.getId().getTag("state") + "=" + gauge.value())
          .containsExactlyInAnyOrder("waiting=1.0", "delayed=1.0", "active=0.0", "dead=0.0");
      assertThat(registry.get("toolkit.queue.workers").gauges())
          .extracting(gauge -> gauge.getId().getTag("state") + "=" + gauge.value())
          .containsExactlyInAnyOrder("busy=0.0", "idle=0.0");
      assertThat(registry.get("toolkit.queue.throughput").gauges())
          .extracting(gauge -> gauge.getId().getTag("outcome") + "=" + gauge.value())
          .containsExactlyInAnyOrder("ended=0.0", "died=0.0");
      assertThat(registry.get("toolkit.queue.eviction").gauges())
          .extracting(gauge -> gauge.getId().getTag("risk") + "=" + gauge.value())
          .containsExactlyInAnyOrder("evicts=0.0", "unknown=0.0");
      assertThat(registry.get("toolkit.queue.latency").gauge().value()).isBetween(0.0, 60.0);

      ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
      QueueDepthMetrics depth = new QueueDepthMetrics(QueueInspector.of(queue), clock);
      assertThat(depth.read(of -> of.counts().waiting())).isEqualTo(1);
      server.kill();
      assertThat(depth.read(of -> of.counts().waiting())).isEqualTo(1);
      clock.advance(Duration.ofSeconds(2));
      assertThat(depth.read(of -> of.counts().waiting())).isNaN();
    }
  }
}
