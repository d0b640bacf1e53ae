package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes entries from the outbox, with one write for all jobs that end while two other writes are in progress: a write costs the
 * driver and the database nearly the same for one entry and for ten. A job that ends alone does not wait.
 *
 * <p>Two writes may be in progress, so that with a slow database half of the jobs need not wait for the
 * other half. A caller that begins a write takes the entries of all waiting callers with it: so no caller waits for
 * more than the rest of one write and its own. After a failed write all its entries count as kept, though some may be gone; the sweeper removes them.
 */
final class OutboxRemovals {
  private static final Logger log = LoggerFactory.getLogger(OutboxRemovals.class);
  private static final int MOST_WRITES = 2;

  private final OutboxStore store;
  private final Duration longest;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}. */
  private final List<Removal> line = new ArrayList<>();

  /** Guarded by {@link #lock}. */
  private int writes;

  private enum State {
    IN_LINE,
    UNDER_WAY,
    REMOVED,
    KEPT
  }

  /** Its state is guarded by the lock. */
  private static final class Removal {
    private final JobId job;
    private final Condition changed;
    private State state = State.IN_LINE;

    Removal(JobId job, Condition changed) {
      this.job = job;
      this.changed = changed;
    }
  }

  /** Begins a write, or waits for one of others for {@code longest} at most: a slow store must not hold every worker. */
  OutboxRemovals(OutboxStore store, Duration longest) {
    this.store = store;
    this.longest = longest;
  }

  /**
   * Removes it and returns true; false if the store cannot do so now, or others' writes take too long. Its own write ends
   * when the store ends it; the thread's deadline, which guards follow, is no later than the longest wait. An interrupt from
   * before the write waits until this returns; one during the write may fail it, for all that share it.
   */
  boolean remove(JobId job) {
    Removal mine = new Removal(job, lock.newCondition());
    List<Removal> all;
    boolean interrupted = false;
    lock.lock();
    try {
      line.add(mine);
      long left = longest.toNanos();
      long until = System.nanoTime() + left;
      while (left > 0
          && (mine.state == State.UNDER_WAY
              || (mine.state == State.IN_LINE && writes == MOST_WRITES))) {
        try {
          mine.changed.awaitNanos(left);
        } catch (InterruptedException later) {
          interrupted = true;
        }
        left = until - System.nanoTime();
      }
      if (mine.state == State.IN_LINE && writes == MOST_WRITES) {
        line.remove(mine);
        return false;
      }
      if (mine.state != State.IN_LINE) {
        return mine.state == State.REMOVED;
      }
      all = List.copyOf(line);
      line.clear();
      all.forEach(removal -> removal.state = State.UNDER_WAY);
      writes++;
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return write(all);
  }

  private boolean write(List<Removal> all) {
    // The others have not been interrupted, but the store would fail their entries, too.
    boolean interrupted = Thread.interrupted();
    State end = State.KEPT;
    try {
      Deadline.after(longest, Clock.system())
          .run(() -> store.remove(all.stream().map(removal -> removal.job).toList()));
      end = State.REMOVED;
    } catch (RuntimeException notNow) {
      log.debug("outbox removal=kept cause={}", notNow.getClass().getName());
    } finally {
      settle(all, end);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return end == State.REMOVED;
  }

  private void settle(List<Removal> all, State end) {
    lock.lock();
    try {
      writes--;
      for (Removal removal : all) {
        removal.state = end;
        removal.changed.signal();
      }
      if (!line.isEmpty()) {
        line.get(0).changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }
}
