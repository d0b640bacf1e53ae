package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryBudgetTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);

  private record Entry(long second, long thousandths) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void allowsWhatAListOfAllDepositsAndWithdrawalsOfTenSecondsAllows(long seed) {
    Random random = new Random(seed);
    int perSecond = random.nextInt(4);
    RetryBudget budget = new RetryBudget(0.2, perSecond, clock.nanoTime());
    Deque<Entry> entries = new ArrayDeque<>();

    for (int step = 0; step < 20_000; step++) {
      long second = clock.nanoTime() / SECOND;
      entries.removeIf(entry -> entry.second <= second - RetryBudget.SECONDS);
      long balance = perSecond * RetryBudget.SECONDS * 1000L
          + entries.stream().mapToLong(Entry::thousandths).sum();
      assertThat(budget.available(clock.nanoTime())).isEqualTo(Math.max(0, balance / 1000));
      int dice = random.nextInt(100);
      if (dice < 60) {
        budget.deposit(clock.nanoTime());
        entries.add(new Entry(second, 200));
      } else if (dice < 90) {
        boolean granted = budget.tryWithdraw(clock.nanoTime());
        assertThat(granted).isEqualTo(balance >= 1000);
        if (granted) {
          entries.add(new Entry(second, -1000));
        }
      } else {
        clock.advance(Duration.ofMillis(random.nextInt(random.nextInt(50) == 0 ? 30_000 : 700)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20, 100, 1_000})
  void aTotalOutageIsMadeWorseByAFifthAndTenASecondAtMost(int callsPerSecond) {
    AtomicInteger attempts = new AtomicInteger();
    // Whose breaker never opens: what bounds the attempts is the budget alone.
    Guard guard = Guard.builder("store")
        .countWindow(1_000_000)
        .minimumCalls(1_000_000)
        .retries(10)
        .retryPause(Duration.ZERO, Duration.ZERO)
        .pauses(new ManualPauses(clock))
        .clock(clock)
        .build();
    int seconds = 60;

    for (int i = 0; i < callsPerSecond * seconds; i++) {
      assertThatThrownBy(() -> guard.callIdempotent(() -> {
            attempts.incrementAndGet();
            throw new IllegalStateException("down");
          }))
          .isInstanceOf(IllegalStateException.class);
      clock.advance(Duration.ofNanos(SECOND / callsPerSecond));
    }

    int calls = callsPerSecond * seconds;
    assertThat(attempts.get()).isGreaterThan(calls);
    assertThat(attempts.get())
        .isLessThanOrEqualTo((int) (1.2 * calls) + 10 * (seconds + RetryBudget.SECONDS));
    assertThat(guard.counts().retries().retries()).isEqualTo(attempts.get() - calls);
    if (callsPerSecond > 1) {
      assertThat(guard.counts().retries().stoppedByBudget()).isPositive();
    }
  }

  @Test
  void withTheBreakerATotalOutageIsHardlyNoticedAtAll() {
    AtomicInteger attempts = new AtomicInteger();
    Guard guard =
        Guard.builder("store").pauses(new ManualPauses(clock)).clock(clock).build();

    for (int i = 0; i < 60_000; i++) {
      assertThatThrownBy(() -> guard.callIdempotent(() -> {
            attempts.incrementAndGet();
            throw new IllegalStateException("down");
          }))
          .isInstanceOf(RuntimeException.class);
      clock.advance(Duration.ofMillis(1));
    }

    assertThat(attempts.get()).isLessThan(200);
  }
}
