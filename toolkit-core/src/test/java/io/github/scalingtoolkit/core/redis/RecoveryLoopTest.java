package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RecoveryLoopTest {
  /** A clock that throws on the loop's thread for as many times as it was told. */
  private static final class BrokenClock implements Clock {
    private final AtomicInteger broken = new AtomicInteger();

    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public long nanoTime() {
      if (Thread.currentThread().getName().startsWith("recovery-")
          && broken.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new NoClassDefFoundError("gone");
      }
      return System.nanoTime();
    }
  }

  @Test
  void outlivesErrorsOfTheTrialAndOfItsOwn() {
    BrokenClock clock = new BrokenClock();
    Guard guard = Guard.builder("store")
        .countWindow(1)
        .minimumCalls(1)
        .openFor(Duration.ofMillis(1), Duration.ofMillis(1))
        .probed()
        .clock(clock)
        .build();
    AtomicInteger trials = new AtomicInteger();
    Runnable trial = () -> {
      if (trials.incrementAndGet() < 3) {
        throw new StackOverflowError();
      }
    };
    try (RecoveryLoop loop = new RecoveryLoop("test", () -> true)) {
      loop.add(guard, trial);
      clock.broken.set(3);
      loop.start();
      assertThatThrownBy(() -> guard.run(() -> {
            throw new IllegalStateException("down");
          }))
          .isInstanceOf(IllegalStateException.class);

      Await.until(
          "it is closed again",
          () -> guard.state() == GuardState.CLOSED && trials.get() == 3 && clock.broken.get() == 0);
    }
  }
}
