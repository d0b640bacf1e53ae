package io.github.scalingtoolkit.core.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LoopTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);

  private final AtomicInteger steps = new AtomicInteger();

  @Test
  void aStepThatFailsIsToldOfAndTakenAgain() throws InterruptedException {
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    Loop loop = new Loop(
        "test",
        () -> {
          if (steps.incrementAndGet() == 1) {
            throw new StackOverflowError("first");
          }
          return Loop.UNTIL_WOKEN;
        },
        failures::add);

    loop.start();
    Await.until("it was taken again", () -> steps.get() == 2);
    loop.close();

    assertThat(loop.awaitEnd(LONG_ENOUGH)).isTrue();
    assertThat(failures).singleElement().isInstanceOf(StackOverflowError.class);
  }

  @Test
  void failuresAreOneLineAndTheirEndIsAnother() throws InterruptedException {
    try (CapturedLog log = CapturedLog.start()) {
      Loop loop = new Loop("told-once", () -> {
        if (steps.incrementAndGet() < 3) {
          throw new IllegalStateException("early");
        }
        return Loop.DONE;
      });

      loop.start();

      assertThat(loop.awaitEnd(LONG_ENOUGH)).isTrue();
      assertThat(steps).hasValue(3);
      assertThat(log.lines("loop=told-once"))
          .satisfiesExactly(
              failing -> assertThat(failing).contains("loop=told-once state=failing"),
              well -> assertThat(well).contains("loop=told-once state=well"));
    }
  }

  @Test
  void wakingEndsTheWait() throws InterruptedException {
    Loop loop = new Loop("test", () -> {
      steps.incrementAndGet();
      return Duration.ofDays(1);
    });
    loop.start();
    Await.until("the first step", () -> steps.get() == 1);

    loop.wake();

    Await.until("the second step", () -> steps.get() == 2);
    loop.close();
    assertThat(loop.awaitEnd(LONG_ENOUGH)).isTrue();
  }

  @Test
  void wakingDuringAStepThatParksIsNotLost() {
    CountDownLatch woken = new CountDownLatch(1);
    Loop loop = new Loop("test", () -> {
      if (steps.incrementAndGet() == 1) {
        // Takes the permit that waking gives to the thread.
        await(woken);
      }
      return Loop.UNTIL_WOKEN;
    });
    loop.start();
    Await.until("the first step", () -> steps.get() == 1);

    loop.wake();
    woken.countDown();

    Await.until("the second step", () -> steps.get() == 2);
    loop.close();
  }

  @Test
  void closingNowInterruptsTheStepAndTakesNoOther() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    Loop loop = new Loop(
        "test",
        () -> {
          steps.incrementAndGet();
          await(never);
          return Duration.ZERO;
        },
        failure -> {});
    loop.start();
    Await.until("the first step", () -> steps.get() == 1);

    loop.closeNow();

    assertThat(loop.awaitEnd(LONG_ENOUGH)).isTrue();
    assertThat(steps).hasValue(1);
  }

  @Test
  void oneThatIsClosedBeforeItsStartTakesNoStep() throws InterruptedException {
    Loop loop = new Loop("test", () -> {
      steps.incrementAndGet();
      return Loop.DONE;
    });

    loop.close();
    loop.start();

    assertThat(loop.awaitEnd(LONG_ENOUGH)).isTrue();
    assertThat(steps).hasValue(0);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
