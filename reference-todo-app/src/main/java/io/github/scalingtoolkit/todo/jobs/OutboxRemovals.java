package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Takes entries out of the outbox, at one write for all jobs that end while two others are under way: a write costs the
 * driver and the database nearly the same for one entry and for ten. A job that ends alone waits for nobody.
 *
 * <p>Two writes may be under way, so that of a database that takes its time one half of the jobs need not wait for the
 * other. Whoever begins a write takes all who are in line with him: so nobody waits for more than the rest of one write
 * and his own. After a write that failed all its entries count as kept, though some may be gone; the sweeper sees to them.
 */
final class OutboxRemovals {
  private static final int MOST_WRITES = 2;

  private final TodoStore store;
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

  OutboxRemovals(TodoStore store) {
    this.store = store;
  }

  /**
   * Takes it out and returns true; false if the store cannot do so now. An interrupt that came before waits until it
   * returns; one that comes during the write may fail it, for all who share it.
   */
  boolean remove(JobId job) {
    Removal mine = new Removal(job, lock.newCondition());
    List<Removal> all;
    lock.lock();
    try {
      line.add(mine);
      while (mine.state == State.UNDER_WAY
          || (mine.state == State.IN_LINE && writes == MOST_WRITES)) {
        mine.changed.awaitUninterruptibly();
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
    }
    return write(all);
  }

  private boolean write(List<Removal> all) {
    // The others have not been interrupted: the store would give up for them, too.
    boolean interrupted = Thread.interrupted();
    State end = State.KEPT;
    try {
      store.removeOutboxEntries(all.stream().map(removal -> removal.job).toList());
      end = State.REMOVED;
    } catch (StoreException unavailable) {
      // The store has counted it.
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
