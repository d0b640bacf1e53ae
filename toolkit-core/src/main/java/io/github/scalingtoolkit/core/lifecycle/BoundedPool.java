package io.github.scalingtoolkit.core.lifecycle;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs a bounded number of tasks at a time, each on the thread that became idle last, or on a new one if none is idle.
 *
 * <p>A {@link ThreadPoolExecutor} with a bound and a queue starts a thread for each task until all are there, and as they
 * take turns, none is idle for long. Without a queue it passes a task to the thread that has waited least, so that threads
 * that are not needed end; the bound and the waiting tasks are kept here.
 *
 * <p>Invariants, under the lock: {@code running} tasks have a thread each; a task waits only while {@code running} is the
 * bound, and a thread that has run a task takes the next waiting one before it gives up its place. So no task waits while there
 * is a place. Between giving up its place and waiting, a thread is neither counted nor idle: so there may be a few threads
 * more than tasks.
 */
final class BoundedPool extends AbstractExecutorService {
  private final ReentrantLock lock = new ReentrantLock();
  private final ThreadPoolExecutor threads;
  private final int most;

  /** Guarded by {@link #lock}. */
  private final Queue<Runnable> waiting = new ArrayDeque<>();

  /** Guarded by {@link #lock}. */
  private int running;

  BoundedPool(ThreadFactory factory, int most, Duration idle) {
    this.most = most;
    threads = new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        idle.toNanos(),
        TimeUnit.NANOSECONDS,
        new SynchronousQueue<>(),
        factory);
  }

  @Override
  public void execute(Runnable task) {
    Objects.requireNonNull(task, "task");
    lock.lock();
    try {
      if (threads.isShutdown()) {
        throw new RejectedExecutionException("the executor is shut down: it takes no more tasks");
      }
      if (running == most) {
        waiting.add(task);
      } else {
        // Under the lock, so that nothing waits for a thread that cannot be started.
        threads.execute(() -> runAndGoOn(task));
        running++;
      }
    } finally {
      lock.unlock();
    }
  }

  private void runAndGoOn(Runnable first) {
    for (Runnable task = first; task != null; task = next()) {
      try {
        task.run();
      } catch (Throwable thrown) {
        report(thrown);
      }
    }
  }

  private @Nullable Runnable next() {
    lock.lock();
    try {
      // An interrupt was meant for the previous task: shutdownNow interrupts under the lock, and
      // then
      // nothing waits.
      Thread.interrupted();
      Runnable next = waiting.poll();
      if (next == null) {
        running--;
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** As a thread does that ends by it. */
  private static void report(Throwable thrown) {
    Thread thread = Thread.currentThread();
    try {
      thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
    } catch (Throwable ignored) {
      // A JVM ignores it too.
    }
  }

  /** Returns how many threads there are, idle ones included. */
  int threads() {
    return threads.getPoolSize();
  }

  /** Returns how many tasks wait for a place. */
  int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /** Waiting tasks still run. */
  @Override
  public void shutdown() {
    lock.lock();
    try {
      threads.shutdown();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Runnable> shutdownNow() {
    lock.lock();
    try {
      List<Runnable> never = new ArrayList<>(waiting);
      waiting.clear();
      threads.shutdownNow();
      return never;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isShutdown() {
    return threads.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return threads.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return threads.awaitTermination(timeout, unit);
  }
}
