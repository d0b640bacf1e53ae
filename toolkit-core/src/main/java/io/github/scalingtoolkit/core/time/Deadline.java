package io.github.scalingtoolkit.core.time;

import io.github.scalingtoolkit.core.Action;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The time at which a caller stops waiting for an answer, inherited by all work done for it.
 *
 * <p>{@link #call} binds it to the thread for the length of an action. Inside, an earlier deadline wins over a later one:
 * a callee cannot make its caller wait longer. It does not pass to other threads by itself.
 *
 * <p>Immutable and safe for use by several threads. Measured with monotonic time.
 */
public final class Deadline {
  private static final ThreadLocal<@Nullable Deadline> CURRENT = new ThreadLocal<>();
  private static final Duration LONGEST = Duration.ofDays(3650);

  private final Clock clock;
  private final long atNanos;

  private Deadline(Clock clock, long atNanos) {
    this.clock = clock;
    this.atNanos = atNanos;
  }

  /**
   * Returns the deadline {@code after} from now, or ten years from now if that is sooner.
   *
   * @throws IllegalArgumentException if {@code after} is negative
   */
  public static Deadline after(Duration after, Clock clock) {
    if (after.isNegative()) {
      throw new IllegalArgumentException("after must be >= 0 but was " + after);
    }
    Duration bounded = after.compareTo(LONGEST) < 0 ? after : LONGEST;
    return new Deadline(clock, clock.nanoTime() + bounded.toNanos());
  }

  /** Returns the deadline of this thread's work, or null if there is none. */
  public static @Nullable Deadline current() {
    return CURRENT.get();
  }

  /** Tells whether this thread's work has a deadline that has passed. */
  public static boolean currentIsExpired() {
    Deadline current = CURRENT.get();
    return current != null && current.isExpired();
  }

  /** Returns the remaining time; zero once it has passed. */
  public Duration remaining() {
    return Duration.ofNanos(remainingNanos());
  }

  /** As {@link #remaining()}, in nanoseconds. */
  public long remainingNanos() {
    return Math.max(0, atNanos - clock.nanoTime());
  }

  /**
   * Returns the shorter of {@code own} and the remaining time of this thread's work: how long a client should wait at most.
   */
  public static Duration within(Duration own) {
    Deadline current = CURRENT.get();
    if (current == null) {
      return own;
    }
    Duration remaining = current.remaining();
    return remaining.compareTo(own) < 0 ? remaining : own;
  }

  /** Tells whether it has passed. */
  public boolean isExpired() {
    return atNanos - clock.nanoTime() <= 0;
  }

  /**
   * Runs {@code action} with this as the thread's deadline, or with the one it has if that is earlier.
   *
   * @return what the action returned; null only if it did
   * @throws E whatever the action throws, unwrapped; also an {@link InterruptedException}, undeclared as {@link Action}
   *     says
   */
  public <T extends @Nullable Object, E extends Exception> T call(Action<T, E> action) throws E {
    Deadline outer = CURRENT.get();
    boolean outerIsEarlier = outer != null && outer.remainingNanos() <= remainingNanos();
    if (!outerIsEarlier) {
      CURRENT.set(this);
    }
    try {
      return action.run();
    } catch (InterruptedException interrupted) {
      throw Deadline.<RuntimeException>undeclared(interrupted);
    } finally {
      if (outer == null) {
        CURRENT.remove();
      } else if (!outerIsEarlier) {
        CURRENT.set(outer);
      }
    }
  }

  /** As {@link #call}, for an action without a result. */
  public <E extends Exception> void run(Action.Effect<E> action) throws E {
    call(() -> {
      action.run();
      return this;
    });
  }

  /**
   * Runs {@code action} without the thread's deadline, which applies again afterwards: for work that must be done although no caller
   * waits for it any more, such as releasing a lock.
   */
  public static <T extends @Nullable Object, E extends Exception> T suspended(Action<T, E> action)
      throws E {
    Deadline outer = CURRENT.get();
    CURRENT.remove();
    try {
      return action.run();
    } catch (InterruptedException interrupted) {
      throw Deadline.<RuntimeException>undeclared(interrupted);
    } finally {
      if (outer != null) {
        CURRENT.set(outer);
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static <X extends Exception> X undeclared(Exception checked) throws X {
    throw (X) checked;
  }

  @Override
  public String toString() {
    return "Deadline[in " + remaining() + "]";
  }
}
