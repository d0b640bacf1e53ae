package io.github.scalingtoolkit.core.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.health.Health.Status;
import io.github.scalingtoolkit.core.time.ManualClock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HealthRegistryTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));
  private final AtomicBoolean mongoUp = new AtomicBoolean(true);
  private final AtomicBoolean redisUp = new AtomicBoolean(true);

  private static void answer(AtomicBoolean up) {
    if (!up.get()) {
      throw new IllegalStateException("mongodb://ada:s3cret@h refused");
    }
  }

  private HealthRegistry registry() {
    return HealthRegistry.builder()
        .required("mongo", () -> answer(mongoUp))
        .optional("redis", () -> answer(redisUp))
        .interval(Duration.ofSeconds(1))
        .clock(clock)
        .build();
  }

  /** Lets an interval pass, starts every check once, and returns when what they found is {@code expected}. */
  private void look(HealthRegistry health, Status expected) {
    clock.advance(Duration.ofSeconds(1));
    startEach(health);
    Await.until("health is " + expected, () -> health.snapshot().status() == expected);
  }

  /** Starts every check once. One that still runs is not started, so it is asked for until its run has ended. */
  private static void startEach(HealthRegistry health) {
    int checks = health.snapshot().checks().size();
    AtomicInteger started = new AtomicInteger();
    Await.until("each check was started", () -> started.addAndGet(health.doWork()) >= checks);
    assertThat(started).as("starts within one interval").hasValue(checks);
  }

  /** As {@link #look}, where the status was the same before: returns when all runs of the interval have ended. */
  private void lookInVain(HealthRegistry health, Status expected) {
    clock.advance(Duration.ofSeconds(1));
    startEach(health);
    // None is started while it runs, so these have ended once the next interval's were started.
    clock.advance(Duration.ofSeconds(1));
    startEach(health);
    assertThat(health.snapshot().status()).isEqualTo(expected);
  }

  @Test
  void isDownUntilEveryRequiredCheckHasAnswered() {
    try (HealthRegistry health = registry()) {
      assertThat(health.snapshot().status()).isEqualTo(Status.DOWN);
      assertThat(health.snapshot().checks().get(0).message()).isEqualTo("not checked yet");

      look(health, Status.UP);
    }
  }

  @Test
  void aRequiredDependencyMakesItDownAndAnOptionalOneDegraded() {
    try (HealthRegistry health = registry()) {
      look(health, Status.UP);
      redisUp.set(false);
      look(health, Status.DEGRADED);
      mongoUp.set(false);
      look(health, Status.DOWN);
      assertThat(health.snapshot().toString())
          .doesNotContain("s3cret")
          .contains("IllegalStateException");
      mongoUp.set(true);
      redisUp.set(true);
      look(health, Status.UP);
    }
  }

  @Test
  void whatIsRequiredToStartIsOptionalOnceItHasAnswered() {
    mongoUp.set(false);
    try (HealthRegistry health = HealthRegistry.builder()
        .requiredToStart("mongo", () -> answer(mongoUp))
        .interval(Duration.ofSeconds(1))
        .clock(clock)
        .build()) {
      lookInVain(health, Status.DOWN);
      assertThat(health.snapshot().checks().get(0).message()).isEqualTo("IllegalStateException");
      assertThat(health.snapshot().checks().get(0).required()).isTrue();

      mongoUp.set(true);
      look(health, Status.UP);
      mongoUp.set(false);
      look(health, Status.DEGRADED);

      assertThat(health.snapshot().checks().get(0).required()).isFalse();
    }
  }

  @Test
  void showsTheMessageOfAnUnhealthyExceptionAndWarnsOnce() {
    AtomicBoolean up = new AtomicBoolean(false);
    try (CapturedLog log = CapturedLog.start();
        HealthRegistry health = HealthRegistry.builder()
            .optional("own-words", () -> {
              if (!up.get()) {
                throw new UnhealthyException("refuses the credentials; check MAIL_URL");
              }
            })
            .clock(clock)
            .build()) {
      lookInVain(health, Status.DEGRADED);
      lookInVain(health, Status.DEGRADED);
      assertThat(health.snapshot().checks().get(0).message())
          .isEqualTo("refuses the credentials; check MAIL_URL");
      assertThat(log.lines("check=own-words"))
          .singleElement()
          .asString()
          .contains("WARN", "up=false", "refuses the credentials; check MAIL_URL");

      up.set(true);
      look(health, Status.UP);
      up.set(false);
      look(health, Status.DEGRADED);
      assertThat(log.lines("check=own-words"))
          .as("one for each time it went down")
          .hasSize(2);
    }
  }

  @Test
  void warnsOfEachReasonOnceAndOfThreeAtMostWhileItIsDown() {
    AtomicInteger looks = new AtomicInteger();
    try (CapturedLog log = CapturedLog.start();
        HealthRegistry health = HealthRegistry.builder()
            .optional("restless", () -> {
              throw new UnhealthyException("reason " + looks.incrementAndGet() / 2);
            })
            .clock(clock)
            .build()) {
      Await.until("it has been asked often", () -> {
        clock.advance(Duration.ofSeconds(1));
        health.doWork();
        return looks.get() > 20;
      });

      assertThat(log.lines("check=restless")).hasSize(3).doesNotHaveDuplicates();
    }
  }

  @Test
  void aCheckThatHangsIsDownAfterItsDeadlineAndCostsOneThread() {
    CountDownLatch hung = new CountDownLatch(1);
    AtomicInteger started = new AtomicInteger();
    try (HealthRegistry health = HealthRegistry.builder()
        .required("mongo", () -> {
          started.incrementAndGet();
          try {
            hung.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        })
        .deadline(Duration.ofSeconds(3))
        .clock(clock)
        .build()) {
      for (int i = 0; i < 10; i++) {
        health.doWork();
        clock.advance(Duration.ofSeconds(1));
      }
      Await.until("it was started", () -> started.get() == 1);

      assertThat(health.snapshot().status()).isEqualTo(Status.DOWN);
      assertThat(health.snapshot().checks().get(0).message()).isEqualTo("no answer for 10000 ms");
      hung.countDown();
      Await.until(
          "its late answer is known",
          () -> "answered only after 10000 ms"
              .equals(health.snapshot().checks().get(0).message()));
      assertThat(health.snapshot().status()).isEqualTo(Status.DOWN);
      assertThat(health.doWork()).as("its run ended with its answer").isEqualTo(1);
      Await.until("it is up", () -> health.snapshot().status() == Status.UP);
    }
  }

  @Test
  void anAnswerThatIsTooOldIsNoAnswer() {
    try (HealthRegistry health = registry()) {
      look(health, Status.UP);

      clock.advance(Duration.ofSeconds(8));
      assertThat(health.snapshot().status()).isEqualTo(Status.UP);
      clock.advance(Duration.ofMillis(1));

      assertThat(health.snapshot().status()).isEqualTo(Status.DOWN);
      assertThat(health.snapshot().checks().get(0).message()).isEqualTo("not checked for 8001 ms");
      look(health, Status.UP);
    }
  }

  @Test
  void checksByItselfOnceStarted() {
    try (HealthRegistry health = HealthRegistry.builder()
        .required("mongo", () -> answer(mongoUp))
        .interval(Duration.ofMillis(10))
        .build()) {
      health.start();
      Await.until("it is up", () -> health.snapshot().status() == Status.UP);
      mongoUp.set(false);
      Await.until("it is down", () -> health.snapshot().status() == Status.DOWN);
    }
  }

  @Test
  void anErrorOfACheckIsDownLikeAnyFailure() {
    AtomicBoolean broken = new AtomicBoolean();
    try (HealthRegistry health = HealthRegistry.builder()
        .required("mongo", () -> {
          if (broken.get()) {
            throw new NoClassDefFoundError("gone");
          }
        })
        .clock(clock)
        .build()) {
      look(health, Status.UP);
      broken.set(true);
      look(health, Status.DOWN);
    }
  }

  @Test
  void refusesAnIntervalOrADeadlineOfMoreThanALifetime() {
    for (Duration wrong : List.of(
        Duration.ZERO, Duration.ofDays(1).plusNanos(1), Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> HealthRegistry.builder().interval(wrong))
          .withMessage("interval must be > 0 and <= 1 d but was " + wrong);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> HealthRegistry.builder().deadline(wrong))
          .withMessage("deadline must be > 0 and <= 1 d but was " + wrong);
    }
  }

  @Test
  void refusesTwoChecksOfOneName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HealthRegistry.builder().required("a", () -> {}).optional("a", () -> {}));
  }
}
