package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Takes entries out of the outbox, at one write for all jobs that end while another write is under way. A job that ends
 * alone waits for nobody.
 *
 * <p>Whoever gets the lock writes for all who are in line, himself among them; the others find, once they get it, that it
 * was done.
 */
final class OutboxRemovals {
  private final TodoStore store;
  private final Queue<Removal> line = new ConcurrentLinkedQueue<>();
  private final ReentrantLock writing = new ReentrantLock();

  private enum Outcome {
    NONE_YET,
    REMOVED,
    KEPT
  }

  /** Its outcome is guarded by {@link #writing}. */
  private static final class Removal {
    private final JobId job;
    private Outcome outcome = Outcome.NONE_YET;

    Removal(JobId job) {
      this.job = job;
    }
  }

  OutboxRemovals(TodoStore store) {
    this.store = store;
  }

  /** Takes it out and returns true; false if the store cannot do so now. Blocks for two writes at most. */
  boolean remove(JobId job) {
    Removal mine = new Removal(job);
    line.add(mine);
    writing.lock();
    try {
      if (mine.outcome == Outcome.NONE_YET) {
        writeForAll();
      }
      return mine.outcome == Outcome.REMOVED;
    } finally {
      writing.unlock();
    }
  }

  private void writeForAll() {
    List<Removal> all = new ArrayList<>();
    for (Removal next = line.poll(); next != null; next = line.poll()) {
      next.outcome = Outcome.KEPT;
      all.add(next);
    }
    try {
      store.removeOutboxEntries(all.stream().map(removal -> removal.job).toList());
      all.forEach(removal -> removal.outcome = Outcome.REMOVED);
    } catch (StoreException unavailable) {
      // It has been counted by the store; the sweeper takes them out.
    }
  }
}
