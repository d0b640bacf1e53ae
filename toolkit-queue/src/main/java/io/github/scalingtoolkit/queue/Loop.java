package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A thread that takes turns until it is ended. A turn returns how long there is nothing to do unless the loop is woken; a
 * turn that fails, with any exception, is repeated after 20 ms, then 40 ms, and so on up to a second.
 */
final class Loop {
  /** One turn; returns how long the next one can wait. */
  interface Turn {
    Duration take();
  }

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final Turn turn;
  private final Consumer<Throwable> onFailure;
  private final Thread thread;
  private volatile boolean ended;

  Loop(ThreadFactory threads, Turn turn, Consumer<Throwable> onFailure) {
    this.turn = turn;
    this.onFailure = onFailure;
    thread = threads.newThread(this::run);
  }

  void start() {
    thread.start();
  }

  /** Takes the next turn at once. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Takes no more turns after the current one. */
  void end() {
    ended = true;
    wake();
  }

  /** Returns whether the thread has ended, after waiting for up to {@code most} for it. */
  boolean awaitEnd(Duration most) throws InterruptedException {
    thread.join(most.toMillis());
    return !thread.isAlive();
  }

  private void run() {
    int failures = 0;
    while (!ended) {
      Duration wait;
      try {
        wait = turn.take();
        failures = 0;
      } catch (Throwable failure) {
        // An Error as well: a loop that has ended leaves its worker half alive.
        wait = pauseAfter(++failures);
        onFailure.accept(failure);
      }
      if (!wait.isZero() && !ended) {
        LockSupport.parkNanos(this, wait.toNanos());
      }
    }
  }

  static Duration pauseAfter(int failures) {
    Duration pause = SHORTEST_PAUSE.multipliedBy(1L << Math.min(failures - 1, 6));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
