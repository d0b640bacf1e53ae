package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries failing nodes until they are well again; sleeps while all are well and there is nothing to ask.
 *
 * <p>Without it no call would ever pass again, so it outlives whatever is thrown, and logs that once.
 */
final class RecoveryLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RecoveryLoop.class);

  /** How often an open guard is asked whether its interval is over: it is cheap, and only then. */
  private static final long POLL_NANOS = Duration.ofMillis(20).toNanos();

  private static final long AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  private final String name;
  private final Map<Guard, Runnable> trials = new ConcurrentHashMap<>();
  private final BooleanSupplier asksWhenWell;
  private final Thread thread;
  private volatile boolean closed;
  private boolean told;

  /**
   * Makes a loop, to be started.
   *
   * @param asksWhenWell does what is to be done while all is well; returns false to be called again later
   */
  RecoveryLoop(String name, BooleanSupplier asksWhenWell) {
    this.name = name;
    this.asksWhenWell = asksWhenWell;
    thread = BlockingThreads.platformFactory("recovery-" + name + "-").newThread(this::run);
  }

  void start() {
    thread.start();
  }

  /** Tries {@code trial} whenever {@code guard} is open. */
  void add(Guard guard, Runnable trial) {
    trials.put(guard, trial);
    guard.onStateChange(state -> LockSupport.unpark(thread));
    wake();
  }

  /** Forgets a guard whose node is gone. */
  void remove(Guard guard) {
    trials.remove(guard);
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
    if (!allWell()) {
      LockSupport.parkNanos(this, POLL_NANOS);
    } else if (!asksWhenWell.getAsBoolean()) {
      LockSupport.parkNanos(this, AGAIN_NANOS);
    } else if (!closed && trials.keySet().stream().allMatch(RecoveryLoop::isClosed)) {
      // Looked at again, as asking may have parked, and so swallowed the news that it had changed.
      LockSupport.park(this);
    }
  }

  /** Probes each guard that is not closed; tells whether all are. */
  private boolean allWell() {
    boolean all = true;
    for (Map.Entry<Guard, Runnable> each : trials.entrySet()) {
      all &= isClosed(each.getKey()) || each.getKey().probe(each.getValue());
    }
    return all;
  }

  private static boolean isClosed(Guard guard) {
    return guard.state() == GuardState.CLOSED;
  }

  private void tellOnce(Throwable unexpected) {
    if (told) {
      return;
    }
    told = true;
    try {
      log.error("redis={} recovery=failed action=go-on", name, unexpected);
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
