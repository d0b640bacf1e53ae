package io.github.scalingtoolkit.queue.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.queue.EnqueueOptions;
import io.github.scalingtoolkit.queue.JobId;
import io.github.scalingtoolkit.queue.JobOutcome;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.JobState;
import io.github.scalingtoolkit.queue.JobType;
import io.github.scalingtoolkit.queue.MissedRuns;
import io.github.scalingtoolkit.queue.QueueInspector;
import io.github.scalingtoolkit.queue.Schedule;
import io.github.scalingtoolkit.queue.Schedules;
import io.github.scalingtoolkit.queue.Timing;
import io.github.scalingtoolkit.queue.Worker;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class QueueCliTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final EnqueueOptions DEFAULTS = EnqueueOptions.defaults();

  private static RedisServer server;
  private static RedisAccess redis;
  private final JobQueue queue = JobQueue.builder(redis, "my notes").build();

  /** What a command printed. */
  private record Ran(int code, String out, String err) {}

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    redis = RedisAccess.builder(server.url()).deadline(Duration.ofSeconds(5)).build();
  }

  @AfterAll
  static void stop() {
    redis.close();
    server.close();
  }

  @BeforeEach
  void flush() {
    try (Jedis jedis = server.connect()) {
      jedis.flushAll();
    }
  }

  private static Ran runOn(String url, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = QueueCli.run(
        args, url, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    return new Ran(code, out.toString(UTF_8), err.toString(UTF_8));
  }

  private static Ran run(String... args) {
    return runOn(
        server.url(),
        Stream.concat(Stream.of(args), Stream.of("--queue", "my notes")).toArray(String[]::new));
  }

  private void enqueue(String id, EnqueueOptions options) {
    queue.enqueue(NOTE, "secret payload", options.id(new JobId(id)));
  }

  private JobState state(String id) {
    return queue.find(new JobId(id)).orElseThrow().state();
  }

  private void die(String... ids) {
    for (String id : ids) {
      enqueue(id, DEFAULTS.maxAttempts(1));
    }
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          throw new IllegalStateException("mail\u001b[31mserver is down");
        })
        .start()) {
      for (String id : ids) {
        Await.until(id + " is dead", () -> state(id) == JobState.DEAD);
      }
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void listsAndShowsJobsWithoutTheirPayloads() {
    die("d");
    enqueue("w", DEFAULTS.priority(2).header("tenant", "acme"));
    enqueue("later", DEFAULTS.delay(Duration.ofHours(1)));

    assertThat(run("list", "waiting").out()).isEqualTo("w  note  waiting  \n");
    assertThat(run("list", "delayed").out()).startsWith("later  note  delayed  20");
    assertThat(run("list", "dead", "--most", "1", "--skip=0").out())
        .matches("d {2}note {2}\\S+ {2}attempts=1 {2}failed {2}java.lang.IllegalStateException\n");
    assertThat(run("list", "dead", "--skip", "1").out()).isEmpty();
    assertThat(run("show", "w").out())
        .contains("state      waiting", "type       note v1", "priority   2", "attempts   0 of 5")
        .contains("payload    16 bytes", "header     tenant=acme", "enqueued   20");
    assertThat(run("show", "d").out())
        .contains("state      dead", "IllegalStateException: mail", "server is down", "at io.")
        .doesNotContain("\u001b", "secret payload");
    assertThat(run("status").out())
        .contains("queue      my notes\n", "waiting    1\n           note 1\n", "dead       1\n");
    assertThat(run("watch", "--times", "2", "--every", "1ms").out().lines())
        .hasSize(2)
        .allMatch(line -> line.contains(" waiting=1 delayed=1 active=0 dead=1 latency="));
  }

  @Test
  void worksOnARedisWhateverItsEvictionPolicyIs() {
    try (Jedis jedis = server.connect()) {
      jedis.configResetStat();

      assertThat(run("status").code()).isZero();

      assertThat(jedis.info("commandstats")).as("it is not asked").doesNotContain("cmdstat_info");
    }
  }

  @Test
  void countsThroughputForAsLongAsTheQueueRemembersEnds() {
    try (Jedis jedis = server.connect()) {
      jedis.hset("q:{my notes}:m", "made", "10000");
      jedis.zadd("q:{my notes}:eg", System.currentTimeMillis() + 3_600_000.0, "x");
    }

    assertThat(run("status").out()).contains("ended      0.10/s");
  }

  @Test
  void changesJobsAndTheQueue() {
    die("d1", "d2", "d3");
    assertThat(run("retry", "d1").out()).isEqualTo("d1 retried\n");
    assertThat(run("discard", "d2").out()).isEqualTo("d2 discarded\n");
    assertThat(run("retry", "--all").out()).isEqualTo("1 retried\n");
    assertThat(List.of(state("d1"), state("d3"))).containsOnly(JobState.WAITING);
    enqueue("later", DEFAULTS.delay(Duration.ofHours(1)));

    assertThat(run("schedule", "d1", "2100-01-01T00:00:00Z").code()).isZero();
    assertThat(run("promote", "later").out()).isEqualTo("later ready\n");
    Ran cancelled = run("cancel", "d1", "unknown", "later");
    assertThat(cancelled.out()).isEqualTo("d1 cancelled\nlater cancelled\n");
    assertThat(cancelled.err()).isEqualTo("job unknown is not waiting, delayed or active\n");
    assertThat(cancelled.code()).isEqualTo(1);
    assertThat(run("list", "ended").out())
        .contains("d1  cancelled  20", "later  cancelled  20", "d2  dead  20");
    assertThat(run("remove", "d1").out()).isEqualTo("d1 removed\n");
    assertThat(queue.find(new JobId("d1"))).isEmpty();
    assertThat(run("show", "d1").code()).isEqualTo(1);

    assertThat(run("pause").out()).isEqualTo("my notes is paused\n");
    assertThat(QueueInspector.of(queue).isPaused()).isTrue();
    assertThat(run("status").out()).contains("PAUSED");
    assertThat(run("resume").out()).isEqualTo("my notes is resumed\n");
    assertThat(run("drain").err()).startsWith("drain ends all waiting jobs of my notes: add --yes");
    assertThat(run("drain", "--yes").out()).isEqualTo("drains my notes\n1 jobs cancelled\n");
    try (Worker worker =
        Worker.builder(queue).handle(NOTE, job -> JobOutcome.done()).start()) {
      Await.until("it is listed", () -> run("workers").out().contains("  note\n"));
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void retriesAllOnceThoughTheyDieAgainAtOnce() {
    int jobs = 1100;
    for (int i = 0; i < jobs; i++) {
      queue.enqueue(NOTE, "n", DEFAULTS.maxAttempts(1));
    }
    try (Worker worker = Worker.builder(queue)
        .handle(NOTE, job -> {
          throw new IllegalStateException("again");
        })
        .start()) {
      QueueInspector inspector = QueueInspector.of(queue);
      Await.until("all are dead", () -> inspector.counts().dead() == jobs);

      assertThat(run("retry", "--all").out()).isEqualTo("1100 retried\n");
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void watchGoesOnWithoutRedisAndSaysSo() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(OutputStream.nullOutputStream(), true, UTF_8);
    try (RedisAccess unreachable = RedisAccess.builder("redis://127.0.0.1:" + Ports.free())
        .deadline(Duration.ofMillis(100))
        .build()) {
      String[] watch = {"watch", "--times", "3", "--every", "1ms"};

      int code = QueueCli.run(watch, unreachable, "q", out, new PrintStream(err, true, UTF_8));

      assertThat(code).isEqualTo(1);
      assertThat(err.toString(UTF_8).lines())
          .hasSize(3)
          .allMatch(line -> line.startsWith("Redis ") && line.endsWith("; watches on"));
    }
  }

  @Test
  void watchEndsOnceNobodyReads() {
    AtomicInteger writes = new AtomicInteger();
    OutputStream closed = new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        writes.incrementAndGet();
        throw new IOException("Broken pipe");
      }
    };
    PrintStream out = new PrintStream(closed, true, UTF_8);
    String[] watch = {"watch", "--times", "1000", "--every", "1ms"};

    assertThat(QueueCli.run(watch, redis, "my notes", out, out)).isZero();

    assertThat(writes).as("those of one line").hasValueLessThan(200);
  }

  @Test
  void aWrongCommandLineIsRefusedWithTheUsage() {
    for (String line : List.of(
        "",
        "dance --queue q",
        "list waiting",
        "list --queue q",
        "list everything --queue q",
        "list waiting --most 1001 --queue q",
        "list waiting --most --queue",
        "show --queue q",
        "show a b --queue q",
        "show a|b --queue q",
        "retry --queue q",
        "retry --all=yes --queue q",
        "schedule a tomorrow --queue q",
        "schedule a +1000000000-12-31T23:59:59Z --queue q",
        "schedule a -1000000000-01-01T00:00:00Z --queue q",
        "schedule a +10000-01-01T00:00:00Z --queue q",
        "drain --queue q",
        "pause --queue q --queue q",
        "pause --queue {q}",
        "pause now --queue q",
        "watch --every soon --queue q",
        "pause --force --queue q")) {
      Ran ran = runOn(server.url(), line.isEmpty() ? new String[0] : line.split(" "));

      assertThat(ran.code()).as(line).isEqualTo(2);
      assertThat(ran.err()).as(line).contains("\nusage: ");
      assertThat(ran.out()).as(line).isEmpty();
    }
    assertThat(run("--help")).returns(0, Ran::code).returns("", Ran::err);
  }

  @Test
  void aRedisThatDoesNotAnswerIsNamedWithoutItsPassword() {
    String url = "redis://user:hidden@127.0.0.1:" + Ports.free();

    Ran ran = runOn(url, "status", "--queue", "q");

    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("127.0.0.1").doesNotContain("hidden", "Exception");
  }

  @Test
  void listsPausesResumesAndRemovesSchedules() {
    Schedules schedules = Schedules.of(queue);
    Timing timing = Timing.cron("0 8 1 1 *", "Europe/Paris");
    schedules.put(Schedule.of("digest", timing, NOTE, "secret payload"));
    schedules.put(Schedule.of("report", timing, NOTE, "secret").missed(MissedRuns.all(3)));

    assertThat(run("schedules").out())
        .matches(
            "digest {2}note {2}0 8 1 1 \\* Europe/Paris {2}next 20\\d\\d-01-01T07:00:00Z {2}missed=latest\n"
                + "report {2}note {2}.* {2}missed=all:3\n");
    assertThat(run("schedules", "--skip", "1", "--most", "1").out()).startsWith("report");
    assertThat(run("schedules", "pause", "digest", "report").out())
        .isEqualTo("digest paused\nreport paused\n");
    assertThat(run("schedules").out()).contains("Europe/Paris  PAUSED  missed=latest");
    assertThat(run("schedules", "pause", "digest"))
        .isEqualTo(new Ran(1, "", "schedule digest is not known, or is paused already\n"));
    assertThat(run("schedules", "resume", "digest").out()).isEqualTo("digest resumed\n");
    assertThat(run("schedules", "remove", "digest", "report").code()).isZero();
    assertThat(run("schedules")).isEqualTo(new Ran(0, "", ""));
    assertThat(run("schedules", "remove", "digest"))
        .isEqualTo(new Ran(1, "", "schedule digest is not known\n"));
    assertThat(run("schedules", "stop", "digest").code()).isEqualTo(2);
    assertThat(run("schedules", "pause").err()).contains("schedules pause takes an id or several");
  }
}
