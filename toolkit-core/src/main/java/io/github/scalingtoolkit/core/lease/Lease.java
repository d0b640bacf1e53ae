package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A permit of a name, held for as long as it is renewed.
 *
 * <p><b>States.</b> <i>Held</i>, from {@link Leases#acquire}; then, once and for ever, either <i>closed</i>, by {@link
 * #close}, or <i>lost</i>: Redis has not confirmed it for a whole lifetime, or says that it has ended.
 *
 * <p>Safe for use by several threads.
 */
public final class Lease implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Lease.class);

  private enum State {
    HELD,
    CLOSED,
    LOST
  }

  private final String name;
  private final String holder;
  private final long token;
  private final Clock clock;
  private final Consumer<Lease> release;
  private final Thread taker = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Runnable> whenLost = new ArrayList<>();
  private State state = State.HELD;
  private volatile boolean handedOver;
  private volatile String cause = "not-renewed-in-time";
  private volatile long endsNanos;

  Lease(
      String name,
      String holder,
      long token,
      long endsNanos,
      Clock clock,
      Consumer<Lease> release) {
    this.name = name;
    this.holder = holder;
    this.token = token;
    this.endsNanos = endsNanos;
    this.clock = clock;
    this.release = release;
  }

  /** Returns the name that is held. */
  public String name() {
    return name;
  }

  /**
   * Returns the fencing token: greater than that of every earlier holder of the name. Pass it to the protected store, and
   * let the store refuse a token less than the greatest it has seen: nothing else keeps out a holder that was paused for
   * longer than its lease and has not noticed yet.
   */
  public long token() {
    noteUser();
    return token;
  }

  /** Tells whether it is held, as far as this process knows: by its own monotonic clock, without asking Redis. */
  public boolean isHeld() {
    noteUser();
    return holds();
  }

  private boolean holds() {
    lock.lock();
    try {
      return state == State.HELD && endsNanos - clock.nanoTime() > 0;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs {@code action} once if the lease is lost, and at once if it is already lost; never after {@link #close}. Runs
   * on the thread that reports all losses, so an action that blocks delays others. Its exceptions are logged.
   */
  public void onLost(Runnable action) {
    Objects.requireNonNull(action);
    noteUser();
    boolean already;
    lock.lock();
    try {
      already = state == State.LOST;
      if (state == State.HELD) {
        whenLost.add(action);
      }
    } finally {
      lock.unlock();
    }
    if (already) {
      run(action);
    }
  }

  /**
   * Releases the permit: one round trip, after which a waiter can take it at once. The thread's
   * {@link io.github.scalingtoolkit.core.time.Deadline} does not apply. If it fails, it is retried in the
   * background until the lease has expired. Never throws; calling it again does nothing.
   */
  @Override
  public void close() {
    if (end(State.CLOSED)) {
      release.accept(this);
    }
  }

  /** Tells whether {@code thread} would wait for itself: it took this, which is held, and no other has used it. */
  boolean isOf(Thread thread) {
    return thread == taker && !handedOver && holds();
  }

  private void noteUser() {
    if (Thread.currentThread() != taker) {
      handedOver = true;
    }
  }

  String holder() {
    return holder;
  }

  long endsNanos() {
    return endsNanos;
  }

  void renewedUntil(long nanos) {
    endsNanos = nanos;
  }

  /** Records that Redis says it has ended; the next check reports it. */
  void endedInRedis() {
    cause = "ended-in-redis";
    endsNanos = clock.nanoTime();
  }

  /** Notifies the listeners, unless it was closed or lost before. */
  void lose() {
    if (end(State.LOST)) {
      log.warn("lease={} token={} state=lost cause={}", name, token, cause);
      whenLost.forEach(Lease::run);
    }
  }

  private boolean end(State how) {
    lock.lock();
    try {
      boolean ends = state == State.HELD;
      if (ends) {
        state = how;
      }
      return ends;
    } finally {
      lock.unlock();
    }
  }

  private static void run(Runnable action) {
    try {
      action.run();
    } catch (Throwable failure) {
      // Also an Error: the other listeners must still be notified.
      log.error("a lease's listener failed cause={}", failure.getClass().getName());
    }
  }

  @Override
  public String toString() {
    return "Lease[" + name + ", token " + token + ", " + (holds() ? "held" : "not held") + "]";
  }
}
