package io.github.scalingtoolkit.core.guard;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;

/** Lets time pass before a retry or until a time-out. Tests replace it by a manual clock. */
interface Pauses {
  /** Blocks this thread. */
  void sleep(long nanos) throws InterruptedException;

  /**
   * Runs {@code task} later, on a thread that it may keep.
   *
   * @return a handle that cancels it
   */
  Runnable later(long nanos, Runnable task);

  /** The JDK's own timer, whose one thread only hands tasks on. */
  Pauses SYSTEM = new Pauses() {
    @Override
    public void sleep(long nanos) throws InterruptedException {
      TimeUnit.NANOSECONDS.sleep(nanos);
    }

    @Override
    public Runnable later(long nanos, Runnable task) {
      CompletableFuture<Boolean> timer = new CompletableFuture<>();
      CompletableFuture<?> handedOn = timer.thenAccept(due -> {
        if (due) {
          ForkJoinPool.commonPool().execute(task);
        }
      });
      timer.completeOnTimeout(Boolean.TRUE, nanos, TimeUnit.NANOSECONDS);
      // Completed and not cancelled: up to JDK 20 a cancelled one leaves its entry in the timer.
      return () -> timer.complete(Boolean.FALSE);
    }
  };
}
