package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/** What is kept, told and done after a run that failed. */
class JobFailuresTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final RetryPolicy QUICK = RetryPolicy.given(Duration.ZERO);

  @RegisterExtension
  private static final QueueOnRedis opened = QueueOnRedis.named("notes");

  private final RedisServer server = opened.server();
  private final RedisAccess redis = opened.redis();
  private final JobQueue queue = opened.queue();
  private final QueueInspector inspector = QueueInspector.of(queue);

  private static JobId id(String id) {
    return new JobId(id);
  }

  private void enqueue(String id, int maxAttempts) {
    queue.enqueue(NOTE, id, EnqueueOptions.defaults().id(id(id)).maxAttempts(maxAttempts));
  }

  private void awaitState(String id, JobState state) {
    Await.until(id + " is " + state, () -> queue.find(id(id)).orElseThrow().state() == state);
  }

  private WorkerBuilder worker(JobHandler<String> handler) {
    return Worker.builder(queue).handle(NOTE, QUICK, handler);
  }

  private static JobOutcome thrown(Throwable failure) {
    return JobFailuresTest.<RuntimeException, JobOutcome>sneaky(failure);
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable, T> T sneaky(Throwable failure) throws X {
    throw (X) failure;
  }

  @Test
  void nothingIsKeptOfASnoozedJobOnceItIsDone() {
    AtomicInteger runs = new AtomicInteger();
    enqueue("x", 3);

    try (Worker worker = worker(job -> runs.incrementAndGet() < 3
            ? JobOutcome.snooze(Duration.ofMillis(1))
            : JobOutcome.done())
        .start()) {
      awaitState("x", JobState.COMPLETED);
      assertThat(worker).isNotNull();
    }

    assertThat(queue.find(id("x")).orElseThrow().attempts()).isEqualTo(1);
    try (Jedis jedis = server.connect()) {
      assertThat(jedis.exists("q:{notes}:t")).isFalse();
      assertThat(jedis.exists("q:{notes}:e")).isFalse();
    }
  }

  @Test
  void eachFailedRunIsKeptWithItsErrorMessageAndFrames() {
    Instant before = Instant.ofEpochMilli(System.currentTimeMillis());
    enqueue("x", 3);
    try (Worker worker = worker(job -> switch (job.attempt()) {
          case 1 ->
            throw new IllegalStateException("no answer\nfrom mail", new java.io.IOException("cut"));
          case 2 -> JobOutcome.retryIn(Duration.ZERO);
          default -> JobOutcome.dead("no such address");
        })
        .start()) {
      awaitState("x", JobState.DEAD);
      assertThat(worker).isNotNull();
    }

    List<JobFailure> failures = inspector.failures(id("x"));
    assertThat(failures)
        .extracting(JobFailure::attempt, JobFailure::error, JobFailure::message)
        .containsExactly(
            tuple(1, "java.lang.IllegalStateException", "no answer from mail"),
            tuple(2, "", "its handler asked for a retry"),
            tuple(3, "", "no such address"));
    assertThat(failures.get(0).frames())
        .anyMatch(frame -> frame.contains("JobFailuresTest"))
        .contains("caused by java.io.IOException: cut");
    assertThat(failures.get(1).frames()).isEmpty();
    assertThat(failures)
        .allSatisfy(failure -> assertThat(failure.at()).isBetween(before, Instant.now()));
    assertThat(inspector.dead(0, 1).get(0).cause()).isEqualTo(DeadLetter.Cause.FAILED);

    assertThat(inspector.retryDead(id("x"))).isTrue();
    assertThat(inspector.failures(id("x"))).isEmpty();
  }

  /**
   * https://github.com/sidekiq/sidekiq/issues/3952 and pull/1843: there a message that is no UTF-8 repeats a job for ever,
   * and one of megabytes fills Redis.
   */
  @Test
  void noMessageIsTooOddOrTooLongToEndARun() {
    Throwable circular = new IllegalStateException("\ud800 lone");
    circular.initCause(new IllegalStateException(circular));
    List<Throwable> odd = List.of(
        circular,
        new IllegalStateException("m".repeat(5_000_000)),
        new IllegalStateException("\u0000\r\n|\u2028"),
        new IllegalStateException() {
          @Override
          public String getMessage() {
            throw new IllegalStateException("no message either");
          }
        },
        new StackOverflowError());
    for (int i = 0; i < odd.size(); i++) {
      enqueue("" + i, 1);
    }
    try (Worker worker =
        worker(job -> thrown(odd.get(Integer.parseInt(job.payload())))).start()) {
      Await.until("all are dead", () -> inspector.counts().dead() == odd.size());
      Await.until("the worker is free", () -> worker.running() == 0);
    }

    Function<String, String> message =
        name -> inspector.failures(id(name)).get(0).message();
    assertThat(message.apply("0")).isEqualTo("\ufffd lone");
    assertThat(message.apply("1")).hasSize(500);
    assertThat(message.apply("2")).doesNotContain("\n");
    assertThat(message.apply("3")).contains("not kept", "IllegalStateException");
    try (Jedis jedis = server.connect()) {
      for (int i = 0; i < odd.size(); i++) {
        assertThat(jedis.lindex("q:{notes}:h:" + i, 0).length()).isLessThan(4000);
      }
    }
  }

  @Test
  void secretsInMessagesAreMaskedUnlessTheUserRedactsThem() {
    assertThat(FailureText.masked("login password=hunter2, user=ada failed"))
        .isEqualTo("login password=***, user=ada failed");
    assertThat(FailureText.masked("{\"access_token\": \"abc def\", \"n\": 1}"))
        .isEqualTo("{\"access_token\": ***, \"n\": 1}");
    assertThat(FailureText.masked("Authorization: Bearer abc.def-ghi_123"))
        .isEqualTo("Authorization: ***");
    assertThat(FailureText.masked("sent Bearer abcdefgh1234 twice"))
        .isEqualTo("sent Bearer *** twice");
    assertThat(FailureText.masked("redis://user:pass@host:6379 is down"))
        .isEqualTo("redis://***@host:6379 is down");
    assertThat(FailureText.masked("the token has expired")).isEqualTo("the token has expired");
    assertThat(FailureText.masked("sent Cookie: a=1; session=xyz\nto b"))
        .isEqualTo("sent Cookie: ***\nto b");
    assertThat(FailureText.masked("Set-Cookie: a=1; Path=/")).isEqualTo("Set-Cookie: ***");
    for (String scheme :
        List.of("Token abc", "ApiKey abc", "Digest username=\"a\", response=\"abc\"")) {
      assertThat(FailureText.masked("Authorization: " + scheme)).isEqualTo("Authorization: ***");
    }
    assertThat(FailureText.masked("{\"password\":\"a\\\"b c\",\"n\":1}"))
        .isEqualTo("{\"password\":***,\"n\":1}");
    assertThat(FailureText.masked("{\\\"password\\\":\\\"a b\\\",n"))
        .isEqualTo("{\\\"password\\\":***,n");
    assertThat(FailureText.masked("password='a b, cut")).isEqualTo("password=***");
    assertThat(FailureText.masked("redis://u:p@ss@h/0 and a@b"))
        .isEqualTo("redis://***@h/0 and a@b");
    assertThat(FailureText.masked("passphrase=a private_key: b X-Signature: c"))
        .isEqualTo("passphrase=*** private_key: *** X-Signature: ***");

    assertThat(new FailureText(message -> "").of(1, new IllegalStateException("hunter2")))
        .startsWith("1|java.lang.IllegalStateException\n\nat ");
    assertThat(new FailureText(message -> null).of(1, new IllegalStateException("hunter2")))
        .contains("not kept")
        .doesNotContain("hunter2");
  }

  @Test
  void theReasonOfADeadLetterHidesWhatItsFailuresHide() {
    enqueue("x", 1);
    try (Worker worker =
        worker(job -> JobOutcome.dead("login password=hunter2 failed")).start()) {
      awaitState("x", JobState.DEAD);
      assertThat(worker).isNotNull();
    }

    assertThat(inspector.dead(0, 1).get(0).reason()).isEqualTo("login password=*** failed");
  }

  @Test
  void anExceptionThatBreaksWhenItIsAskedIsKeptAsItself() {
    Throwable noCause = new IllegalStateException("kept") {
      @Override
      public synchronized Throwable getCause() {
        throw new IllegalStateException("no cause either");
      }
    };
    Throwable noFrames = new IllegalStateException("kept, too") {
      @Override
      public StackTraceElement[] getStackTrace() {
        throw new IllegalStateException("no frames either");
      }
    };
    FailureText failures = new FailureText(message -> message);

    assertThat(failures.of(1, noCause))
        .startsWith("1|" + noCause.getClass().getName() + "\nkept\nat ")
        .contains("(no more: asking for them failed with java.lang.IllegalStateException)");
    assertThat(failures.of(1, noFrames))
        .startsWith("1|" + noFrames.getClass().getName() + "\nkept, too\n(no more");
  }

  @Test
  void aRunWhoseEndCannotBeToldCountsAndItsSlotIsFree() {
    AtomicInteger breaks = new AtomicInteger();
    Clock broken = new Clock() {
      @Override
      public Instant now() {
        return Clock.system().now();
      }

      @Override
      public long nanoTime() {
        // Not on the worker's loops: where a run begins.
        if (!Thread.currentThread().getName().startsWith("queue-") && breaks.getAndSet(0) == 1) {
          throw new OutOfMemoryError("for the test");
        }
        return System.nanoTime();
      }
    };
    try (Worker worker =
        worker(job -> JobOutcome.done()).clock(broken).concurrency(1).start()) {
      breaks.set(1);
      enqueue("x", 1);
      awaitState("x", JobState.DEAD);
      enqueue("next", 1);
      awaitState("next", JobState.COMPLETED);
      assertThat(worker).isNotNull();
    }

    assertThat(inspector.dead(0, 1).get(0).reason())
        .isEqualTo("how its run ended could not be told");
    assertThat(inspector.failures(id("x")))
        .singleElement()
        .returns(1, JobFailure::attempt)
        .returns("how its run ended could not be told", JobFailure::message);
  }

  /** https://github.com/hexpm/hexpm/pull/1912: a report is wanted of the last failure alone. */
  @Test
  void aListenerIsToldOfEachFailureAndWhetherTheJobIsDead() {
    List<String> told = new CopyOnWriteArrayList<>();
    enqueue("fails", 2);
    queue.enqueue(
        NOTE,
        "hangs",
        EnqueueOptions.defaults().id(id("hangs")).maxAttempts(1).timeLimit(Duration.ofMillis(300)));
    try (Worker worker = worker(job -> {
          if (job.payload().equals("hangs")) {
            new CountDownLatch(1).await();
          }
          throw new IllegalStateException("attempt " + job.attempt());
        })
        .listener(new QueueListener() {
          @Override
          public void onFailure(Job<?> job, Throwable failure, boolean dead) {
            told.add(job.payload() + ", last " + job.isLastAttempt() + ", " + failure.getMessage()
                + ", dead " + dead);
            throw new IllegalStateException("a broken listener");
          }
        })
        .start()) {
      awaitState("fails", JobState.DEAD);
      awaitState("hangs", JobState.DEAD);
      assertThat(worker).isNotNull();
    }

    assertThat(told)
        .containsExactlyInAnyOrder(
            "fails, last false, attempt 1, dead false",
            "fails, last true, attempt 2, dead true",
            "hangs, last true, it ran longer than PT0.3S, dead true");
  }

  @Test
  void aRunThatFailsAsItsTimeIsOverIsOneFailureToItsListener() {
    List<String> told = new CopyOnWriteArrayList<>();
    CountDownLatch heard = new CountDownLatch(1);
    CountDownLatch run = new CountDownLatch(1);
    queue.enqueue(
        NOTE,
        "x",
        EnqueueOptions.defaults().id(id("x")).maxAttempts(1).timeLimit(Duration.ofMillis(100)));
    try (Worker worker = worker(job -> {
          throw new IllegalStateException("thrown");
        })
        .redactMessages(message -> {
          // Keeps the run's own end from being decided until its time limit has ended it.
          if (message.equals("thrown")) {
            try {
              heard.await();
            } catch (InterruptedException timeIsOver) {
              return message;
            }
          }
          return message;
        })
        .listener(new QueueListener() {
          @Override
          public void onFailure(Job<?> job, Throwable failure, boolean dead) {
            told.add(failure.getMessage());
            heard.countDown();
          }

          @Override
          public void onRun(String type, String outcome, Duration took) {
            run.countDown();
          }
        })
        .start()) {
      awaitState("x", JobState.DEAD);
      Await.until("the run is over", () -> run.getCount() == 0 && worker.running() == 0);
    }

    assertThat(told).containsExactly("it ran longer than PT0.1S");
  }

  @Test
  void poisonIsToldApartFromFailures() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    enqueue("x", 5);
    try (Jedis jedis = server.connect()) {
      jedis.lpop("q:{notes}:w:5:note");
      jedis.hset("q:{notes}:o:killed", "x", "1");
      jedis.zadd("q:{notes}:l", 1, "killed");
    }
    try (Worker worker = worker(job -> JobOutcome.done())
        .mostCrashes(1)
        .lease(Duration.ofMillis(600))
        .listener(QueueMetrics.of(meters, "notes"))
        .start()) {
      awaitState("x", JobState.DEAD);

      Await.until(
          "it is counted", () -> meters.get("toolkit.queue.poison").counter().count() == 1);
      assertThat(worker).isNotNull();
    }
    assertThat(inspector.dead(0, 1).get(0).cause()).isEqualTo(DeadLetter.Cause.POISON);
    assertThat(inspector.failures(id("x")))
        .extracting(JobFailure::attempt, JobFailure::message)
        .containsExactly(tuple(1, "its worker killed ended or hung"));
  }

  @Test
  void anIdThatIsNoneForgesNoLogLineWhenItIsPoison() {
    try (Jedis jedis = server.connect();
        CapturedLog log = CapturedLog.start()) {
      jedis.set("q:{notes}:j:a\nb", "5c005note\n\"x\"");
      jedis.hset("q:{notes}:o:killed", "a\nb", "1");
      jedis.zadd("q:{notes}:l", 1, "killed");
      try (Worker worker = worker(job -> JobOutcome.done()).mostCrashes(1).start()) {
        Await.until("it is dead", () -> inspector.counts().dead() == 1);
        Await.until("it is told", () -> !log.lines("cause=poison").isEmpty());
        assertThat(worker).isNotNull();
      }

      assertThat(log.lines("cause=poison").get(0)).contains(" first=a%0Ab ");
    }
  }

  @Test
  void aDeadJobIsRetriedWithAnotherPayloadAndTheRestAsItWas() {
    queue.enqueue(
        NOTE,
        "adda@example.org",
        EnqueueOptions.defaults().id(id("x")).maxAttempts(1).priority(2).header("trace", "t"));
    List<String> ran = new CopyOnWriteArrayList<>();
    try (Worker worker = worker(job -> {
          ran.add(job.payload() + " " + job.attempt() + " " + job.headers());
          return job.payload().startsWith("adda") ? JobOutcome.dead("typo") : JobOutcome.done();
        })
        .start()) {
      awaitState("x", JobState.DEAD);

      assertThatIllegalArgumentException()
          .isThrownBy(() -> inspector.retryDead(id("x"), JobType.of("other", String.class), "a"));
      assertThat(inspector.retryDead(id("x"), NOTE, "ada@example.org")).isTrue();
      awaitState("x", JobState.COMPLETED);
      assertThat(inspector.retryDead(id("x"), NOTE, "again")).isFalse();
      assertThat(worker).isNotNull();
    }
    assertThat(ran).containsExactly("adda@example.org 1 {trace=t}", "ada@example.org 1 {trace=t}");
  }

  @Test
  void whatIsStoredUnderNoIdIsADeadLetterAndCanBeDiscarded() {
    String odd = "my job|\u00e9";
    try (Jedis jedis = server.connect()) {
      enqueue("good", 1);
      jedis.set("q:{notes}:j:" + odd, "5c005note\n\"x\"");
      jedis.rpush("q:{notes}:w:5:note", odd);
      try (Worker worker = worker(job -> JobOutcome.done()).start()) {
        awaitState("good", JobState.COMPLETED);
        Await.until("the other is dead", () -> inspector.counts().dead() == 1);
        Await.until("the worker is free", () -> worker.running() == 0);
      }

      DeadLetter letter = inspector.dead(0, 10).get(0);
      assertThat(letter.id()).isEqualTo(id("damaged:my%20job%7C%C3%A9"));
      assertThat(letter.isDamaged()).isTrue();
      assertThat(inspector.retryDead(letter.id())).isFalse();
      assertThat(inspector.discardDead(letter.id())).isTrue();
      assertThat(jedis.exists("q:{notes}:j:" + odd)).isFalse();
      assertThat(inspector.counts().dead()).isZero();
    }
  }

  /** https://github.com/oban-bg/oban/issues/476 and riverqueue/river#1037. */
  @Test
  void aSnoozeCountsAsNoAttemptForTheBackoffAndASnoozeOfZeroIsOne() {
    List<String> outcomes = new CopyOnWriteArrayList<>();
    List<Integer> attempts = new CopyOnWriteArrayList<>();
    enqueue("x", 2);
    try (Worker worker = worker(job -> {
          attempts.add(job.attempt());
          return attempts.size() < 5 ? JobOutcome.snooze(Duration.ZERO) : JobOutcome.retry();
        })
        .listener(new QueueListener() {
          @Override
          public void onRun(String type, String outcome, Duration took) {
            outcomes.add(outcome);
          }
        })
        .start()) {
      awaitState("x", JobState.DEAD);
      Await.until("all are told", () -> outcomes.size() == 6 && worker.running() == 0);
    }

    assertThat(outcomes).containsExactly("snooze", "snooze", "snooze", "snooze", "retry", "dead");
    assertThat(attempts).containsExactly(1, 1, 1, 1, 1, 2);
  }

  @Test
  void middlewareRunsRoundEachHandlerTheFirstOneOutermost() {
    List<String> seen = new CopyOnWriteArrayList<>();
    enqueue("runs", 1);
    enqueue("stopped", 1);
    try (Worker worker = worker(job -> {
          seen.add("handler of " + job.payload());
          return JobOutcome.done();
        })
        .around((job, next) -> {
          seen.add("outer of " + job.payload());
          try {
            return next.run();
          } finally {
            seen.add("end of " + job.payload());
          }
        })
        .around((job, next) ->
            job.payload().equals("stopped") ? JobOutcome.dead("not today") : next.run())
        .concurrency(1)
        .start()) {
      awaitState("runs", JobState.COMPLETED);
      awaitState("stopped", JobState.DEAD);
      assertThat(worker).isNotNull();
    }

    assertThat(seen)
        .containsExactly(
            "outer of runs",
            "handler of runs",
            "end of runs",
            "outer of stopped",
            "end of stopped");
  }
}
