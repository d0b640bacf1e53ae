package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;

class JobsTest {
  private static RedisServer redis;

  @BeforeAll
  static void start() {
    redis = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @BeforeEach
  void empty() {
    try (Jedis jedis = new Jedis(redis.url())) {
      jedis.flushAll();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bull:notifications:wait", "bull:notifications:active"})
  void aJobThatIsNotDoneRefusesWhatItsCreateCost(String list) {
    try (Jedis jedis = new Jedis(redis.url())) {
      jedis.set("bull:notifications:id", "1");
      jedis.lpush(list, "1");
    }

    assertThatThrownBy(() -> jobs().awaitNone(Jobs.Queue.BULL))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("1 jobs were not done");
  }

  @Test
  void aJobOfTheServicesOwnQueueIsSeen() {
    try (RedisAccess access = PatientRedis.open(redis.url())) {
      JobQueue.builder(access, "notifications")
          .build()
          .enqueue(JobType.of("sendEmail", String.class), "any");

      assertThatThrownBy(() -> jobs().awaitNone(Jobs.Queue.OURS))
          .hasMessageStartingWith("1 jobs were not done");
    }
  }

  @Test
  void whenAllAreDoneItReturns() throws Exception {
    try (Jedis jedis = new Jedis(redis.url())) {
      jedis.zadd("q:{notifications}:ec", 1, "done");
    }

    jobs().awaitNone(Jobs.Queue.OURS);
  }

  @Test
  void aQueueThatIsNotThereIsNoEmptyOne() {
    assertThatThrownBy(() -> jobs().awaitNone(Jobs.Queue.OURS))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("creates left no queue in Redis");
  }

  @Test
  void theQueueOfOneSideDoesNotStandForThatOfTheOther() throws Exception {
    try (Jedis jedis = new Jedis(redis.url())) {
      jedis.set("bull:notifications:id", "1");
    }

    jobs().awaitNone(Jobs.Queue.BULL);
    assertThatThrownBy(() -> jobs().awaitNone(Jobs.Queue.OURS))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("there is no key 'q:{notifications}:ec'");
  }

  @Test
  void aPeerWithoutAQueueHasNoJobsToWaitFor() throws Exception {
    jobs().awaitNone(Jobs.Queue.NONE);
  }

  @Test
  void aListThatAConsumerEmptiesIsWaitedFor() {
    try (Jedis jedis = new Jedis(redis.url())) {
      jedis.lpush("notifications:waiting", "1", "2");
    }

    assertThatThrownBy(() -> jobs().awaitNone(Jobs.Queue.LIST))
        .hasMessageStartingWith("2 jobs were not done");
  }

  @Test
  void aDepthThatCannotBeReadRefuses() {
    Jobs unreachable = new Jobs(URI.create("redis://127.0.0.1:1"), Duration.ZERO);

    assertThatThrownBy(() -> unreachable.awaitNone(Jobs.Queue.OURS))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the queues' depth cannot be read");
  }

  private static Jobs jobs() {
    return new Jobs(URI.create(redis.url()), Duration.ofMillis(50));
  }
}
