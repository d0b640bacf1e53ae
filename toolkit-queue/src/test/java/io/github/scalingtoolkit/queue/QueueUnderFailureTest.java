package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/** Contract §4: worker, kill -9 in a handler; Redis, kill -9, hang, lost connections. */
class QueueUnderFailureTest {
  record Email(String to) {}

  private static final JobType<Email> SEND_EMAIL = JobType.of("sendEmail", Email.class);

  private static RedisAccess open(String url) {
    return RedisAccess.builder(url).deadline(Duration.ofSeconds(2)).build();
  }

  /** A worker in a process of its own that says which job it runs, and never ends one. */
  static final class HangingWorker {
    public static void main(String[] args) throws InterruptedException {
      JobQueue queue = JobQueue.builder(open(args[0]), "mail").build();
      Worker.builder(queue)
          .handle(SEND_EMAIL, job -> {
            System.out.println("running " + job.id());
            new java.util.concurrent.CountDownLatch(1).await();
            return JobOutcome.done();
          })
          .lease(Duration.ofSeconds(3))
          .start();
      new java.util.concurrent.CountDownLatch(1).await();
    }
  }

  /** A worker in a process of its own that says which jobs it runs, until it is killed. */
  static final class BusyWorker {
    public static void main(String[] args) throws InterruptedException {
      JobQueue queue = JobQueue.builder(open(args[0]), "mail").build();
      Worker.builder(queue)
          .handle(SEND_EMAIL, job -> {
            System.out.println(job.id());
            LockSupport.parkNanos(200_000);
            return JobOutcome.done();
          })
          .concurrency(8)
          .lease(CHAOS_LEASE)
          .start();
      new java.util.concurrent.CountDownLatch(1).await();
    }
  }

  private static final Duration CHAOS_LEASE = Duration.ofMillis(500);

  private static Process start(Class<?> main, String argument) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            argument)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  @Test
  void aKilledWorkersJobRunsElsewhereWithinItsLeaseAndASecond() throws IOException {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = open(server.url())) {
      JobQueue queue = JobQueue.builder(redis, "mail").build();
      Process doomed = start(HangingWorker.class, server.url());
      try (BufferedReader said = new BufferedReader(
          new InputStreamReader(doomed.getInputStream(), StandardCharsets.UTF_8))) {
        queue.enqueue(SEND_EMAIL, new Email("a"), EnqueueOptions.defaults().id(new JobId("a")));
        assertThat(said.readLine()).isEqualTo("running a");

        String claim;
        try (Jedis admin = server.connect()) {
          String worker = admin.zrange("q:{mail}:l", 0, 0).get(0);
          claim = worker + "|" + admin.hget("q:{mail}:o:" + worker, "a");
        }
        List<Integer> attempts = new CopyOnWriteArrayList<>();
        CountDownLatch goOn = new CountDownLatch(1);
        try (Worker worker = Worker.builder(queue)
            .handle(SEND_EMAIL, job -> {
              attempts.add(job.attempt());
              goOn.await();
              return JobOutcome.done();
            })
            .lease(Duration.ofSeconds(3))
            .start()) {
          kill(doomed);
          long killedAt = System.nanoTime();
          Await.until("it ran again", () -> attempts.size() == 1);
          Duration took = Duration.ofNanos(System.nanoTime() - killedAt);

          assertThat(endLate(queue, claim)).as("while it runs elsewhere").isEqualTo(REFUSED);
          assertThat(queue.find(new JobId("a")).orElseThrow().state()).isEqualTo(JobState.ACTIVE);
          goOn.countDown();
          Await.until("it is done", () -> QueueInspector.of(queue).counts().ended() == 1);
          assertThat(endLate(queue, claim)).as("once it is done").isEqualTo(REFUSED);

          assertThat(attempts).containsExactly(2);
          assertThat(queue.find(new JobId("a")).orElseThrow())
              .returns(JobState.COMPLETED, JobSnapshot::state)
              .returns(2, JobSnapshot::attempts);
          assertThat(took).isLessThan(Duration.ofSeconds(3 + 1));
          Await.until("the worker is free", () -> worker.running() == 0);
        }
      } finally {
        kill(doomed);
      }
    }
  }

  @Test
  void manyLargeJobsRunThoughAllAtOnceWouldTakeTooLong() {
    try (RedisServer server = RedisServer.start();
        RedisAccess patient = open(server.url());
        RedisAccess redis = RedisAccess.open(server.url())) {
      JobType<String> text = JobType.of("text", String.class);
      JobQueue queue = JobQueue.builder(patient, "large").build();
      String large = "x".repeat(4_000_000);
      for (int i = 0; i < 16; i++) {
        queue.enqueue(text, large);
      }
      try (Worker worker = Worker.builder(JobQueue.builder(redis, "large").build())
          .handle(text, job -> JobOutcome.done())
          .start()) {
        Await.until("all are done", () -> QueueInspector.of(queue).counts().ended() == 16);
        assertThat(worker).isNotNull();
      }
    }
  }

  private static final List<Long> REFUSED = List.of(0L);

  /** Ends job {@code a} as dead, as the worker of {@code claim} would once it is thawed; returns what Redis says. */
  private static Object endLate(JobQueue queue, String claim) {
    String worker = claim.substring(0, claim.indexOf('|'));
    String epoch = claim.substring(claim.indexOf('|') + 1);
    Object reply = queue.eval(
        Scripts.STEP,
        Stream.of(
                "1",
                worker,
                "999",
                "0",
                "1",
                "0",
                "0",
                "0",
                "86400000",
                "60000",
                "0",
                "",
                "a",
                epoch,
                "d",
                "c",
                "0",
                "2|late")
            .map(Scripts::bytes)
            .toList());
    return ((List<?>) reply).get(4);
  }

  @Test
  void afterARestartOfRedisTheWorkerGoesOnAndNothingIsLost() {
    try (RedisServer server = RedisServer.start("--appendonly", "yes", "--appendfsync", "always");
        RedisAccess redis = open(server.url())) {
      JobQueue queue = JobQueue.builder(redis, "mail").build();
      Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
      try (Worker worker = Worker.builder(queue)
          .handle(SEND_EMAIL, job -> {
            runs.computeIfAbsent(job.payload().to(), to -> new AtomicInteger()).incrementAndGet();
            return JobOutcome.done();
          })
          .lease(Duration.ofSeconds(1))
          .start()) {
        for (int round = 0; round < 3; round++) {
          List<NewJob<?>> jobs = new ArrayList<>();
          for (int i = 0; i < 200; i++) {
            jobs.add(new NewJob<>(SEND_EMAIL, new Email(round + "-" + i)));
          }
          // When Redis is back, connections from before the kill may fail one by one and open the
          // breaker once more. What it refuses was not sent.
          Await.until("the breaker lets it through", () -> {
            try {
              queue.enqueueAll(jobs);
              return true;
            } catch (RejectedException notYet) {
              return false;
            }
          });
          server.kill();
          server.restart();
          Await.until("the breaker is closed again", () -> {
            try {
              return QueueInspector.of(queue).counts().waiting() >= 0;
            } catch (RuntimeException notYet) {
              return false;
            }
          });
        }

        Await.until("all ran", () -> runs.size() == 600);
        Await.until("nothing is left", () -> left(queue) == 0);
        Await.until("the worker is free", () -> worker.running() == 0);
      }
    }
  }

  @Test
  void redisHangsAndGoesOnTheWorkerGoesOnToo() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.open(server.url())) {
      JobQueue queue = JobQueue.builder(redis, "mail").build();
      AtomicInteger runs = new AtomicInteger();
      try (Worker worker = Worker.builder(queue)
          .handle(SEND_EMAIL, job -> {
            runs.incrementAndGet();
            return JobOutcome.done();
          })
          .lease(Duration.ofSeconds(1))
          .start()) {
        Await.until("it works", () -> runOne(queue, runs));
        server.pause();
        Await.until("it is noticed", () -> {
          try {
            QueueInspector.of(queue).counts();
            return false;
          } catch (RuntimeException expected) {
            return true;
          }
        });
        server.resume();

        Await.until("it works again", () -> runOne(queue, runs));
        assertThat(worker).isNotNull();
      }
    }
  }

  private static boolean runOne(JobQueue queue, AtomicInteger runs) {
    int before = runs.get();
    try {
      queue.enqueue(SEND_EMAIL, new Email("a"));
    } catch (RuntimeException notYet) {
      return false;
    }
    Await.until("it ran", () -> runs.get() > before);
    return true;
  }

  @Test
  void whenRedisWasSilentForLongerThanALeaseNoRunningJobRunsTwice() {
    Duration lease = Duration.ofSeconds(2);
    try (RedisServer server = RedisServer.start();
        RedisAccess one = open(server.url());
        RedisAccess two = open(server.url());
        Jedis admin = server.connect()) {
      JobQueue queue = JobQueue.builder(one, "mail").build();
      Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
      CountDownLatch goOn = new CountDownLatch(1);
      List<Worker> workers = Stream.of(one, two)
          .map(redis -> Worker.builder(JobQueue.builder(redis, "mail").build())
              .handle(SEND_EMAIL, job -> {
                ran(runs, job.id().value());
                goOn.await();
                return JobOutcome.done();
              })
              .concurrency(2)
              .lease(lease)
              .start())
          .toList();
      for (int i = 0; i < 4; i++) {
        queue.enqueue(SEND_EMAIL, new Email("a"));
      }
      Await.until("all run", () -> runs.size() == 4);

      server.pause();
      long pausedAt = System.nanoTime();
      Await.until("a lease is over", () -> System.nanoTime() - pausedAt > lease.toNanos() * 3 / 2);
      server.resume();
      long resumedAt = System.currentTimeMillis();
      Await.until(
          "both have renewed their leases twice",
          () -> admin.zrangeWithScores("q:{mail}:l", 0, -1).stream()
              .allMatch(worker -> worker.getScore() > resumedAt + lease.toMillis() * 7 / 6));

      assertThat(admin.zcard("q:{mail}:l")).isEqualTo(2);
      goOn.countDown();
      Await.until("all are done", () -> QueueInspector.of(queue).counts().ended() == 4);
      assertThat(runs.values()).allSatisfy(times -> assertThat(times).hasValue(1));
      workers.forEach(Worker::close);
    }
  }

  @Test
  void flushallWhileAJobRunsMakesItsEndANoOp() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = open(server.url());
        Jedis admin = server.connect()) {
      JobQueue queue = JobQueue.builder(redis, "mail").build();
      AtomicInteger running = new AtomicInteger();
      java.util.concurrent.CountDownLatch goOn = new java.util.concurrent.CountDownLatch(1);
      try (Worker worker = Worker.builder(queue)
          .handle(SEND_EMAIL, job -> {
            running.incrementAndGet();
            goOn.await();
            return JobOutcome.done();
          })
          .start()) {
        queue.enqueue(SEND_EMAIL, new Email("a"), EnqueueOptions.defaults().id(new JobId("a")));
        Await.until("it runs", () -> running.get() == 1);
        admin.flushAll();
        goOn.countDown();
        Await.until("the worker is free", () -> worker.running() == 0);

        assertThat(queue.find(new JobId("a"))).isEmpty();
        assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(0, 0, 0, 0, 0));
        queue.enqueue(SEND_EMAIL, new Email("a"), EnqueueOptions.defaults().id(new JobId("a")));
        Await.until("it ran again", () -> running.get() == 2);
      }
    }
  }

  @Test
  void
      underKilledProcessesLostRepliesAndForgottenScriptsNothingIsLostAndEachDuplicateIsAccountedFor()
          throws Exception {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxyA = FaultProxy.to(server.port());
        FaultProxy proxyB = FaultProxy.to(server.port());
        RedisAccess redisA = open(proxyA.redisUrl());
        RedisAccess redisB = open(proxyB.redisUrl());
        RedisAccess direct = open(server.url());
        Jedis admin = server.connect()) {
      JobQueue queue = JobQueue.builder(direct, "mail").build();
      Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
      List<Worker> workers = new ArrayList<>();
      for (RedisAccess redis : List.of(redisA, redisB)) {
        workers.add(Worker.builder(JobQueue.builder(redis, "mail").build())
            .handle(SEND_EMAIL, job -> {
              LockSupport.parkNanos(200_000);
              ran(runs, job.id().value());
              return JobOutcome.done();
            })
            .concurrency(8)
            .lease(CHAOS_LEASE)
            .start());
      }
      Random random = new Random(7);
      int jobs = 0;
      int killed = 0;
      Process doomed = start(BusyWorker.class, proxyA.redisUrl());
      Ledger ledger = follow(doomed, runs);
      long until = System.nanoTime() + Duration.ofSeconds(6).toNanos();
      while (System.nanoTime() - until < 0 || killed == 0) {
        for (int i = 0; i < 20; i++) {
          queue.enqueue(
              SEND_EMAIL, new Email("a"), EnqueueOptions.defaults().id(new JobId("j" + jobs++)));
        }
        if (killed < 2 && ledger.lines > 20) {
          kill(doomed);
          ledger.join();
          killed++;
          doomed = start(BusyWorker.class, proxyB.redisUrl());
          ledger = follow(doomed, runs);
        }
        FaultProxy proxy = random.nextBoolean() ? proxyA : proxyB;
        switch (random.nextInt(5)) {
          case 0 -> proxy.dropConnections();
          case 1 -> {
            proxy.dropReplies();
            LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
            proxy.heal();
          }
          case 2 -> admin.scriptFlush();
          case 3 ->
            admin.clientKill(
                new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES));
          default -> LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
      }
      kill(doomed);
      ledger.join();
      int total = jobs;
      Await.until("nothing is left", () -> left(queue) == 0);

      assertThat(QueueInspector.of(queue).counts().ended()).isEqualTo(total);
      assertThat(QueueInspector.of(queue).counts().dead()).isZero();
      for (int i = 0; i < total; i++) {
        JobSnapshot job = queue.find(new JobId("j" + i)).orElseThrow();
        int times = runs.getOrDefault(job.id().value(), new AtomicInteger()).get();
        // Each run beyond the first was of a claim whose lease ended: Redis counted it.
        assertThat(times).as("%s", job).isBetween(1, job.attempts());
      }
      try (Jedis jedis = server.connect()) {
        // No envelope, no list, no claim, no trouble: only ends, wake-up calls and workers.
        assertThat(jedis.keys("q:{mail}:*"))
            .allMatch(key -> key.matches("q:\\{mail}:(m|e|ec|eg|i|l|k:sendEmail|o:.*)"));
      }
      workers.forEach(worker -> worker.close(Duration.ofSeconds(5)));
    }
  }

  /** By its handle: the process' own way would close the pipe too, with what has not been read of it. */
  private static void kill(Process process) {
    process.toHandle().destroyForcibly();
  }

  private static void ran(Map<String, AtomicInteger> runs, String id) {
    runs.computeIfAbsent(id, key -> new AtomicInteger()).incrementAndGet();
  }

  /** Writes down what a process says that it runs, until it ends. */
  private static Ledger follow(Process process, Map<String, AtomicInteger> runs) {
    Ledger ledger = new Ledger(process, runs);
    ledger.start();
    return ledger;
  }

  private static long left(JobQueue queue) {
    try {
      QueueCounts counts = QueueInspector.of(queue).counts();
      return counts.waiting() + counts.delayed() + counts.active();
    } catch (RuntimeException notYet) {
      return Long.MAX_VALUE;
    }
  }

  private static final class Ledger extends Thread {
    private final Process process;
    private final Map<String, AtomicInteger> runs;
    private volatile int lines;

    Ledger(Process process, Map<String, AtomicInteger> runs) {
      this.process = process;
      this.runs = runs;
    }

    @Override
    public void run() {
      try (BufferedReader said = new BufferedReader(
          new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String id = said.readLine(); id != null; id = said.readLine()) {
          ran(runs, id);
          lines++;
        }
      } catch (IOException ended) {
        throw new java.io.UncheckedIOException(ended);
      }
    }
  }
}
