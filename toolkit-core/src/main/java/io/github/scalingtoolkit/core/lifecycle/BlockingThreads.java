package io.github.scalingtoolkit.core.lifecycle;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Gives blocking work the best threads this JVM has: virtual ones on 21 and newer, a bounded pool of platform threads
 * on 17 to 20.
 *
 * <p>This is the one place that decides, and it does so by reflection, because JDK 17 must be able to build it.
 */
public final class BlockingThreads {
  private static final @Nullable ThreadFactory VIRTUAL = virtualFactory("blocking-");

  private BlockingThreads() {}

  /** Tells whether {@link #executor} runs its tasks on virtual threads. */
  public static boolean virtual() {
    return VIRTUAL != null;
  }

  /**
   * Returns a new executor for tasks that block.
   *
   * <p>On virtual threads each task has its own thread and {@code maxPlatformThreads} does not apply: the submitting
   * code must bound the work (a semaphore, a request limit). On platform threads a task goes to the one that became idle
   * last, to a new one if none is idle, or waits if all may be busy; a thread ends after 30 idle
   * seconds. Threads are daemons, so that a forgotten executor never keeps a JVM up.
   *
   * @param name prefix of the threads' names, such as {@code "todo-web-"}
   * @param maxPlatformThreads most tasks at a time on platform threads, at least 1
   * @throws IllegalArgumentException if {@code maxPlatformThreads} is below 1
   */
  public static ExecutorService executor(String name, int maxPlatformThreads) {
    if (maxPlatformThreads < 1) {
      throw new IllegalArgumentException(
          "maxPlatformThreads must be >= 1 but was " + maxPlatformThreads);
    }
    ThreadFactory factory = VIRTUAL == null ? platformFactory(name) : virtualFactory(name);
    if (VIRTUAL != null && factory != null) {
      try {
        return (ExecutorService) java.util.concurrent.Executors.class
            .getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
            .invoke(null, factory);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("this JDK makes virtual threads but has no executor for them", e);
      }
    }
    return new BoundedPool(platformFactory(name), maxPlatformThreads, Duration.ofSeconds(30));
  }

  /**
   * Returns a factory of daemon platform threads: for the few long-lived loops of a process (a fetcher, a heartbeat),
   * which gain nothing from being virtual.
   */
  public static ThreadFactory platformFactory(String name) {
    AtomicLong number = new AtomicLong();
    return task -> {
      Thread thread = new Thread(task, name + number.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }

  private static @Nullable ThreadFactory virtualFactory(String name) {
    if (Runtime.version().feature() < 21) {
      return null;
    }
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder");
      builder = type.getMethod("name", String.class, long.class).invoke(builder, name, 0L);
      return (ThreadFactory) type.getMethod("factory").invoke(builder);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(
          "JDK " + Runtime.version() + " should make virtual threads but does not", e);
    }
  }
}
