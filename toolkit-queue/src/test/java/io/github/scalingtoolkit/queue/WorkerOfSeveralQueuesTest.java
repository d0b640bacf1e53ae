package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class WorkerOfSeveralQueuesTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);

  private static RedisServer server;
  private RedisAccess redis;
  private JobQueue first;
  private JobQueue second;

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
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
    first = JobQueue.builder(redis, "first").build();
    second = JobQueue.builder(redis, "second").build();
  }

  @AfterEach
  void close() {
    redis.close();
  }

  private static void enqueue(JobQueue queue, int jobs) {
    queue.of(NOTE).enqueueAll(IntStream.range(0, jobs).mapToObj(i -> "n" + i).toList());
  }

  private static long completed(JobQueue queue) {
    return QueueInspector.of(queue).counts().ended();
  }

  @Test
  void runsTheJobsOfAllItsQueuesByTheirOwnHandlers() {
    List<String> ran = new CopyOnWriteArrayList<>();
    enqueue(first, 1);
    try (Worker worker = Worker.builder(first)
        .handle(NOTE, job -> {
          ran.add("first");
          return JobOutcome.done();
        })
        .also(second)
        .handle(NOTE, job -> {
          ran.add(job.queue());
          return JobOutcome.done();
        })
        .start()) {
      Await.until("the first is done", Duration.ofSeconds(20), () -> completed(first) == 1);
      // Both queues are waited for by now, or will be in a moment.
      enqueue(second, 1);
      Await.until("the second is done", Duration.ofSeconds(20), () -> completed(second) == 1);
      enqueue(first, 1);
      Await.until("the next one is done", Duration.ofSeconds(20), () -> completed(first) == 2);
      Await.until("the worker is free", Duration.ofSeconds(20), () -> worker.running() == 0);
    }

    assertThat(ran).containsExactly("first", "second", "first");
  }

  @Test
  void withOneSlotTheJobsOfTwoFullQueuesTakeTurns() {
    List<String> ran = new CopyOnWriteArrayList<>();
    List<String> turns = new ArrayList<>();
    Semaphore steps = new Semaphore(0);
    enqueue(first, 1000);
    JobHandler<String> handler = job -> {
      ran.add(job.queue());
      steps.acquire();
      return JobOutcome.done();
    };
    try (Worker worker = Worker.builder(first)
        .handle(NOTE, handler)
        .also(second)
        .handle(NOTE, handler)
        .concurrency(1)
        .start()) {
      Await.until("one runs", Duration.ofSeconds(20), () -> ran.size() == 1);
      enqueue(second, 100);
      Await.until("one of the second runs", Duration.ofSeconds(20), () -> {
        if (steps.availablePermits() == 0 && !ran.contains("second")) {
          steps.release();
        }
        return ran.contains("second");
      });
      int before = ran.size();
      for (int i = 1; i <= 40; i++) {
        steps.release();
        int so = before + i;
        Await.until("the next one runs", Duration.ofSeconds(20), () -> ran.size() >= so);
      }
      turns.addAll(ran.subList(before, before + 40));
      steps.release(1000);
      assertThat(worker.running()).isLessThanOrEqualTo(1);
    }

    assertThat(turns.stream().filter("second"::equals).count()).isBetween(15L, 25L);
  }

  @Test
  void aQueueThatComesLaterGetsItsShareOfTheSlots() {
    Semaphore steps = new Semaphore(0);
    List<String> running = new CopyOnWriteArrayList<>();
    enqueue(first, 200);
    JobHandler<String> handler = job -> {
      running.add(job.queue());
      steps.acquire();
      running.remove(job.queue());
      return JobOutcome.done();
    };
    try (Worker worker = Worker.builder(first)
        .handle(NOTE, handler)
        .also(second)
        .handle(NOTE, handler)
        .concurrency(8)
        .start()) {
      Await.until("all slots are taken", Duration.ofSeconds(20), () -> running.size() == 8);
      enqueue(second, 200);

      Await.until("each has its half", Duration.ofSeconds(20), () -> {
        if (steps.availablePermits() == 0) {
          steps.release();
        }
        return running.stream().filter("second"::equals).count() == 4;
      });
      steps.release(1000);
      Await.until(
          "all are done",
          Duration.ofSeconds(20),
          () -> completed(first) == 200 && completed(second) == 200);
      Await.until("the worker is free", Duration.ofSeconds(20), () -> worker.running() == 0);
    }
  }

  @Test
  void anIdleWorkerSendsOneBeatAQueueAndOneBlockingCommandForAll() {
    List<JobQueue> queues = IntStream.range(0, 7)
        .mapToObj(i -> JobQueue.builder(redis, "q" + i).build())
        .toList();
    WorkerBuilder builder = Worker.builder(queues.get(0)).handle(NOTE, job -> JobOutcome.done());
    for (JobQueue queue : queues.subList(1, 7)) {
      builder.also(queue).handle(NOTE, job -> JobOutcome.done());
    }
    try (Jedis jedis = server.connect()) {
      // What other tests sent is not of this worker.
      jedis.configResetStat();
    }
    try (Jedis jedis = server.connect();
        Worker worker = builder.lease(Duration.ofSeconds(2)).start()) {
      Await.until(
          "it waits",
          Duration.ofSeconds(20),
          () -> jedis.clientList().contains("cmd=bzpopmin") && beats(jedis) >= 14);
      long from = System.nanoTime();
      jedis.configResetStat();
      Await.until("three beats each", Duration.ofSeconds(20), () -> beats(jedis) >= 21);
      String stats = jedis.info("commandstats");
      long waits = 1 + (System.nanoTime() - from) / Waiter.LONGEST_WAIT.toNanos();

      assertThat(calls(stats, "evalsha")).as("beats, and no step").isEqualTo(calls(stats, "zadd"));
      assertThat(calls(stats, "bzpopmin")).isLessThanOrEqualTo(waits);
      assertThat(jedis.clientList().lines().filter(line -> line.contains("cmd=bzpopmin")))
          .hasSizeLessThanOrEqualTo(1);
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  /** Each beat renews a lease in {@code l}, and writes no other sorted set. */
  private static long beats(Jedis jedis) {
    return calls(jedis.info("commandstats"), "zadd");
  }

  /** Of one reply: two of them are of different moments. */
  private static long calls(String stats, String command) {
    return stats
        .lines()
        .filter(line -> line.startsWith("cmdstat_" + command + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=(\\d+),.*", "$1")))
        .sum();
  }

  @Test
  void anIdleWorkerOfFiveQueuesNeedsLessThanARequestASecond() {
    Claims claims = new Claims(
        first, "w", Duration.ofSeconds(15), 5, List.of("note"), Clock.system(), lost -> {});
    Beater beater = new Beater(
        "first",
        claims,
        new QueueListener() {},
        Duration.ofSeconds(15),
        Worker.LOOK,
        () -> true,
        () -> {},
        wait -> {});

    double beatsASecond = 1000.0 / beater.turn().toMillis();

    assertThat(5 * beatsASecond + 1000.0 / Waiter.LONGEST_WAIT.toMillis()).isLessThanOrEqualTo(1);
    assertThat(beatsASecond).isLessThanOrEqualTo(0.2);
  }

  @Test
  void aBeatFindsJobsThatNobodyWasCalledFor() {
    int[] found = {0};
    Claims claims = new Claims(
        first, "w", Duration.ofSeconds(15), 5, List.of("note"), Clock.system(), lost -> {});
    boolean[] free = {true};
    Beater beater = new Beater(
        "first",
        claims,
        new QueueListener() {},
        Duration.ofSeconds(15),
        Worker.LOOK,
        () -> free[0],
        () -> found[0]++,
        wait -> {});
    beater.turn();
    assertThat(found[0]).isZero();

    enqueue(first, 1);
    beater.turn();
    assertThat(found[0]).isEqualTo(1);

    free[0] = false;
    beater.turn();
    assertThat(found[0]).isEqualTo(1);
    free[0] = true;
    try (Jedis jedis = server.connect()) {
      jedis.hset("q:{first}:m", "paused", "1");
      beater.turn();
      assertThat(found[0]).as("of a paused queue").isEqualTo(1);
      jedis.hdel("q:{first}:m", "paused");
      jedis.del("q:{first}:w:5:note");
      jedis.zadd("q:{first}:d", 1, "n");
      beater.turn();
      assertThat(found[0]).as("one that is due").isEqualTo(2);
    }
  }

  @Test
  void refusesWhatCannotWork() {
    WorkerBuilder builder = Worker.builder(first).handle(NOTE, job -> JobOutcome.done());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.also(JobQueue.builder(redis, "first").build()));
    try (RedisAccess other = RedisAccess.open(server.url())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.also(JobQueue.builder(other, "other").build()))
          .withMessageContaining("same RedisAccess");
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> builder.also(second).start())
        .withMessageContaining("queue second needs a handler");
  }
}
