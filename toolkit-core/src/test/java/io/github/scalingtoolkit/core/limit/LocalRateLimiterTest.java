package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalRateLimiterTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-11-23T08:00:00Z"));

  @Test
  void admitsABurstThenOneForEachPermitThatComesBack() {
    RateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "3/3s"), clock);

    assertThat(List.of(
            limiter.tryAcquire("ada"), limiter.tryAcquire("ada"), limiter.tryAcquire("ada")))
        .allMatch(Decision::allowed)
        .extracting(Decision::remaining)
        .containsExactly(2L, 1L, 0L);
    Decision denied = limiter.tryAcquire("ada");
    assertThat(denied.allowed()).isFalse();
    assertThat(denied.retryAfter()).isEqualTo(Duration.ofSeconds(1));
    assertThat(denied.resetAfter()).isEqualTo(Duration.ofSeconds(3));
    assertThat(denied.retryAfterSeconds()).isEqualTo(1);

    clock.advance(Duration.ofSeconds(1));

    assertThat(limiter.tryAcquire("ada").allowed()).isTrue();
    assertThat(limiter.tryAcquire("ada").allowed()).isFalse();
    assertThat(limiter.tryAcquire("bob").allowed()).isTrue();
  }

  @Test
  void neverAdmitsMoreThanTheBurstAndTheRateOverAnyStretchOfTime() {
    int permits = 20;
    Duration period = Duration.ofSeconds(1);
    RateLimiter limiter = LocalRateLimiter.of(new RateLimit("api", permits, period), clock);
    Random random = new Random(42);
    Deque<Long> admitted = new ArrayDeque<>();

    for (int i = 0; i < 200_000; i++) {
      clock.advance(
          Duration.ofNanos((long) (random.nextDouble() * random.nextDouble() * 60_000_000)));
      if (limiter.tryAcquire("ada").allowed()) {
        admitted.add(clock.nanoTime());
      }
    }

    List<Long> times = new ArrayList<>(admitted);
    for (int from = 0; from < times.size(); from++) {
      for (int to = from; to < Math.min(times.size(), from + 200); to++) {
        double bound =
            permits + permits * (times.get(to) - times.get(from)) / (double) period.toNanos();
        assertThat((double) (to - from + 1)).isLessThanOrEqualTo(bound + 1e-6);
      }
    }
    assertThat(times.size()).isGreaterThan(10_000);
  }

  @Test
  void severalThreadsTogetherGetNoMoreThanTheBurst() throws InterruptedException {
    RateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "1000/1h"), clock);
    AtomicInteger allowed = new AtomicInteger();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      Thread thread = new Thread(() -> {
        try {
          start.await();
        } catch (InterruptedException e) {
          return;
        }
        for (int i = 0; i < 1000; i++) {
          if (limiter.tryAcquire("ada").allowed()) {
            allowed.incrementAndGet();
          }
        }
      });
      thread.start();
      threads.add(thread);
    }

    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(allowed).hasValue(1000);
  }

  @Test
  void forgetsKeysWithAllPermitsBack() {
    LocalRateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "10/1s"), clock);
    for (int i = 0; i < 1000; i++) {
      limiter.tryAcquire("user-" + i);
    }

    clock.advance(Duration.ofSeconds(1));
    limiter.tryAcquire("ada");
    clock.advance(Duration.ofSeconds(1));
    limiter.tryAcquire("ada");

    assertThat(limiter.keys()).isLessThanOrEqualTo(2);
  }

  @Test
  void aKeyKeepsItsDebtThroughChangesOfGeneration() {
    RateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "2/10s"), clock);
    clock.advance(Duration.ofMillis(9_900));
    limiter.tryAcquire("ada");
    limiter.tryAcquire("ada");

    clock.advance(Duration.ofMillis(200));

    assertThat(limiter.tryAcquire("ada").allowed()).isFalse();
  }

  @Test
  void beyondItsMostKeysStrangersShareAndMemoryStaysBounded() {
    LocalRateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "5/1h"), clock, 100);
    int allowed = 0;
    for (int i = 0; i < 100_000; i++) {
      if (limiter.tryAcquire("10.0." + i).allowed()) {
        allowed++;
      }
    }

    assertThat(limiter.keys()).isLessThanOrEqualTo(100);
    assertThat(allowed).isLessThanOrEqualTo(100 + 4096 * 5);
  }

  @Test
  void keysThatComeBackPeriodAfterPeriodAreNotKeptBeyondTheMost() {
    LocalRateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "5/1m"), clock, 10);
    List<String> known = new ArrayList<>();
    for (int period = 0; period < 20; period++) {
      for (int i = 0; i < 10; i++) {
        known.add(0, "key-" + period + "-" + i);
      }
      known.forEach(limiter::tryAcquire);

      assertThat(limiter.keys()).isLessThanOrEqualTo(20);
      clock.advance(Duration.ofMinutes(1));
    }
  }

  @Test
  void aKeyThatSharedKeepsItsDebtWhenThereIsRoomForItAgain() {
    LocalRateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "2/10s"), clock, 1);
    limiter.tryAcquire("bob");
    clock.advance(Duration.ofMillis(9_900));
    assertThat(limiter.tryAcquire("ada", 2).allowed()).isTrue();

    clock.advance(Duration.ofMillis(200));

    assertThat(limiter.tryAcquire("ada").allowed()).isFalse();
  }

  @Test
  void aKeyThatFindsItsGenerationFullKeepsItsDebt() {
    LocalRateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "2/10s"), clock, 1);
    clock.advance(Duration.ofMillis(9_900));
    limiter.tryAcquire("ada", 2);
    clock.advance(Duration.ofMillis(200));
    limiter.tryAcquire("bob");

    assertThat(limiter.tryAcquire("ada").allowed()).isFalse();
    clock.advance(Duration.ofMillis(4_800));
    assertThat(limiter.tryAcquire("ada").allowed()).isTrue();
    assertThat(limiter.tryAcquire("ada").allowed()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"300000000/1s", "999999999/1s", "7777/77ms", "7/1s", "3/1ms"})
  void theBoundHoldsWherePermitsTakeFractionsOfNanoseconds(String text) {
    RateLimit limit = RateLimit.parse("api", text);
    RateLimiter limiter = LocalRateLimiter.of(limit, clock);
    int cost = Math.max(1, limit.permits() / 10_000);
    long admitted = 0;
    assertThat(limiter.tryAcquire("whole", limit.permits()).allowed()).isTrue();
    Duration step = limit.period().dividedBy(1000);

    for (int i = 0; i < 3_000; i++) {
      while (limiter.tryAcquire("ada", cost).allowed()) {
        admitted += cost;
      }
      clock.advance(step);
    }

    double bound = limit.permits() * (1 + 2_999 / 1000.0);
    assertThat((double) admitted).isLessThanOrEqualTo(bound).isGreaterThan(limit.permits());
  }

  @Test
  void aPeriodThatIsNoWholeNumberOfSecondsIsNotPassedOffAsOne() {
    assertThat(RateLimit.parse("api", "1000/100ms").policyHeader()).isEqualTo("\"api\";q=1000");
    assertThat(RateLimit.parse("api", "10/1500ms").policyHeader()).isEqualTo("\"api\";q=10");
    assertThat(RateLimit.parse("api", "10/2000ms").policyHeader()).isEqualTo("\"api\";q=10;w=2");
  }

  @Test
  void writesTheHeadersOfTheDraft() {
    RateLimiter limiter = LocalRateLimiter.of(RateLimit.parse("api", "100/15m"), Clock.system());

    Decision decision = limiter.tryAcquire("ada");

    assertThat(decision.limit().policyHeader()).isEqualTo("\"api\";q=100;w=900");
    assertThat(decision.rateLimitHeader()).isEqualTo("\"api\";r=99;t=9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "100",
        "0/1m",
        "100/0s",
        "100/1y",
        "-1/1m",
        "1e3/1m",
        "99999999999/1m",
        "100/32d"
      })
  void refusesLimitsThatMakeNoSense(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.parse("api", text));
  }
}
