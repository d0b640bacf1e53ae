package io.github.scalingtoolkit.core.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BoundedPoolTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final ThreadFactory FACTORY = BlockingThreads.platformFactory("pool-test-");

  private final Set<Thread> used = ConcurrentHashMap.newKeySet();
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<BoundedPool> pools = new ArrayList<>();

  @AfterEach
  void stop() {
    go.countDown();
    pools.forEach(BoundedPool::shutdownNow);
  }

  @Test
  void tasksThatFollowEachOtherShareOneThread() throws Exception {
    BoundedPool pool = pool(256, LONG);

    for (int i = 0; i < 50; i++) {
      pool.submit(this::note).get();
      awaitIdle();
    }

    assertThat(used).hasSize(1);
  }

  @Test
  void fewTasksAtATimeHaveFewThreadsHoweverManyThereMayBe() throws Exception {
    BoundedPool pool = pool(256, LONG);
    for (int i = 0; i < 50; i++) {
      pool.submit(this::note).get();
      awaitIdle();
    }

    hold(pool, 3);

    assertThat(pool.threads()).isEqualTo(3);
    assertThat(pool.waiting()).isZero();
  }

  @Test
  void neverMoreThanTheBoundRunAtATimeAndAllAreRun() throws Exception {
    BoundedPool pool = pool(3, LONG);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger run = new AtomicInteger();
    CountDownLatch three = new CountDownLatch(3);
    List<Thread> submitters = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread submitter = FACTORY.newThread(() -> {
        for (int j = 0; j < 500; j++) {
          pool.execute(() -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            three.countDown();
            awaitQuietly(three);
            running.decrementAndGet();
            run.incrementAndGet();
          });
        }
      });
      submitters.add(submitter);
      submitter.start();
    }
    for (Thread submitter : submitters) {
      submitter.join();
    }
    pool.shutdown();

    assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(run).hasValue(2_000);
    assertThat(most).hasValue(3);
  }

  @Test
  void whatIsBeyondTheBoundWaitsAndIsRunInItsOrder() throws Exception {
    BoundedPool pool = pool(1, LONG);
    hold(pool, 1);
    List<Integer> order = new ArrayList<>();
    List<Future<?>> done = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int number = i;
      done.add(pool.submit(() -> {
        synchronized (order) {
          order.add(number);
        }
        return note();
      }));
    }

    assertThat(pool.waiting()).isEqualTo(10);
    go.countDown();
    for (Future<?> one : done) {
      one.get();
    }
    assertThat(used).hasSize(1);
    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void threadsThatABurstNeededEndWhileOthersGoOn() throws Exception {
    BoundedPool pool = pool(256, Duration.ofMillis(20));
    hold(pool, 40);
    assertThat(pool.threads()).isEqualTo(40);

    go.countDown();
    while (pool.threads() > 8 && !Thread.interrupted()) {
      pool.submit(this::note).get();
    }

    // Where waiting threads take turns, all 40 stay.
    assertThat(pool.threads()).isLessThanOrEqualTo(8);
  }

  @Test
  void noTaskIsLeftBehindWhereThreadsEndAllTheTime() throws Exception {
    BoundedPool pool = pool(2, Duration.ofNanos(1));
    AtomicInteger run = new AtomicInteger();

    for (int i = 0; i < 5_000; i++) {
      Future<?> one = pool.submit(run::incrementAndGet);
      if (i % 3 == 0) {
        one.get(20, TimeUnit.SECONDS);
      }
    }
    pool.shutdown();

    assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(run).hasValue(5_000);
  }

  @Test
  void whatWaitsWhenItIsShutDownIsRunAndNothingElseIsTaken() throws Exception {
    BoundedPool pool = pool(1, LONG);
    hold(pool, 1);
    Future<?> waits = pool.submit(this::note);

    pool.shutdown();

    assertThatExceptionOfType(RejectedExecutionException.class)
        .isThrownBy(() -> pool.submit(this::note))
        .withMessage("the executor is shut down: it takes no more tasks");
    assertThat(pool.isTerminated()).isFalse();
    go.countDown();
    waits.get();
    assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void stoppingAtOnceReturnsWaitingTasksAndInterruptsRunningOnes() throws Exception {
    BoundedPool pool = pool(1, LONG);
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    pool.execute(() -> {
      running.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        interrupted.countDown();
      }
    });
    running.await();
    Runnable waits = () -> {};
    pool.execute(waits);

    assertThat(pool.shutdownNow()).containsExactly(waits);
    interrupted.await();
    assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aTaskThatThrowsIsReportedAndTheNextIsRunWithoutItsInterrupt() throws Exception {
    AtomicReference<Throwable> reported = new AtomicReference<>();
    BoundedPool pool = new BoundedPool(
        task -> {
          Thread thread = FACTORY.newThread(task);
          thread.setUncaughtExceptionHandler((any, thrown) -> {
            reported.set(thrown);
            throw new IllegalStateException("a handler that throws, too");
          });
          return thread;
        },
        1,
        LONG);
    pools.add(pool);
    CountDownLatch queued = new CountDownLatch(1);
    pool.execute(() -> {
      try {
        queued.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      Thread.currentThread().interrupt();
      throw new UnsupportedOperationException("thrown by a task");
    });
    Future<Boolean> next = pool.submit(() -> Thread.currentThread().isInterrupted());
    queued.countDown();

    assertThat(next.get()).isFalse();
    assertThat(reported.get()).hasMessage("thrown by a task");
  }

  @Test
  void aThreadThatCannotBeStartedFailsItsTaskAloneAndTakesNoPlace() throws Exception {
    AtomicBoolean none = new AtomicBoolean(true);
    BoundedPool pool = new BoundedPool(
        task -> {
          if (none.get()) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          return FACTORY.newThread(task);
        },
        1,
        LONG);
    pools.add(pool);

    assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> pool.execute(this::note));
    none.set(false);

    assertThat(pool.submit(() -> 7).get()).isEqualTo(7);
    assertThat(used).isEmpty();
  }

  /** Keeps so many threads until {@link #go}. */
  private void hold(BoundedPool pool, int count) throws InterruptedException {
    CountDownLatch running = new CountDownLatch(count);
    Callable<Boolean> held = () -> {
      boolean noted = note();
      running.countDown();
      go.await();
      return noted;
    };
    for (int i = 0; i < count; i++) {
      pool.submit(held);
    }
    running.await();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean note() {
    return used.add(Thread.currentThread());
  }

  private BoundedPool pool(int most, Duration idle) {
    BoundedPool pool = new BoundedPool(FACTORY, most, idle);
    pools.add(pool);
    return pool;
  }

  /** A task has ended a little before its thread waits for the next. */
  private void awaitIdle() {
    for (Thread thread : used) {
      while (thread.getState() != Thread.State.TIMED_WAITING && !Thread.interrupted()) {
        Thread.onSpinWait();
      }
    }
  }
}
