package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Contract §4: slots move, and nothing is lost. */
class QueueOnAClusterTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);

  private static RedisCluster cluster;
  private static RedisAccess redis;

  @BeforeAll
  static void start() {
    cluster = RedisCluster.start();
    redis = RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(5)).build();
  }

  @AfterAll
  static void stop() {
    redis.close();
    cluster.close();
  }

  @Test
  void worksOnEveryQueueOfACluster() {
    for (String name : List.of("a", "b", "c", "d")) {
      JobQueue each = JobQueue.builder(redis, name).build();
      try (Worker worker =
          Worker.builder(each).handle(NOTE, job -> JobOutcome.done()).start()) {
        for (int i = 0; i < 20; i++) {
          each.enqueue(NOTE, "n" + i);
        }
        Await.until("all are done", () -> QueueInspector.of(each).counts().ended() == 20);
        assertThat(worker).isNotNull();
      }
    }
  }

  @Test
  void aWorkerOfSeveralQueuesIsCalledBySubscription() {
    List<JobQueue> queues = List.of("r", "s", "t").stream()
        .map(name -> JobQueue.builder(redis, name).build())
        .toList();
    WorkerBuilder builder = Worker.builder(queues.get(0)).handle(NOTE, job -> JobOutcome.done());
    queues.stream()
        .skip(1)
        .forEach(queue -> builder.also(queue).handle(NOTE, job -> JobOutcome.done()));
    neverLooks(builder);
    try (Worker worker = builder.start()) {
      for (JobQueue queue : queues) {
        Await.until(
            "it listens",
            () -> redis.callIdempotent(client -> client.hexists(queue.key("m"), "n")));
        for (int i = 1; i <= 3; i++) {
          queue.enqueue(NOTE, "n");
          int so = i;
          Await.until("it is done", () -> QueueInspector.of(queue).counts().ended() == so);
        }
      }
      for (RedisServer master : cluster.masters()) {
        try (Jedis jedis = master.connect()) {
          // Of those that block: one that idles may have done so in another test.
          assertThat(jedis.clientList().lines().filter(line -> line.contains(" flags=b ")))
              .noneMatch(line -> line.contains("cmd=bzpopmin"));
        }
      }
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  @Test
  void enqueuesEachSlotOnceOnAnyMaster() {
    for (String name : List.of("s1", "s2", "s3", "s4")) {
      JobQueue each = JobQueue.builder(redis, name).build();
      Schedules schedules = Schedules.of(each);
      schedules.put(Schedule.of("tick", Timing.every(Duration.ofSeconds(1)), NOTE, "n"));
      for (int i = 0; i < 20; i++) {
        schedules.put(Schedule.of("daily" + i, Timing.every(Duration.ofDays(1)), NOTE, "n"));
        long slot = System.currentTimeMillis() / 86_400_000 * 86_400_000;
        String id = "daily" + i;
        redis.runIdempotent(client -> client.zadd(each.key("cs"), slot, id));
      }
      Map<String, Integer> runs = new ConcurrentHashMap<>();
      JobHandler<String> handler = job -> {
        runs.merge(job.id().value(), 1, Integer::sum);
        return JobOutcome.done();
      };
      // So long a lease is not lost, however slow this machine is: no job runs twice for that.
      Duration lease = Duration.ofHours(1);
      try (Worker one = Worker.builder(each).lease(lease).handle(NOTE, handler).start();
          Worker other = Worker.builder(each).lease(lease).handle(NOTE, handler).start()) {
        Await.until(
            "all slots have run, and some ticks",
            () -> runs.keySet().stream().filter(id -> id.startsWith("daily")).count() == 20
                && runs.size() >= 22);
        assertThat(List.of(one, other)).doesNotContainNull();
      }
      assertThat(runs.values()).containsOnly(1);
      assertThat(schedules.remove("tick")).isTrue();
    }
  }

  /** Its jobs are found by calls alone, as long as a test takes. */
  private static void neverLooks(WorkerBuilder builder) {
    builder.lease(Duration.ofHours(1)).look = Duration.ofMinutes(20);
  }

  @Test
  void aBacklogOfATypeThatMayNotRunMoreIsNotAskedForInALoop() {
    JobQueue queue = JobQueue.builder(redis, "u").build();
    JobQueue other = JobQueue.builder(redis, "v").build();
    Semaphore ends = new Semaphore(0);
    AtomicInteger started = new AtomicInteger();
    WorkerBuilder builder = Worker.builder(queue)
        .handle(NOTE, job -> {
          started.incrementAndGet();
          ends.acquire();
          return JobOutcome.done();
        })
        .concurrency(NOTE, 1)
        .also(other)
        .handle(NOTE, job -> JobOutcome.done());
    neverLooks(builder);
    try (Worker worker = builder.start()) {
      enqueue(queue, 0, 1);
      Await.until("it runs", () -> started.get() == 1);
      long before = scriptCalls();
      enqueue(queue, 1, 200);

      assertThat(scriptCalls() - before).as("enqueues, and hardly a step").isLessThan(220);
      ends.release(200);
      Await.until("all are done", () -> QueueInspector.of(queue).counts().ended() == 200);
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  @Test
  void aPublishedCallMakesOneOfTheWorkersThatHearItStep() {
    JobQueue queue = JobQueue.builder(redis, "w").build();
    JobQueue other = JobQueue.builder(redis, "x").build();
    AtomicInteger done = new AtomicInteger();
    List<Worker> workers = IntStream.range(0, 4)
        .mapToObj(i -> {
          WorkerBuilder builder = Worker.builder(queue)
              .handle(NOTE, job -> {
                done.incrementAndGet();
                return JobOutcome.done();
              })
              .also(other)
              .handle(NOTE, job -> JobOutcome.done());
          // A message may be lost: then a beat finds the job, and one more step is taken.
          builder.look = Duration.ofSeconds(2);
          return builder.start();
        })
        .toList();
    try {
      int[] subscribed = {0};
      Await.until("all listen", () -> {
        subscribed[0] = redis.subscriptionsLive();
        return subscribed[0] >= 8;
      });
      enqueue(queue, 0, 1);
      Await.until("they work", () -> done.get() == 1 && idle(workers));
      logCommands(0);
      for (int i = 1; i <= 30; i++) {
        int so = i;
        enqueue(queue, i, i + 1);
        Await.until("it is done", () -> done.get() == so + 1 && idle(workers));
      }

      assertThat(steps())
          .as("30 steps that claim, 30 that end, and hardly another")
          .isBetween(60L, 90L);
    } finally {
      logCommands(-1);
      workers.forEach(Worker::close);
    }
  }

  private static boolean idle(List<Worker> workers) {
    return workers.stream().allMatch(worker -> worker.running() == 0);
  }

  /** Has the masters keep the commands that take so many microseconds. */
  private static void logCommands(int micros) {
    for (RedisServer master : cluster.masters()) {
      try (Jedis jedis = master.connect()) {
        jedis.configSet("slowlog-max-len", "100000");
        jedis.configSet("slowlog-log-slower-than", Integer.toString(micros));
        jedis.slowlogReset();
      }
    }
  }

  /** Returns how many steps were taken since commands are kept. */
  private static long steps() {
    long steps = 0;
    for (RedisServer master : cluster.masters()) {
      try (Jedis jedis = master.connect()) {
        steps += jedis.slowlogGet(100_000).stream()
            .filter(command -> command.getArgs().contains(Scripts.STEP.sha1()))
            .count();
      }
    }
    return steps;
  }

  private static long scriptCalls() {
    long calls = 0;
    for (RedisServer master : cluster.masters()) {
      try (Jedis jedis = master.connect()) {
        calls += jedis
            .info("commandstats")
            .lines()
            .filter(line -> line.startsWith("cmdstat_evalsha:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=(\\d+),.*", "$1")))
            .sum();
      }
    }
    return calls;
  }

  @Test
  void whileItsSlotMovesAQueueServesNothingAndLosesNothing() throws InterruptedException {
    JobQueue queue = JobQueue.builder(redis, "moving").build();
    Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
    enqueue(queue, 0, 10);
    try (RedisAccess hasty =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(4)).build();
        Move move = new Move(cluster, queue)) {
      move.half();

      assertThatThrownBy(() -> enqueue(JobQueue.builder(hasty, "moving").build(), 10, 11))
          .isInstanceOfAny(JedisDataException.class, RejectedException.class);
      try (Worker worker = Worker.builder(queue)
          .handle(NOTE, job -> {
            runs.computeIfAbsent(job.payload(), id -> new AtomicInteger()).incrementAndGet();
            return JobOutcome.done();
          })
          .start()) {
        Thread caller = new Thread(() -> enqueue(queue, 10, 15));
        caller.start();
        move.rest();

        Await.until("all are done", () -> QueueInspector.of(queue).counts().ended() == 15);
        assertThat(runs).hasSize(15);
        assertThat(runs.values()).allSatisfy(times -> assertThat(times).hasValue(1));
        caller.join();
        assertThat(worker).isNotNull();
      }
    }
  }

  private static void enqueue(JobQueue queue, int from, int to) {
    for (int i = from; i < to; i++) {
      queue.enqueue(NOTE, "n" + i, EnqueueOptions.defaults().id(new JobId("n" + i)));
    }
  }
}
