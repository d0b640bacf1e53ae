package io.github.scalingtoolkit.core.lifecycle;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats a step on its own daemon thread until it is closed. The step returns how long there is nothing
 * to do; {@link #wake} starts the next one at once.
 *
 * <p>It survives every exception of a step, an {@link Error} too, and repeats the step after 20 ms, twice as long after
 * each further failure in a row, up to 1 s. Such failures are one line in the log until a step succeeds, unless a handler
 * receives them.
 *
 * <p>A test calls the step directly, without a loop. An interrupt of the thread only ends a wait.
 *
 * <p>Safe for use by several threads. Only {@link #awaitEnd} blocks.
 */
public final class Loop implements AutoCloseable {
  /** Returned by a step when there is nothing to do until {@link Loop#wake}. */
  public static final Duration UNTIL_WOKEN = Duration.ofNanos(Long.MAX_VALUE);

  /** Returned by a step after which there is never anything to do: it closes the loop. */
  public static final Duration DONE = Duration.ofNanos(-1);

  /** Does the work that is due. */
  @FunctionalInterface
  public interface Step {
    /** Returns how long the next step can wait: zero for not at all, {@link #UNTIL_WOKEN}, or {@link #DONE}. */
    Duration take();
  }

  private static final Logger log = LoggerFactory.getLogger(Loop.class);
  private static final Backoff AFTER_FAILURE =
      Backoff.doubling(Duration.ofMillis(20), Duration.ofSeconds(1));

  private final String name;
  private final Step step;
  private final Consumer<Throwable> onFailure;
  private final Once told = new Once();
  private final AtomicBoolean started = new AtomicBoolean();
  private final Thread thread;
  private volatile boolean woken;
  private volatile boolean closed;

  /**
   * Makes a loop that logs exceptions of a step; {@link #start} starts it.
   *
   * @param name of the loop in the log, and the start of its thread's name: {@code "health"}
   */
  public Loop(String name, Step step) {
    this.name = name;
    this.step = step;
    onFailure = this::tell;
    thread = BlockingThreads.platformFactory(name + "-").newThread(this::run);
  }

  /**
   * Makes a loop for steps that fail regularly; {@link #start} starts it.
   *
   * @param onFailure receives, on the loop's thread, every exception of a step, which is then not logged; its own exceptions
   *     are
   */
  public Loop(String name, Step step, Consumer<Throwable> onFailure) {
    this.name = name;
    this.step = step;
    this.onFailure = onFailure;
    thread = BlockingThreads.platformFactory(name + "-").newThread(this::run);
  }

  /** Takes the first step at once. Does nothing if it was started or closed before. */
  public void start() {
    if (!closed && started.compareAndSet(false, true)) {
      try {
        thread.start();
      } catch (Throwable noThread) {
        started.set(false);
        throw noThread;
      }
    }
  }

  /** Takes the next step at once, or right after the current one. */
  public void wake() {
    woken = true;
    LockSupport.unpark(thread);
  }

  /** Takes no more steps after the current one, and does not wait for it. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  /** As {@link #close}, and interrupts the current step. */
  public void closeNow() {
    close();
    thread.interrupt();
  }

  /** Tells whether it was closed, or is {@link #DONE}. */
  public boolean isClosed() {
    return closed;
  }

  /** Returns whether its thread has ended or was never started, after waiting for up to {@code most} for that. */
  public boolean awaitEnd(Duration most) throws InterruptedException {
    if (thread.isAlive() && !most.isZero()) {
      thread.join(Math.max(1, most.toMillis()));
    }
    return !thread.isAlive();
  }

  private void run() {
    int failures = 0;
    while (!closed) {
      woken = false;
      Duration pause;
      try {
        pause = step.take();
        failures = 0;
        told.over(() -> log.info("loop={} state=well", name));
      } catch (Throwable failure) {
        // An Error as well: nothing else would take the next step.
        pause = AFTER_FAILURE.after(++failures);
        failed(failure);
      }
      if (pause.isNegative()) {
        closed = true;
      } else if (!pause.isZero()) {
        await(pause, failures > 0);
      }
    }
  }

  private void failed(Throwable failure) {
    try {
      onFailure.accept(failure);
    } catch (Throwable fault) {
      tell(fault);
    }
  }

  private void tell(Throwable failure) {
    told.tell(() -> log.error("loop={} state=failing action=\"it goes on\"", name, failure));
  }

  /** After a failure a wake does not cut the pause short: the step would fail as often as it is woken. */
  private void await(Duration pause, boolean deaf) {
    boolean forever = pause.compareTo(UNTIL_WOKEN) >= 0;
    long until = forever ? 0 : System.nanoTime() + pause.toNanos();
    while ((deaf || !woken) && !closed && !Thread.interrupted()) {
      if (forever) {
        LockSupport.park(this);
      } else {
        long left = until - System.nanoTime();
        if (left <= 0) {
          return;
        }
        LockSupport.parkNanos(this, left);
      }
    }
  }
}
