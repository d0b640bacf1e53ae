package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** A Redis that may evict jobs is refused, accepted by name, or reported. */
class EvictionTest {
  private static final Duration A_MINUTE = Duration.ofMinutes(1);

  private static RedisServer server;
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private RedisAccess redis;

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
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    policy("noeviction");
  }

  @AfterEach
  void close() {
    redis.close();
  }

  private static void policy(String policy) {
    try (Jedis admin = server.connect()) {
      admin.configSet("maxmemory-policy", policy);
    }
  }

  private JobQueue.Builder queue() {
    return JobQueue.builder(redis, "q").clock(clock);
  }

  @Test
  void aRedisThatMayEvictJobsIsRefusedUnlessThatIsAcceptedByName() {
    policy("allkeys-lru");

    assertThatExceptionOfType(QueueException.class)
        .isThrownBy(() -> queue().acceptEviction("allkeys-lfu").build())
        .withMessageContaining("queue q")
        .withMessageContaining("maxmemory-policy=allkeys-lru")
        .withMessageContaining("Set noeviction")
        .withMessageContaining("acceptEviction(\"allkeys-lru\")");
    try (CapturedLog log = CapturedLog.start()) {
      JobQueue accepted = queue().acceptEviction("allkeys-lfu", "allkeys-lru").build();
      assertThat(accepted.eviction().risk()).isEqualTo(Eviction.Risk.NONE);
      assertThat(log.lines("queue=q")).isEmpty();
    }
    policy("volatile-lru");
    assertThat(queue().build().eviction().risk()).isEqualTo(Eviction.Risk.NONE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> queue().acceptEviction("noeviction"))
        .withMessageContaining("allkeys-");
  }

  @Test
  void aPolicyThatChangesLaterIsFoundWithinAMinuteAndShown() {
    JobQueue queue = queue().build();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    QueueDepthMetrics.bind(meters, queue);
    policy("allkeys-random");
    assertThat(evicts(meters)).as("asked a moment ago").isZero();

    try (CapturedLog log = CapturedLog.start()) {
      clock.advance(A_MINUTE);
      assertThat(evicts(meters)).isEqualTo(1);
      clock.advance(A_MINUTE);
      queue.eviction().look();
      assertThat(log.lines("queue=q maxmemory-policy=allkeys-random"))
          .singleElement()
          .asString()
          .contains("WARN", "jobs may be evicted", "set noeviction");

      policy("noeviction");
      clock.advance(A_MINUTE);
      assertThat(evicts(meters)).isZero();
    }
  }

  @Test
  void aProcessThatOnlyEnqueuesAsksAgainEachMinute() {
    JobType<String> note = JobType.of("note", String.class);
    JobQueue queue = queue().build();
    policy("allkeys-random");
    queue.enqueue(note, "x");
    assertThat(queue.eviction().risk()).as("asked a moment ago").isEqualTo(Eviction.Risk.NONE);

    try (CapturedLog log = CapturedLog.start()) {
      clock.advance(A_MINUTE);
      queue.enqueue(note, "x");
      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.EVICTS);
      assertThat(log.lines("queue=q maxmemory-policy=allkeys-random")).hasSize(1);

      policy("noeviction");
      clock.advance(A_MINUTE);
      queue.enqueueAll(List.of(new NewJob<>(note, "x")));
      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.NONE);
    }
  }

  @Test
  void anEnqueueAsksARedisThatDidNotAnswerAtFirst() {
    try (RedisServer own = RedisServer.start();
        RedisAccess later =
            RedisAccess.builder(own.url()).deadline(Duration.ofSeconds(5)).build()) {
      own.kill();
      JobQueue queue = JobQueue.builder(later, "q").clock(clock).build();
      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.UNKNOWN);
      own.restart();
      clock.advance(A_MINUTE);

      Await.until("a job is enqueued", () -> {
        try {
          queue.enqueue(JobType.of("note", String.class), "x");
          return true;
        } catch (RuntimeException notYet) {
          return false;
        }
      });

      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.NONE);
    }
  }

  private static double evicts(SimpleMeterRegistry meters) {
    return meters.get("toolkit.queue.eviction").tag("risk", "evicts").gauge().value();
  }

  @Test
  void aRedisThatDoesNotTellStopsNothingAndIsAskedAgain() {
    int port = Ports.free();
    try (CapturedLog log = CapturedLog.start();
        RedisAccess later = RedisAccess.open("redis://127.0.0.1:" + port)) {
      JobQueue queue = JobQueue.builder(later, "q").clock(clock).build();
      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.UNKNOWN);
      clock.advance(A_MINUTE);
      queue.eviction().look();
      assertThat(log.lines("queue=q maxmemory-policy=unknown"))
          .singleElement()
          .asString()
          .contains("WARN", "grant +info");
    }
    try (Jedis admin = server.connect();
        RedisAccess mayNot = RedisAccess.builder(
                "redis://mute:mute@" + server.url().substring("redis://".length()))
            .deadline(Duration.ofSeconds(5))
            .build()) {
      admin.aclSetUser("mute", "on", ">mute", "~*", "&*", "+@all", "-info");
      JobQueue queue = JobQueue.builder(mayNot, "q").clock(clock).build();
      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.UNKNOWN);

      admin.aclSetUser("mute", "+info");
      clock.advance(A_MINUTE);
      queue.eviction().look();

      assertThat(queue.eviction().risk()).isEqualTo(Eviction.Risk.NONE);
    }
  }
}
