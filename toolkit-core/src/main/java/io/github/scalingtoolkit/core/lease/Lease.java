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
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Runnable> whenLost = new ArrayList<>();
  private State state = State.HELD;
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

  /** Returns what is held. */
  public String name() {
    return name;
  }

  /**
   * Returns the fencing token: greater than that of whoever held the name before. Hand it to what the lease protects, and
   * have that refuse a token less than the greatest it has seen: nothing else keeps out a holder that was paused for
   * longer than its lease and does not know yet.
   */
  public long token() {
    return token;
  }

  /** Tells whether it is held, as far as this process can know: by its own monotonic clock, without asking Redis. */
  public boolean isHeld() {
    lock.lock();
    try {
      return state == State.HELD && endsNanos - clock.nanoTime() > 0;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has {@code action} run once if the lease is lost, and at once if it is lost already; never after {@link #close}. Runs
   * on the thread that tells all losses, so one that blocks makes others hear late. What it throws is logged.
   */
  public void onLost(Runnable action) {
    Objects.requireNonNull(action);
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
   * Gives the permit back: one round trip, after which somebody who waits has it, without waiting for its end. The thread's
   * {@link io.github.scalingtoolkit.core.time.Deadline} does not hold for it. If it fails, it is tried again in the
   * background until the lease has ended by itself. Never throws; calling it again does nothing.
   */
  @Override
  public void close() {
    if (end(State.CLOSED)) {
      release.accept(this);
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

  /** Takes Redis' word for it; the next to look tells. */
  void endedInRedis() {
    cause = "ended-in-redis";
    endsNanos = clock.nanoTime();
  }

  /** Tells whoever wants to know, unless it was closed or lost before. */
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
      // Also an Error: whoever listens besides has to hear of it all the same.
      log.error("a lease's listener failed cause={}", failure.getClass().getName());
    }
  }

  @Override
  public String toString() {
    return "Lease[" + name + ", token " + token + ", " + (isHeld() ? "held" : "not held") + "]";
  }
}
