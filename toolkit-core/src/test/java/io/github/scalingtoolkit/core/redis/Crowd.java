package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/** Callers who do the same at the same time: on virtual threads where there are any. */
final class Crowd {
  /** What a caller does each time. */
  interface Act {
    void run(int caller, int time) throws Exception;
  }

  private final int size;
  private final boolean platform;
  private final List<Future<?>> callers = new ArrayList<>();

  private Crowd(int size, boolean platform) {
    this.size = size;
    this.platform = platform;
  }

  static Crowd of(int size) {
    return new Crowd(size, false);
  }

  Crowd onPlatformThreads() {
    return new Crowd(size, true);
  }

  /** Runs {@code act} so often in each caller, and throws what one of them throws. */
  void each(int times, Act act) {
    start(times, act).join();
  }

  Crowd start(int times, Act act) {
    ExecutorService threads = platform
        ? Executors.newCachedThreadPool(BlockingThreads.platformFactory("crowd-"))
        : BlockingThreads.executor("crowd-", size);
    CountDownLatch all = new CountDownLatch(size);
    for (int i = 0; i < size; i++) {
      int caller = i;
      callers.add(threads.submit(() -> {
        all.countDown();
        all.await();
        for (int time = 0; time < times; time++) {
          act.run(caller, time);
        }
        return null;
      }));
    }
    threads.shutdown();
    return this;
  }

  /** Waits for all, and throws what one of them threw; one that has not ended after a minute is stuck. */
  void join() {
    join(() -> 0);
  }

  /** As the other, but nobody is stuck while {@code progress} changes from minute to minute. */
  void join(LongSupplier progress) {
    for (Future<?> caller : callers) {
      join(caller, progress);
    }
  }

  private static void join(Future<?> caller, LongSupplier progress) {
    while (true) {
      long before = progress.getAsLong();
      try {
        caller.get(60, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException failed) {
        throw new AssertionError(failed.getCause());
      } catch (TimeoutException late) {
        if (progress.getAsLong() == before) {
          throw new AssertionError("a caller is stuck", late);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }
  }
}
