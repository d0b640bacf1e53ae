package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers who come while a call is under way share the next one, for a remote to which ten items cost little more than
 * one. Nobody waits for company, and it has no thread of its own.
 *
 * <pre>{@code
 * SharedCalls<Row, Outcome> inserts = SharedCalls.of(this::insertAll, Row::length, bounds);
 * SharedCalls.Result<Outcome> result = inserts.call(row);
 * }</pre>
 *
 * <p><b>Protocol.</b> A caller that finds fewer than {@link Bounds#calls} under way goes at once, alone. All others stand in
 * line. When a call ends, the next takes the first in line and those behind it, as many as the bounds allow, and the one of
 * them with the most time left makes it. Once a caller has been in line for {@link Bounds#patience}, its call is made without
 * waiting any longer: a call that hangs delays others by that much, and does not stop them.
 *
 * <p><b>States of a caller</b> in line; all but the last step are made under the lock:
 *
 * <pre>
 *   from       to        who       when
 *   IN_LINE    LEADING   a caller  its call has ended, or its patience is over, and of those who go next this one has the
 *                                  most time left
 *              TAKEN     a caller  likewise, and another one has more
 *              (left)    itself    its deadline has passed: its item is not sent
 *   LEADING    DONE      itself    its call has ended
 *   TAKEN      DONE      a leader  its call has ended
 *              (left)    itself    its deadline has passed: its item may have been sent
 * </pre>
 *
 * <p><b>Deadlines.</b> A call runs under the {@link Deadline} of who makes it. That is the latest of all whose items it
 * carries, so it cuts nobody else short, and holds nobody beyond their own. A caller with too little time to wait and to call
 * goes alone at once, and so does an item of more than an eighth of {@link Bounds#size}.
 *
 * <p><b>Failure.</b> What a call throws is thrown, as it is, to all whose items it carried; what concerns one item belongs
 * into its answer. A caller that is interrupted calls or waits all the same, and is interrupted afterwards; an interrupt
 * during a call is the call's business.
 *
 * <p>Within this process, without I/O of its own. Safe for use by several threads; {@link #call} blocks.
 *
 * @param <I> what callers send
 * @param <O> what each of them gets for it
 */
public final class SharedCalls<I, O> {
  private static final int LARGE_PART = 8;

  private final Function<List<I>, List<O>> call;
  private final ToIntFunction<I> size;
  private final Bounds bounds;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}. While somebody is in it, as many calls as may be are under way. */
  private final ArrayDeque<Caller<I, O>> line = new ArrayDeque<>();

  /** Guarded by {@link #lock}. */
  private int underWay;

  /**
   * How much is shared, and how long.
   *
   * @param calls how many calls may be under way before callers wait, at least 1
   * @param items most items of a call, at least 1
   * @param size most of their sizes together, at least 1
   * @param patience how long a caller waits for calls under way to end, more than zero
   * @param typical how long a call takes as a rule, more than zero: who has less time than this and {@code patience} does not
   *     wait
   */
  public record Bounds(int calls, int items, int size, Duration patience, Duration typical) {
    /** @throws IllegalArgumentException if a value is below its least */
    public Bounds {
      requirePositive("calls", calls, calls > 0);
      requirePositive("items", items, items > 0);
      requirePositive("size", size, size > 0);
      requirePositive("patience", patience, patience.compareTo(Duration.ZERO) > 0);
      requirePositive("typical", typical, typical.compareTo(Duration.ZERO) > 0);
    }

    private static void requirePositive(String what, Object value, boolean positive) {
      if (!positive) {
        throw new IllegalArgumentException(what + " must be > 0 but was " + value);
      }
    }
  }

  /** What became of an item. */
  public sealed interface Result<O> {
    /**
     * The call has ended.
     *
     * @param answer what it says of this item
     */
    record Answered<O>(O answer) implements Result<O> {}

    /**
     * The caller's deadline passed first.
     *
     * @param sent whether the item is in a call all the same, so that its outcome is unknown
     */
    record Left<O>(boolean sent) implements Result<O> {}
  }

  private SharedCalls(Function<List<I>, List<O>> call, ToIntFunction<I> size, Bounds bounds) {
    this.call = call;
    this.size = size;
    this.bounds = bounds;
  }

  /**
   * Returns one that shares within {@code bounds}.
   *
   * @param call makes one call for all items of a list, and returns as many answers, in their order; runs on a caller's
   *     thread, for several callers at a time
   * @param size returns the size of an item, in the unit of {@link Bounds#size}
   */
  public static <I, O> SharedCalls<I, O> of(
      Function<List<I>, List<O>> call, ToIntFunction<I> size, Bounds bounds) {
    return new SharedCalls<>(call, size, bounds);
  }

  /** Makes a call for {@code item}, or has it made by another caller. Throws what that call throws. */
  public Result<O> call(I item) {
    int itemSize = size.applyAsInt(item);
    Deadline deadline = Deadline.current();
    if (itemSize > bounds.size() / LARGE_PART || isHurried(deadline)) {
      return alone(item);
    }
    Caller<I, O> inLine = enter(item, itemSize, deadline);
    if (inLine != null) {
      return await(inLine);
    }
    try {
      return alone(item);
    } finally {
      passOn();
    }
  }

  /** Returns how many callers stand in line now. */
  public int waiting() {
    lock.lock();
    try {
      return line.size();
    } finally {
      lock.unlock();
    }
  }

  private boolean isHurried(@Nullable Deadline deadline) {
    return deadline != null
        && deadline.remaining().compareTo(bounds.patience().plus(bounds.typical())) < 0;
  }

  /** Returns the caller's place in line; null if it may go at once. */
  private @Nullable Caller<I, O> enter(I item, int itemSize, @Nullable Deadline deadline) {
    lock.lock();
    try {
      if (underWay < bounds.calls()) {
        underWay++;
        return null;
      }
      Caller<I, O> caller = new Caller<>(item, itemSize, deadline);
      line.add(caller);
      return caller;
    } finally {
      lock.unlock();
    }
  }

  private Result<O> alone(I item) {
    return new Result.Answered<>(withInterruptPutAside(List.of(item)).get(0));
  }

  private Result<O> await(Caller<I, O> mine) {
    long since = System.nanoTime();
    boolean interrupted = false;
    try {
      // Read once a round: who becomes the leader between two looks must not leave.
      for (State now = mine.state; now != State.DONE; now = mine.state) {
        long left = mine.leftNanos();
        if (now == State.LEADING) {
          lead(mine.batch);
        } else if (now == State.IN_LINE) {
          long wait = bounds.patience().toNanos() - (System.nanoTime() - since);
          if (left <= 0 && leaves(mine)) {
            return new Result.Left<>(false);
          } else if (wait <= 0) {
            goesNow(mine);
          } else {
            interrupted |= park(Math.min(left, wait));
          }
        } else if (left <= 0) {
          return new Result.Left<>(true);
        } else {
          interrupted |= park(left);
        }
      }
      return mine.result();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Parks, as a caller does not wait for the lock: its state is all that it needs. Tells whether it was interrupted. */
  private boolean park(long nanos) {
    if (nanos > 0) {
      LockSupport.parkNanos(this, nanos);
    }
    return Thread.interrupted();
  }

  private boolean leaves(Caller<I, O> mine) {
    lock.lock();
    try {
      return mine.state == State.IN_LINE && line.remove(mine);
    } finally {
      lock.unlock();
    }
  }

  private void goesNow(Caller<I, O> mine) {
    Caller<I, O> leader = null;
    lock.lock();
    try {
      if (mine.state == State.IN_LINE) {
        line.remove(mine);
        leader = appoint(mine);
        underWay++;
      }
    } finally {
      lock.unlock();
    }
    if (leader != null && leader != mine) {
      LockSupport.unpark(leader.thread);
    }
  }

  /** Takes those in line that go with {@code first}, and returns which of them makes the call. Holds the lock. */
  private Caller<I, O> appoint(Caller<I, O> first) {
    List<Caller<I, O>> batch = new ArrayList<>();
    batch.add(first);
    long total = first.size;
    Caller<I, O> leader = first;
    long most = first.leftNanos();
    Caller<I, O> next = line.peek();
    while (next != null && batch.size() < bounds.items() && total + next.size <= bounds.size()) {
      batch.add(line.remove());
      total += next.size;
      long left = next.leftNanos();
      if (left > most) {
        leader = next;
        most = left;
      }
      next = line.peek();
    }
    for (Caller<I, O> taken : batch) {
      if (taken != leader) {
        taken.state = State.TAKEN;
      }
    }
    leader.batch = batch;
    leader.state = State.LEADING;
    return leader;
  }

  private void lead(List<Caller<I, O>> batch) {
    List<O> answers = List.of();
    Throwable failure = null;
    try {
      answers = withInterruptPutAside(batch.stream().map(caller -> caller.item).toList());
    } catch (Throwable failed) {
      failure = failed;
    }
    try {
      passOn();
    } finally {
      // They wait for nothing else: whatever keeps the next from being chosen must not keep their
      // answers.
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).end(failure == null ? answers.get(i) : null, failure);
      }
    }
  }

  private List<O> withInterruptPutAside(List<I> items) {
    boolean interrupted = Thread.interrupted();
    try {
      List<O> answers = call.apply(items);
      if (answers.size() != items.size()) {
        throw new IllegalStateException(
            "a call for " + items.size() + " items returned " + answers.size() + " answers");
      }
      return answers;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Before anybody is told of an answer: the next call is what others wait for. */
  private void passOn() {
    Caller<I, O> next = null;
    lock.lock();
    try {
      underWay--;
      if (underWay < bounds.calls() && !line.isEmpty()) {
        next = appoint(line.remove());
        underWay++;
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      LockSupport.unpark(next.thread);
    }
  }

  private enum State {
    IN_LINE,
    LEADING,
    TAKEN,
    DONE
  }

  /** A caller that did not go at once; its deadline is that of its thread. */
  private static final class Caller<I, O> {
    private final I item;
    private final int size;
    private final @Nullable Deadline deadline;
    private final Thread thread = Thread.currentThread();

    /** Written after all that follows. */
    private volatile State state = State.IN_LINE;

    private List<Caller<I, O>> batch = List.of();
    private @Nullable O answer;
    private @Nullable Throwable failure;

    Caller(I item, int size, @Nullable Deadline deadline) {
      this.item = item;
      this.size = size;
      this.deadline = deadline;
    }

    long leftNanos() {
      return deadline == null ? Long.MAX_VALUE : deadline.remainingNanos();
    }

    void end(@Nullable O answer, @Nullable Throwable failure) {
      this.answer = answer;
      this.failure = failure;
      state = State.DONE;
      LockSupport.unpark(thread);
    }

    Result<O> result() {
      if (failure != null) {
        throw SharedCalls.<RuntimeException>asIs(failure);
      }
      O given = answer;
      if (given == null) {
        throw new IllegalStateException("a call returned null for an item");
      }
      return new Result.Answered<>(given);
    }
  }

  /** An exception that is not declared, an interrupt, say, must not pass for an answer. */
  @SuppressWarnings("unchecked")
  private static <X extends Throwable> X asIs(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
