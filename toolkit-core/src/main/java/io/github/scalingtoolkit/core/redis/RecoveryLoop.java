package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Tries a failing dependency until it is well again; sleeps while it is well. */
final class RecoveryLoop implements AutoCloseable {
  /** How often an open guard is asked whether its interval is over: it is cheap, and only then. */
  private static final long POLL_NANOS = Duration.ofMillis(20).toNanos();

  private final Guard guard;
  private final Runnable trial;
  private final Thread thread;
  private volatile boolean closed;

  RecoveryLoop(Guard guard, Runnable trial) {
    this.guard = guard;
    this.trial = trial;
    thread = BlockingThreads.platformFactory("recovery-" + guard.name() + "-").newThread(this::run);
    guard.onStateChange(state -> LockSupport.unpark(thread));
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!closed) {
      if (guard.state() == GuardState.CLOSED) {
        LockSupport.park(this);
      } else if (!guard.probe(trial)) {
        LockSupport.parkNanos(this, POLL_NANOS);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
