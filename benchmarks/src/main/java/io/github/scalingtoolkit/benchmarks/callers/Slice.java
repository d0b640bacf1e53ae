package io.github.scalingtoolkit.benchmarks.callers;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A short time in which so many callers do the same as fast as they can, each one thing at a time.
 *
 * @param perSecond how often all together did it
 * @param fewest what the slowest caller did, as a share of the mean
 */
record Slice(double perSecond, double fewest) {

  /** On which threads callers run. */
  enum Threads {
    PLATFORM,
    VIRTUAL;

    /** Returns an executor with a thread for each caller. */
    ExecutorService open() {
      if (this == PLATFORM) {
        return Executors.newCachedThreadPool();
      }
      try {
        return (ExecutorService)
            Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("virtual threads need JDK 21", e);
      }
    }

    static boolean haveVirtual() {
      return Runtime.version().feature() >= 21;
    }
  }

  /** Runs it. A throw of {@code once} ends it. */
  static Slice run(Threads threads, int callers, Duration time, IntConsumer once)
      throws InterruptedException {
    long[] done = new long[callers * 8];
    CountDownLatch ready = new CountDownLatch(callers);
    CountDownLatch go = new CountDownLatch(1);
    long[] end = new long[1];
    ExecutorService executor = threads.open();
    try {
      Future<?>[] running = IntStream.range(0, callers)
          .mapToObj(caller -> executor.submit(() -> {
            ready.countDown();
            go.await();
            long count = 0;
            while (System.nanoTime() < end[0]) {
              once.accept(caller);
              count++;
            }
            // Far from the next one's, so that they do not share a cache line.
            done[caller * 8] = count;
            return null;
          }))
          .toArray(Future<?>[]::new);
      ready.await();
      long began = System.nanoTime();
      end[0] = began + time.toNanos();
      go.countDown();
      for (Future<?> caller : running) {
        caller.get();
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      double mean = LongStream.of(done).sum() / (double) callers;
      long fewest =
          IntStream.range(0, callers).mapToLong(i -> done[i * 8]).min().orElse(0);
      return new Slice(mean * callers / seconds, mean == 0 ? 0 : fewest / mean);
    } catch (ExecutionException failed) {
      throw new IllegalStateException("a caller failed: " + failed.getCause(), failed);
    } finally {
      executor.shutdownNow();
    }
  }
}
