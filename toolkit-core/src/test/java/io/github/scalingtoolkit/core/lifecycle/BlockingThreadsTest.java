package io.github.scalingtoolkit.core.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BlockingThreadsTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<ExecutorService> pools = new ArrayList<>();

  @AfterEach
  void stop() {
    go.countDown();
    pools.forEach(ExecutorService::shutdownNow);
  }

  @Test
  void tasksThatFollowEachOtherShareOneThread() throws Exception {
    ThreadPoolExecutor pool = pool(256, LONG);

    for (int i = 0; i < 50; i++) {
      pool.submit(() -> threads.add(Thread.currentThread())).get();
      awaitIdle();
    }

    assertThat(threads).hasSize(1);
  }

  @Test
  void thereAreAsManyThreadsAsTasksAtATimeAndWhatIsBeyondTheBoundWaitsAndIsDone() throws Exception {
    ThreadPoolExecutor pool = pool(3, LONG);
    CountDownLatch running = new CountDownLatch(3);
    List<Future<Integer>> done = new ArrayList<>();

    for (int i = 0; i < 10; i++) {
      int number = i;
      done.add(pool.submit(() -> {
        threads.add(Thread.currentThread());
        running.countDown();
        go.await();
        return number;
      }));
    }
    running.await();

    assertThat(pool.getQueue()).hasSize(7);
    go.countDown();
    for (int i = 0; i < 10; i++) {
      assertThat(done.get(i).get()).isEqualTo(i);
    }
    assertThat(threads).hasSize(3);
  }

  @Test
  void noTaskIsLeftBehindWhereThreadsEndAllTheTime() throws Exception {
    ThreadPoolExecutor pool = pool(1, Duration.ofNanos(1));
    AtomicInteger run = new AtomicInteger();

    for (int i = 0; i < 20_000; i++) {
      Future<?> one = pool.submit(run::incrementAndGet);
      if (i % 2 == 0) {
        one.get(20, TimeUnit.SECONDS);
      }
    }
    pool.shutdown();

    assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(run).hasValue(20_000);
  }

  @Test
  void whatWaitsWhenItIsShutDownIsDoneAndNothingElseIsTaken() throws Exception {
    ThreadPoolExecutor pool = pool(1, LONG);
    CountDownLatch running = new CountDownLatch(1);
    Future<?> first = pool.submit(() -> {
      running.countDown();
      go.await();
      return null;
    });
    running.await();
    Future<?> second = pool.submit(() -> {});

    pool.shutdown();

    assertThatExceptionOfType(RejectedExecutionException.class)
        .isThrownBy(() -> pool.submit(() -> {}))
        .withMessage("the executor is shut down: it takes no more tasks");
    go.countDown();
    first.get();
    second.get();
    assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void theExecutorRunsTasksOnThreadsThatKeepNoJvmUp() throws Exception {
    ExecutorService executor = BlockingThreads.executor("blocking-test-", 2);
    pools.add(executor);

    Thread thread = executor.submit(Thread::currentThread).get();

    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName())
        .startsWith(BlockingThreads.virtual() ? "blocking-" : "blocking-test-");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlockingThreads.executor("blocking-test-", 0))
        .withMessage("maxPlatformThreads must be >= 1 but was 0");
  }

  private ThreadPoolExecutor pool(int most, Duration idle) {
    ThreadPoolExecutor pool =
        BlockingThreads.platformPool(BlockingThreads.platformFactory("pool-test-"), most, idle);
    pools.add(pool);
    return pool;
  }

  /** A thread's task has ended a little before the thread waits for the next. */
  private void awaitIdle() {
    for (Thread thread : threads) {
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
    }
  }
}
