package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.testing.Await;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoopTest {
  @Test
  void pausesTwiceAsLongAfterEachFailureUpToASecond() {
    assertThat(IntStream.rangeClosed(1, 8).mapToObj(Loop::pauseAfter).map(Duration::toMillis))
        .containsExactly(20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L);
    assertThat(Loop.pauseAfter(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void aTurnThatFailsIsToldOfAndTakenAgain() throws InterruptedException {
    AtomicInteger turns = new AtomicInteger();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    Loop loop = new Loop(
        BlockingThreads.platformFactory("loop-"),
        () -> {
          if (turns.incrementAndGet() == 1) {
            throw new StackOverflowError("first");
          }
          return Duration.ofDays(1);
        },
        failures::add);

    loop.start();
    Await.until("it was taken again", () -> turns.get() == 2);
    loop.end();

    assertThat(loop.awaitEnd(Duration.ofSeconds(30))).isTrue();
    assertThat(failures).singleElement().isInstanceOf(StackOverflowError.class);
  }

  @Test
  void wakingEndsTheWait() throws InterruptedException {
    AtomicInteger turns = new AtomicInteger();
    Loop loop = new Loop(
        BlockingThreads.platformFactory("loop-"),
        () -> {
          turns.incrementAndGet();
          return Duration.ofDays(1);
        },
        failure -> {});
    loop.start();
    Await.until("the first turn", () -> turns.get() == 1);

    loop.wake();

    Await.until("the second turn", () -> turns.get() == 2);
    loop.end();
    assertThat(loop.awaitEnd(Duration.ofSeconds(30))).isTrue();
  }
}
