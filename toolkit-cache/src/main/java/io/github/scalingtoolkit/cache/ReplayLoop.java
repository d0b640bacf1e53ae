package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * Replays the journal while the breaker is closed: a single lost call does not open it, and then nothing else would replay. While it
 * is open each try is refused at once, and the recovery step does the work. Its thread starts with the first need.
 */
final class ReplayLoop implements AutoCloseable {
  private static final long PAUSE_NANOS = Duration.ofMillis(50).toNanos();

  private final BooleanSupplier idle;
  private final IntSupplier replay;
  private final Thread thread;
  private final AtomicBoolean started = new AtomicBoolean();
  private volatile boolean closed;

  ReplayLoop(String cache, BooleanSupplier idle, IntSupplier replay) {
    this.idle = idle;
    this.replay = replay;
    thread = BlockingThreads.platformFactory("cache-replay-" + cache + "-").newThread(this::run);
  }

  /** Wakes the loop: there is something to replay. */
  void wake() {
    if (!closed && started.compareAndSet(false, true)) {
      thread.start();
    }
    LockSupport.unpark(thread);
  }

  /** Tries once and returns how many keys were replayed: 0 while Redis is out of reach. */
  int doWork() {
    try {
      return replay.getAsInt();
    } catch (RuntimeException unreachable) {
      return 0;
    }
  }

  private void run() {
    while (!closed) {
      if (idle.getAsBoolean()) {
        LockSupport.park(this);
      } else if (doWork() == 0) {
        LockSupport.parkNanos(this, PAUSE_NANOS);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
