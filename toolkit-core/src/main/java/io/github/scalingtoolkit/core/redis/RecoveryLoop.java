package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries a failing dependency until it is well again; sleeps while it is well and there is nothing to ask it.
 *
 * <p>Without it no call would ever pass again, so it outlives whatever is thrown, and logs that once.
 */
final class RecoveryLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RecoveryLoop.class);

  /** How often an open guard is asked whether its interval is over: it is cheap, and only then. */
  private static final long POLL_NANOS = Duration.ofMillis(20).toNanos();

  private static final long AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  private final Guard guard;
  private final Runnable trial;
  private final BooleanSupplier asksWhenWell;
  private final Thread thread;
  private volatile boolean closed;
  private boolean told;

  /**
   * Makes a loop, to be started.
   *
   * @param asksWhenWell does what is to be done while the dependency is well; returns false to be called again later
   */
  RecoveryLoop(Guard guard, Runnable trial, BooleanSupplier asksWhenWell) {
    this.guard = guard;
    this.trial = trial;
    this.asksWhenWell = asksWhenWell;
    thread = BlockingThreads.platformFactory("recovery-" + guard.name() + "-").newThread(this::run);
    guard.onStateChange(state -> LockSupport.unpark(thread));
  }

  void start() {
    thread.start();
  }

  /** Says that there is something new to ask. */
  void wake() {
    LockSupport.unpark(thread);
  }

  private void run() {
    while (!closed) {
      try {
        step();
      } catch (Throwable unexpected) {
        tellOnce(unexpected);
        LockSupport.parkNanos(this, POLL_NANOS);
      }
    }
  }

  private void step() {
    if (guard.state() == GuardState.CLOSED) {
      if (!asksWhenWell.getAsBoolean()) {
        LockSupport.parkNanos(this, AGAIN_NANOS);
      } else if (!closed && guard.state() == GuardState.CLOSED) {
        // Looked at again, as asking may have parked, and so swallowed the news that it had
        // changed.
        LockSupport.park(this);
      }
    } else if (!guard.probe(trial)) {
      LockSupport.parkNanos(this, POLL_NANOS);
    }
  }

  private void tellOnce(Throwable unexpected) {
    if (told) {
      return;
    }
    told = true;
    try {
      log.error("guard={} recovery=failed action=go-on", guard.name(), unexpected);
    } catch (Throwable noLog) {
      // Out of memory, say: then later failures may be told of.
      told = false;
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
