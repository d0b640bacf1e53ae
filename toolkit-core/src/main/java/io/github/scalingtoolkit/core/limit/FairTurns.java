package io.github.scalingtoolkit.core.limit;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lends a bounded number of places for costly work, such as password hashing, and takes turns between keys: a key with
 * many waiters delays others by at most the work it has in progress.
 *
 * <p>A free place goes to the key that was served least recently, a new key first; within a key in the order of arrival.
 * So a caller of a key without other waiters waits for one of the places in use to become free, and for no other waiter
 * of a key that has been served since this one arrived.
 *
 * <p>Those who wait can be bounded together as well, so that they do not hold all of what else is scarce, such as requests in
 * progress. That line is shared so that a key without anybody in it finds a place: a key may have as many waiters as places
 * are free in the line when one more comes, so one key may have half of them, and two a third each.
 *
 * <p>Within this process, without I/O. Safe for use by several threads; {@link #take} blocks for at most its wait. Keeps
 * nothing of a key once it neither uses a place nor waits.
 */
public final class FairTurns {
  private final int placesPerKey;
  private final int mostWaitingPerKey;
  private final int mostWaiting;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}, as is all that it holds. In no order: keys that wait are few. */
  private final Map<String, Line> lines = new HashMap<>();

  private int free;
  private int waiting;
  private long served;

  /** How a request for a turn ended. */
  public enum Outcome {
    /** The caller has a place until it closes the turn. */
    TAKEN,
    /** The key has as many waiters as it may have: refused at once. */
    LINE_FULL,
    /** All keys together have as many waiters as they may have: refused at once. */
    CROWDED,
    /** No place was free in time. */
    TOO_LATE
  }

  private FairTurns(int places, int placesPerKey, int mostWaitingPerKey, int mostWaiting) {
    free = places;
    this.placesPerKey = placesPerKey;
    this.mostWaitingPerKey = mostWaitingPerKey;
    this.mostWaiting = mostWaiting;
  }

  /**
   * Returns turns for {@code places} callers at a time.
   *
   * @param places at least 1
   * @param placesPerKey how many of them one key may use, at least 1
   * @param mostWaitingPerKey how many callers of one key may wait, at least 0
   * @throws IllegalArgumentException if a value is below its least
   */
  public static FairTurns of(int places, int placesPerKey, int mostWaitingPerKey) {
    return of(places, placesPerKey, mostWaitingPerKey, Integer.MAX_VALUE);
  }

  /**
   * As {@link #of(int, int, int)}, with a line that all keys share.
   *
   * @param mostWaiting how many callers of all keys may wait, at least 2, so that one key cannot fill it
   * @throws IllegalArgumentException if a value is below its least
   */
  public static FairTurns of(int places, int placesPerKey, int mostWaitingPerKey, int mostWaiting) {
    requireAtLeast("places", places, 1);
    requireAtLeast("placesPerKey", placesPerKey, 1);
    requireAtLeast("mostWaitingPerKey", mostWaitingPerKey, 0);
    requireAtLeast("mostWaiting", mostWaiting, 2);
    return new FairTurns(places, placesPerKey, mostWaitingPerKey, mostWaiting);
  }

  /**
   * Waits for a place. Close the turn, whatever its outcome, when the work is done:
   *
   * <pre>{@code
   * try (FairTurns.Turn turn = turns.take(address, Duration.ofSeconds(2))) {
   *   return turn.outcome() == Outcome.TAKEN ? hash(password) : busy(turn.outcome());
   * }
   * }</pre>
   *
   * @param key whose turn
   * @param wait how long to wait; zero or less for not at all
   * @throws InterruptedException if the thread is interrupted while it waits; it then has no place
   */
  public Turn take(String key, Duration wait) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      Line line = lines.computeIfAbsent(key, Line::new);
      try {
        if (line.waiters.isEmpty() && free > 0 && line.running < placesPerKey) {
          lend(line);
          return new Turn(this, line, Outcome.TAKEN);
        }
        Outcome refused = refusal(line);
        return refused == null ? await(line, wait.toNanos()) : new Turn(this, null, refused);
      } finally {
        forgetIdle(line);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many callers of {@code key} wait now. */
  public int waiting(String key) {
    lock.lock();
    try {
      Line line = lines.get(key);
      return line == null ? 0 : line.waiters.size();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Outcome refusal(Line line) {
    int freeInLine = mostWaiting - waiting;
    return freeInLine <= 0
        ? Outcome.CROWDED
        : line.waiters.size() >= Math.min(mostWaitingPerKey, freeInLine) ? Outcome.LINE_FULL : null;
  }

  private Turn await(Line line, long nanos) throws InterruptedException {
    Waiter mine = new Waiter(lock.newCondition());
    line.waiters.add(mine);
    waiting++;
    long left = nanos;
    try {
      while (!mine.admitted && left > 0) {
        left = mine.changed.awaitNanos(left);
      }
    } catch (InterruptedException interrupted) {
      if (mine.admitted) {
        giveBack(line);
      } else {
        leave(line, mine);
      }
      throw interrupted;
    }
    if (mine.admitted) {
      return new Turn(this, line, Outcome.TAKEN);
    }
    leave(line, mine);
    return new Turn(this, null, Outcome.TOO_LATE);
  }

  private void leave(Line line, Waiter waiter) {
    line.waiters.remove(waiter);
    waiting--;
  }

  private void lend(Line line) {
    free--;
    line.running++;
    line.lastServed = ++served;
  }

  private void giveBack(Line line) {
    free++;
    line.running--;
    Line next = next();
    if (next != null) {
      lend(next);
      Waiter first = next.waiters.remove();
      waiting--;
      first.admitted = true;
      first.changed.signal();
    }
  }

  private @Nullable Line next() {
    Line next = null;
    for (Line line : lines.values()) {
      if (!line.waiters.isEmpty()
          && line.running < placesPerKey
          && (next == null || line.isBefore(next))) {
        next = line;
      }
    }
    return next;
  }

  private void forgetIdle(Line line) {
    if (line.running == 0 && line.waiters.isEmpty()) {
      lines.remove(line.key);
    }
  }

  private void end(Line line) {
    lock.lock();
    try {
      giveBack(line);
      forgetIdle(line);
    } finally {
      lock.unlock();
    }
  }

  private static void requireAtLeast(String what, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(what + " must be >= " + least + " but was " + value);
    }
  }

  /** A place, or the reason why there was none. Safe for use by several threads. */
  public static final class Turn implements AutoCloseable {
    private final FairTurns turns;
    private final Outcome outcome;
    private @Nullable Line line;

    private Turn(FairTurns turns, @Nullable Line line, Outcome outcome) {
      this.turns = turns;
      this.line = line;
      this.outcome = outcome;
    }

    /** Returns whether there is a place, and if not, why. */
    public Outcome outcome() {
      return outcome;
    }

    /** Gives the place to the next in turn. Does nothing the second time, or without a place. */
    @Override
    public void close() {
      Line held;
      turns.lock.lock();
      try {
        held = line;
        line = null;
      } finally {
        turns.lock.unlock();
      }
      if (held != null) {
        turns.end(held);
      }
    }
  }

  /** The callers of a key. */
  private static final class Line {
    private final String key;
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    private int running;
    /** The number of its last turn of all; 0 if it has had none since it was last idle. */
    private long lastServed;

    Line(String key) {
      this.key = key;
    }

    boolean isBefore(Line other) {
      return lastServed != other.lastServed
          ? lastServed < other.lastServed
          : firstArrival() < other.firstArrival();
    }

    private long firstArrival() {
      return waiters.element().arrival;
    }
  }

  private static final class Waiter {
    private final Condition changed;
    private final long arrival = System.nanoTime();
    private boolean admitted;

    Waiter(Condition changed) {
      this.changed = changed;
    }
  }
}
