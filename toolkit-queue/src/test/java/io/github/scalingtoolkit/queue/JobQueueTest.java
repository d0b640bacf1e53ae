package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.queue.Enqueued.Outcome;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisException;

class JobQueueTest {
  record Email(String to) {}

  private static final JobType<Email> SEND_EMAIL = JobType.of("sendEmail", Email.class);
  private static final RetryPolicy QUICK =
      RetryPolicy.exponential(Duration.ofMillis(2), Duration.ofMillis(10));

  @RegisterExtension
  private static final QueueOnRedis opened = QueueOnRedis.named("mail");

  private final RedisServer server = opened.server();
  private final RedisAccess redis = opened.redis();
  private final JobQueue queue = opened.queue();

  private static EnqueueOptions id(String id) {
    return EnqueueOptions.defaults().id(new JobId(id));
  }

  private JobState state(String id) {
    return queue.find(new JobId(id)).orElseThrow().state();
  }

  @Test
  void findsSeveralJobsAtOnceInTheOrderOfTheirIds() {
    JobId there = queue.enqueue(SEND_EMAIL, new Email("a")).id();
    JobId never = new JobId("never");

    assertThat(queue.findAll(List.of(never, there, never)))
        .containsExactly(Optional.empty(), queue.find(there), Optional.empty());
    assertThat(queue.findAll(List.of())).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> queue.findAll(Collections.nCopies(1001, there)));
  }

  @Test
  void runsEachJobOnceWithItsPayload() {
    List<String> sent = new CopyOnWriteArrayList<>();
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          sent.add(job.payload().to());
          return JobOutcome.done();
        })
        .start()) {
      List<NewJob<?>> jobs = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        jobs.add(new NewJob<>(SEND_EMAIL, new Email("user" + i)));
      }
      assertThat(queue.enqueueAll(jobs)).extracting(Enqueued::outcome).containsOnly(Outcome.ADDED);

      Await.until("all are done", () -> QueueInspector.of(queue).counts().ended() == 500);
      assertThat(sent).hasSize(500).doesNotHaveDuplicates();
      assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(0, 0, 0, 0, 500));
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  @Test
  void aGivenIdIsAddedOnceAndDoesNotRunAgainAfterItEnded() {
    AtomicInteger runs = new AtomicInteger();
    assertThat(queue.enqueue(SEND_EMAIL, new Email("a"), id("welcome-1")).outcome())
        .isEqualTo(Outcome.ADDED);
    assertThat(queue.enqueue(SEND_EMAIL, new Email("b"), id("welcome-1")).outcome())
        .isEqualTo(Outcome.PRESENT);
    assertThat(state("welcome-1")).isEqualTo(JobState.WAITING);
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          runs.incrementAndGet();
          return JobOutcome.done();
        })
        .start()) {
      Await.until("it is done", () -> state("welcome-1") == JobState.COMPLETED);

      assertThat(queue.enqueue(SEND_EMAIL, new Email("c"), id("welcome-1")).outcome())
          .isEqualTo(Outcome.ENDED);
      queue.enqueue(SEND_EMAIL, new Email("d"), id("welcome-2"));
      Await.until("the other is done", () -> state("welcome-2") == JobState.COMPLETED);
      assertThat(runs).hasValue(2);
      Await.until("the worker is free", () -> worker.running() == 0);
    }
    try (Jedis jedis = server.connect()) {
      assertThat(jedis.zscore("q:{mail}:ec", "welcome-1"))
          .isGreaterThan(System.currentTimeMillis() - Duration.ofHours(1).toMillis());
    }
  }

  @Test
  void runsTheFirstPriorityFirst() {
    List<String> order = new CopyOnWriteArrayList<>();
    queue.enqueue(SEND_EMAIL, new Email("last"), EnqueueOptions.defaults().priority(9));
    queue.enqueue(SEND_EMAIL, new Email("middle"));
    queue.enqueue(SEND_EMAIL, new Email("first"), EnqueueOptions.defaults().priority(0));
    queue.enqueue(SEND_EMAIL, new Email("middle too"));
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          order.add(job.payload().to());
          return JobOutcome.done();
        })
        .concurrency(1)
        .start()) {
      Await.until("all are done", () -> order.size() == 4);
      assertThat(worker).isNotNull();
    }
    assertThat(order).containsExactly("first", "middle", "middle too", "last");
  }

  @Test
  void aDelayedJobRunsWhenItIsTimeAndNotBefore() {
    List<Long> ranAt = new CopyOnWriteArrayList<>();
    long enqueuedAt = System.nanoTime();
    queue.enqueue(SEND_EMAIL, new Email("a"), id("later").delay(Duration.ofMillis(700)));
    assertThat(state("later")).isEqualTo(JobState.DELAYED);
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          ranAt.add(System.nanoTime());
          return JobOutcome.done();
        })
        .start()) {
      Await.until("it ran", () -> ranAt.size() == 1);
      assertThat(ranAt.get(0) - enqueuedAt).isGreaterThan(Duration.ofMillis(690).toNanos());
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void aJobThatFailsTooOftenIsADeadLetterThatCanBeRetried() {
    AtomicInteger runs = new AtomicInteger();
    List<Integer> attempts = new CopyOnWriteArrayList<>();
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, QUICK, job -> {
          attempts.add(job.attempt());
          if (runs.incrementAndGet() <= 5) {
            throw new IllegalStateException("password=s3cret");
          }
          return JobOutcome.done();
        })
        .start()) {
      queue.enqueue(SEND_EMAIL, new Email("a"), id("x"));
      Await.until("it is dead", () -> state("x") == JobState.DEAD);

      assertThat(attempts).containsExactly(1, 2, 3, 4, 5);
      DeadLetter letter = QueueInspector.of(queue).dead(0, 10).get(0);
      assertThat(letter.id()).isEqualTo(new JobId("x"));
      assertThat(letter.type()).isEqualTo("sendEmail");
      assertThat(letter.attempts()).isEqualTo(5);
      assertThat(letter.reason()).isEqualTo("java.lang.IllegalStateException");
      assertThat(queue.enqueue(SEND_EMAIL, new Email("a"), id("x")).outcome())
          .isEqualTo(Outcome.PRESENT);

      assertThat(QueueInspector.of(queue).retryDead(new JobId("x"))).isTrue();
      Await.until("it is done", () -> state("x") == JobState.COMPLETED);
      assertThat(QueueInspector.of(queue).retryDead(new JobId("x"))).isFalse();
      assertThat(QueueInspector.of(queue).counts().dead()).isZero();
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void outcomesOfAHandlerDecideWhatComesNext() {
    AtomicInteger snoozes = new AtomicInteger();
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, QUICK, job -> switch (job.payload().to()) {
          case "dead" -> JobOutcome.dead("no such address");
          case "snooze" ->
            snoozes.incrementAndGet() < 20
                ? JobOutcome.snooze(Duration.ofMillis(1))
                : JobOutcome.done();
          case "retry" ->
            job.attempt() < 3 ? JobOutcome.retryIn(Duration.ofMillis(1)) : JobOutcome.done();
          default -> JobOutcome.done();
        })
        .start()) {
      for (String kind : List.of("dead", "snooze", "retry")) {
        queue.enqueue(SEND_EMAIL, new Email(kind), id(kind));
      }
      Await.until(
          "all ended",
          () -> QueueInspector.of(queue).counts().ended() == 2
              && QueueInspector.of(queue).counts().dead() == 1);

      assertThat(queue.find(new JobId("dead")).orElseThrow().note()).isEqualTo("no such address");
      assertThat(queue.find(new JobId("snooze")).orElseThrow().attempts()).isEqualTo(1);
      assertThat(queue.find(new JobId("retry")).orElseThrow().attempts()).isEqualTo(3);
      assertThat(QueueInspector.of(queue).discardDead(new JobId("dead"))).isTrue();
      assertThat(QueueInspector.of(queue).counts().dead()).isZero();
      assertThat(queue.enqueue(SEND_EMAIL, new Email("again"), id("dead")).outcome())
          .isEqualTo(Outcome.ENDED);
      assertThat(worker).isNotNull();
    }
  }

  @Test
  void whatIsNoJobEndsAsADeadLetter() {
    try (Worker worker =
        Worker.builder(queue).handle(SEND_EMAIL, job -> JobOutcome.done()).start()) {
      try (Jedis jedis = server.connect()) {
        jedis.set("q:{mail}:j:broken", "5c");
        jedis.lpush("q:{mail}:w:5:sendEmail", "broken");
      }
      queue.enqueue(SEND_EMAIL, new Email("a"), id("good"));

      Await.until(
          "all ended",
          () -> QueueInspector.of(queue).counts().ended() == 1
              && QueueInspector.of(queue).counts().dead() == 1);
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  record NewerEmail(String to, String subject) {}

  @Test
  void aPayloadWithAFieldMoreIsRead() {
    JobType<NewerEmail> newer = JobType.of("sendEmail", NewerEmail.class);
    List<String> sent = new CopyOnWriteArrayList<>();
    try (Worker old = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          sent.add(job.payload().to());
          return JobOutcome.done();
        })
        .start()) {
      queue.enqueue(newer, new NewerEmail("ada", "hello"));

      Await.until("it ran", () -> QueueInspector.of(queue).counts().ended() == 1);
      assertThat(sent).containsExactly("ada");
      assertThat(old).isNotNull();
    }
  }

  /** Its reader throws what its text names. */
  @JsonDeserialize(using = Trap.Reader.class)
  record Trap(String text) {
    static final class Reader extends JsonDeserializer<Trap> {
      @Override
      public Trap deserialize(JsonParser json, DeserializationContext context) throws IOException {
        switch (json.getText()) {
          case "error" -> throw new StackOverflowError();
          case "exception" -> throw new IllegalStateException();
          default -> throw context.weirdStringException("", Trap.class, "of another version");
        }
      }
    }
  }

  @Test
  void aJobWhosePayloadsReaderThrowsWaitsAndItsSlotIsFree() {
    List<String> kinds = List.of("error", "exception", "other");
    JobType<String> sent = JobType.of("trap", String.class);
    kinds.forEach(kind -> queue.enqueue(sent, kind, id(kind).maxAttempts(1)));
    try (CapturedLog log = CapturedLog.start();
        Worker worker = Worker.builder(queue)
            .handle(JobType.of("trap", Trap.class), job -> JobOutcome.done())
            .concurrency(1)
            .start()) {
      Await.until(
          "all are put back",
          () -> QueueInspector.of(queue).counts().delayed() == 3 && worker.running() == 0);

      assertThat(kinds)
          .allSatisfy(kind -> assertThat(queue.find(new JobId(kind)).orElseThrow())
              .returns(JobState.DELAYED, JobSnapshot::state)
              .returns(0, JobSnapshot::attempts));
      assertThat(log.lines("cause=payload-unreadable"))
          .singleElement()
          .asString()
          .contains("trap");
    }
  }

  @Test
  void aJobOfATypeThatNoWorkerHandlesWaitsWithAWarning() {
    JobType<String> newer = JobType.of("newer", String.class);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    queue.enqueue(newer, "x", id("early").maxAttempts(1));
    try (CapturedLog log = CapturedLog.start();
        Worker old = Worker.builder(queue)
            .handle(SEND_EMAIL, job -> JobOutcome.done())
            .lease(Duration.ofMillis(300))
            .listener(QueueMetrics.of(meters, "mail"))
            .start()) {
      Gauge unhandled = meters.get("toolkit.queue.types.unhandled").gauge();
      queue.enqueue(SEND_EMAIL, new Email("a"), id("later"));

      Await.until("the other is done", () -> state("later") == JobState.COMPLETED);
      Await.until("it is shown", () -> unhandled.value() == 1);
      assertThat(state("early")).isEqualTo(JobState.WAITING);
      assertThat(log.lines("type=newer cause=no-worker")).hasSize(1);
      try (Worker knows =
          Worker.builder(queue).handle(newer, job -> JobOutcome.done()).start()) {
        Await.until("it is done", () -> state("early") == JobState.COMPLETED);
        assertThat(queue.find(new JobId("early")).orElseThrow().attempts()).isOne();
        Await.until("it is over", () -> unhandled.value() == 0);
        assertThat(List.of(old, knows)).hasSize(2);
      }
    }
  }

  @Test
  void errorsAndBrokenListenersEndAJobLikeAnyFailure() {
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, QUICK, job -> switch (job.payload().to()) {
          case "error" -> throw new StackOverflowError();
          case "null" -> null;
          case "forever" -> JobOutcome.snooze(Duration.ofSeconds(Long.MAX_VALUE));
          default -> JobOutcome.done();
        })
        .listener(new QueueListener() {
          @Override
          public void onRun(String type, String outcome, Duration took) {
            throw new NoClassDefFoundError("broken");
          }
        })
        .start()) {
      for (String kind : List.of("error", "null", "forever", "good")) {
        queue.enqueue(SEND_EMAIL, new Email(kind), id(kind).maxAttempts(2));
      }
      Await.until(
          "all ended",
          () -> QueueInspector.of(queue).counts().ended() == 1
              && QueueInspector.of(queue).counts().dead() == 3);

      assertThat(QueueInspector.of(queue).dead(0, 10))
          .extracting(DeadLetter::attempts)
          .containsOnly(2);
      Await.until("the worker is free", () -> worker.running() == 0);
    }
  }

  private static final Claims.Wish NOTHING = new Claims.Wish(0, "5", Map.of(), "");

  private static Claims.Wish emails(int most) {
    return new Claims.Wish(most, "5", Map.of("sendEmail", most), "");
  }

  private Claims claims(String worker, Duration lease, int mostCrashes) {
    return new Claims(
        queue, worker, lease, mostCrashes, List.of("sendEmail"), Clock.system(), lost -> {});
  }

  @Test
  void forgetsWhatEndedLongAgoAtThePaceAtWhichJobsEnd() {
    try (Jedis jedis = server.connect()) {
      Claims worker = claims("w", Duration.ofSeconds(30), 5);
      for (int i = 0; i < 100; i++) {
        queue.enqueue(SEND_EMAIL, new Email("a"));
      }
      List<Claim> claims = worker.step(List.of(), emails(100)).claimed();
      for (int i = 0; i < 300; i++) {
        jedis.zadd("q:{mail}:ec", 1, "old" + i);
      }

      worker.step(claims.subList(0, 99).stream().map(End::completed).toList(), NOTHING);
      worker.step(List.of(End.completed(claims.get(99))), NOTHING);

      assertThat(jedis.zcard("q:{mail}:ec")).isEqualTo(300 - 2 * 99);
    }
  }

  @Test
  void closingHandsUnfinishedJobsBackWithNoAttemptBurned() {
    CountDownLatch running = new CountDownLatch(2);
    Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          running.countDown();
          new CountDownLatch(1).await();
          return JobOutcome.done();
        })
        .start();
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    queue.enqueue(SEND_EMAIL, new Email("b"), id("b"));
    Await.until("both run", () -> running.getCount() == 0);

    worker.close(Duration.ofMillis(50));

    assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(2, 0, 0, 0, 0));
    List<Integer> attempts = new CopyOnWriteArrayList<>();
    try (Worker next = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> {
          attempts.add(job.attempt());
          return JobOutcome.done();
        })
        .start()) {
      Await.until("both are done", () -> QueueInspector.of(queue).counts().ended() == 2);
      assertThat(next).isNotNull();
    }
    assertThat(attempts).containsExactly(1, 1);
  }

  @Test
  void aWorkerThatLostItsLeaseIsToldAndTheCrashIsNotCounted() {
    List<Claim> lost = new ArrayList<>();
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    Claims slow = new Claims(
        queue, "slow", Duration.ofMillis(300), 5, List.of("sendEmail"), Clock.system(), lost::add);
    Claim claim = slow.step(List.of(), emails(1)).claimed().get(0);
    Claims patient = claims("patient", Duration.ofSeconds(30), 5);
    Await.until("its lease has ended", () -> patient.beat(false).takenOver() == 1);

    slow.beat(false);
    assertThat(lost).containsExactly(claim);
    slow.beat(false);

    try (Jedis jedis = server.connect()) {
      assertThat(jedis.hget("q:{mail}:t", "a")).as("failures, losses, crashes").isEqualTo("0|1|0|");
    }
  }

  @Test
  void aWorkerLearnsOfItsLostLeaseThoughThatReplyIsLost() {
    List<Claim> lost = new ArrayList<>();
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    try (FaultProxy network = FaultProxy.to(server.port());
        RedisAccess far = RedisAccess.builder(network.redisUrl())
            .deadline(Duration.ofSeconds(5))
            .build()) {
      Claims slow = new Claims(
          JobQueue.builder(far, "mail").build(),
          "slow",
          Duration.ofMillis(300),
          5,
          List.of("sendEmail"),
          Clock.system(),
          claim -> {
            lost.add(claim);
            claim.cancel();
          });
      Claim claim = slow.step(List.of(), emails(1)).claimed().get(0);
      Claims patient = claims("patient", Duration.ofSeconds(30), 5);
      Await.until("its lease has ended", () -> patient.beat(false).takenOver() == 1);
      network.dropReplies();
      assertThatThrownBy(() -> slow.beat(false)).isInstanceOf(JedisException.class);
      network.heal();

      Await.until("the network is back", () -> {
        try {
          slow.beat(false);
          return true;
        } catch (RejectedException | JedisException notYet) {
          return false;
        }
      });

      assertThat(lost).containsExactly(claim);
      assertThat(claim.validAt(System.nanoTime())).isFalse();
    }
  }

  @Test
  void aLostClaimIsNeverValidAgainThoughItsWorkerHasALeaseAgain() {
    List<Boolean> valid = new ArrayList<>();
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    Claims slow = new Claims(
        queue,
        "slow",
        Duration.ofMillis(300),
        5,
        List.of("sendEmail"),
        Clock.system(),
        lost -> valid.add(lost.validAt(System.nanoTime())));
    slow.step(List.of(), emails(1));
    Claims patient = claims("patient", Duration.ofSeconds(30), 5);
    Await.until("its lease has ended", () -> patient.beat(false).takenOver() == 1);

    slow.beat(false);

    assertThat(valid).containsExactly(false);
  }

  @Test
  void aJobOfATypeThatWasFullRunsAtOnceWhenItIsNotAnyMore() {
    JobType<String> rare = JobType.of("rare", String.class);
    CountDownLatch first = new CountDownLatch(1);
    List<String> ran = new CopyOnWriteArrayList<>();
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, job -> JobOutcome.done())
        .handle(rare, job -> {
          first.await();
          ran.add(job.payload());
          return JobOutcome.done();
        })
        .concurrency(rare, 1)
        .start()) {
      queue.enqueue(rare, "1");
      Await.until("the waiter waits for the other type", () -> {
        try (Jedis jedis = server.connect()) {
          return worker.running() == 1 && jedis.clientList().contains("cmd=bzpopmin");
        }
      });
      first.countDown();
      Await.until("it has ended", () -> ran.size() == 1 && worker.running() == 0);
      long enqueued = System.nanoTime();
      queue.enqueue(rare, "2");
      Await.until("the next one runs", () -> ran.size() == 2);

      assertThat(Duration.ofNanos(System.nanoTime() - enqueued)).isLessThan(Duration.ofSeconds(2));
    }
  }

  @Test
  void aLateEndAfterTheLeaseWasLostIsRefused() {
    Claims slow = claims("slow", Duration.ofMillis(300), 5);
    Claims quick = claims("quick", Duration.ofSeconds(30), 5);
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    Claim stale = slow.step(List.of(), emails(1)).claimed().get(0);
    Await.until("its lease has ended", () -> quick.beat(false).takenOver() == 1);
    Claim fresh = quick.step(List.of(), emails(1)).claimed().get(0);

    slow.step(List.of(End.completed(stale)), NOTHING);
    assertThat(state("a")).isEqualTo(JobState.ACTIVE);
    slow.beat(false);

    assertThat(fresh.attempt()).isEqualTo(2);
    quick.step(List.of(End.completed(fresh)), NOTHING);
    assertThat(state("a")).isEqualTo(JobState.COMPLETED);
    // Sent again, as after a lost reply: found ended by the same claim.
    quick.step(List.of(End.completed(fresh)), NOTHING);
    assertThat(QueueInspector.of(queue).counts()).isEqualTo(new QueueCounts(0, 0, 0, 0, 1));
  }

  @Test
  void whatALostReplyBroughtIsGivenBackByTheNextBeat() {
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    try (FaultProxy network = FaultProxy.to(server.port());
        RedisAccess far = RedisAccess.builder(network.redisUrl())
            .deadline(Duration.ofSeconds(5))
            .build()) {
      Claims worker = new Claims(
          JobQueue.builder(far, "mail").build(),
          "w",
          Duration.ofSeconds(30),
          5,
          List.of("sendEmail"),
          Clock.system(),
          lost -> {});
      worker.beat(false);
      network.dropReplies();
      assertThatThrownBy(() -> worker.step(List.of(), emails(1)))
          .isInstanceOf(JedisException.class);
      assertThat(state("a")).isEqualTo(JobState.ACTIVE);
      network.heal();

      Await.until("the network is back", () -> {
        try {
          worker.beat(false);
          return true;
        } catch (RejectedException | JedisException notYet) {
          return false;
        }
      });

      assertThat(state("a")).isEqualTo(JobState.WAITING);
      Claim claim = worker.step(List.of(), emails(1)).claimed().get(0);
      worker.beat(false);
      assertThat(claim.attempt()).isEqualTo(1);
      assertThat(state("a")).isEqualTo(JobState.ACTIVE);
    }
  }

  @Test
  void aJobThatKillsItsWorkersIsDeadAfterSoManyCrashes() {
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    for (int crash = 1; crash <= 2; crash++) {
      claims("doomed" + crash, Duration.ofMillis(300), 2).step(List.of(), emails(1));
      Claims other = claims("other", Duration.ofSeconds(30), 2);
      Await.until("its lease has ended", () -> other.beat(false).takenOver() == 1);
    }

    assertThat(state("a")).isEqualTo(JobState.DEAD);
    assertThat(QueueInspector.of(queue).dead(0, 1).get(0).reason()).contains("2 times");
  }

  @Test
  void aHandlerThatTakesTooLongIsInterruptedAndItsSlotIsFree() {
    CountDownLatch ignores = new CountDownLatch(1);
    List<Boolean> cancelled = new CopyOnWriteArrayList<>();
    try (Worker worker = Worker.builder(queue)
        .handle(SEND_EMAIL, QUICK, job -> {
          if (job.payload().to().equals("hangs")) {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException interrupted) {
              cancelled.add(job.cancelled());
              ignores.await();
            }
          }
          return JobOutcome.done();
        })
        .concurrency(1)
        .timeLimit(Duration.ofMillis(50))
        .start()) {
      queue.enqueue(SEND_EMAIL, new Email("hangs"), id("hangs").maxAttempts(1));
      queue.enqueue(SEND_EMAIL, new Email("next"), id("next"));

      Await.until("the next is done", () -> state("next") == JobState.COMPLETED);
      // The slot is given back before the handler is interrupted.
      Await.until("the handler is interrupted", () -> !cancelled.isEmpty());
      assertThat(cancelled).containsExactly(true);
      assertThat(QueueInspector.of(queue).dead(0, 1).get(0).reason())
          .contains("longer than PT0.05S");
      ignores.countDown();
      Await.until("the worker is free", () -> worker.running() == 0);
      assertThat(state("hangs")).isEqualTo(JobState.DEAD);
    }
  }

  @Test
  void aDamagedDeadLetterIsShownAsSuchBesideTheOthers() {
    try (Worker worker =
        Worker.builder(queue).handle(SEND_EMAIL, job -> JobOutcome.dead("no")).start()) {
      for (String name : List.of("a", "b", "c")) {
        queue.enqueue(SEND_EMAIL, new Email(name), id(name));
      }
      Await.until("all are dead", () -> QueueInspector.of(queue).counts().dead() == 3);
      assertThat(worker).isNotNull();
    }
    try (Jedis jedis = server.connect()) {
      jedis.set("q:{mail}:j:a", "x");
      jedis.hset("q:{mail}:e", "b", "d|many");
    }

    assertThat(QueueInspector.of(queue).dead(0, 10))
        .extracting(DeadLetter::id, DeadLetter::isDamaged, DeadLetter::attempts)
        .containsExactlyInAnyOrder(
            tuple(new JobId("a"), true, 1),
            tuple(new JobId("b"), false, 0),
            tuple(new JobId("c"), false, 1));
  }

  @Test
  void newerDataIsNeitherEnqueuedToNorClaimedFromWithOneWarning() {
    queue.enqueue(SEND_EMAIL, new Email("a"), id("a"));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    QueueDepthMetrics.bind(meters, queue);
    try (Jedis jedis = server.connect();
        CapturedLog log = CapturedLog.start()) {
      jedis.hset("q:{mail}:m", "v", "2");
      try (Worker worker =
          Worker.builder(queue).handle(SEND_EMAIL, job -> JobOutcome.done()).start()) {
        for (int i = 0; i < 3; i++) {
          assertThatExceptionOfType(QueueVersionException.class)
              .isThrownBy(() -> queue.enqueue(SEND_EMAIL, new Email("b")))
              .withMessageContainingAll("version 2", "version 1", "update this process")
              .returns(2, QueueVersionException::dataVersion)
              .returns(1, QueueVersionException::ownVersion);
        }
        assertThat(meters.get("toolkit.queue.version.refused").gauge().value()).isEqualTo(1);
        assertThat(log.lines("dataVersion=2")).hasSize(1);
        assertThat(jedis.exists("q:{mail}:j:a")).isTrue();

        jedis.hset("q:{mail}:m", "v", "1");
        Await.until("it is done", () -> QueueInspector.of(queue).counts().ended() == 1);
        assertThat(meters.get("toolkit.queue.version.refused").gauge().value()).isZero();
        assertThat(worker).isNotNull();
      }
    }
  }

  @Test
  void dataOfAnOlderVersionIsMigratedOnceNoOlderWorkerIsRegistered() {
    try (Jedis jedis = server.connect()) {
      jedis.hset("q:{mail}:m", "v", "0");
      jedis.hset("q:{mail}:o:old", "", "0|old");
      jedis.zadd("q:{mail}:l", System.currentTimeMillis() + 60_000, "old");
      assertThatExceptionOfType(QueueVersionException.class)
          .isThrownBy(() -> queue.enqueue(SEND_EMAIL, new Email("a")))
          .withMessageContaining("stop the workers of the older version");

      jedis.zrem("q:{mail}:l", "old");

      assertThat(queue.enqueue(SEND_EMAIL, new Email("a")).outcome()).isEqualTo(Outcome.ADDED);
    }
  }

  @Test
  void refusesWhatCannotWork() {
    assertThatIllegalArgumentException().isThrownBy(() -> JobQueue.builder(redis, "a{b}"));
    assertThatIllegalArgumentException().isThrownBy(() -> new JobId("a|b"));
    assertThatIllegalArgumentException().isThrownBy(() -> new JobId("@"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EnqueueOptions.defaults().priority(10));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EnqueueOptions.defaults().delay(Duration.ofMillis(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> queue.enqueueCall(SEND_EMAIL, new Email("a"), EnqueueOptions.defaults()));
    assertThatIllegalStateException().isThrownBy(() -> Worker.builder(queue).start());
    try (RedisClient mine = RedisClient.create(server.url());
        RedisAccess single = RedisAccess.wrap(mine)) {
      JobQueue enqueueOnly = JobQueue.builder(single, "mail").build();
      assertThat(enqueueOnly.enqueue(SEND_EMAIL, new Email("a")).outcome())
          .isEqualTo(Outcome.ADDED);
      assertThatIllegalStateException()
          .isThrownBy(() -> Worker.builder(enqueueOnly)
              .handle(SEND_EMAIL, job -> JobOutcome.done())
              .start())
          .withMessageContaining("wrap(commands, blocking)");
    }
  }
}
