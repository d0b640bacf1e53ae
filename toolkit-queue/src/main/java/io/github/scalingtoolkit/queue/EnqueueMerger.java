package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Deadline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets single enqueues leave together: a caller that finds fewer than two calls under way goes at once, alone or with those
 * that wait; all others wait for one of these calls to end, and the first of them takes the others along. So nobody waits
 * for company, and a busy queue gets a few large calls.
 *
 * <p>What a call throws, it throws for all whose jobs it carried: each of them may or may not be in the queue then, as after
 * a call of its own. A caller with a deadline of its own goes alone, so that it cuts nobody else's call short, and so does
 * a large job.
 *
 * <p>Safe for use by several threads.
 */
final class EnqueueMerger {
  private static final int MOST_CALLS = 2;
  private static final int MOST_JOBS = 256;

  /** So that a shared call stays a short one. */
  private static final int MOST_BYTES = 32 * 1024;

  private static final int LARGE_BYTES = 4 * 1024;

  private final Function<List<JobQueue.Entry>, long[]> send;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private final ArrayDeque<Waiting> line = new ArrayDeque<>();

  /** Guarded by the lock. */
  private int calls;

  /** A caller in line. Its state is guarded by the lock. */
  private static final class Waiting {
    private final JobQueue.Entry entry;
    private final Condition changed;
    private @Nullable List<Waiting> batch;
    private boolean done;
    private long code;
    private @Nullable Throwable failure;

    Waiting(JobQueue.Entry entry, Condition changed) {
      this.entry = entry;
      this.changed = changed;
    }
  }

  EnqueueMerger(Function<List<JobQueue.Entry>, long[]> send) {
    this.send = send;
  }

  /** Returns what became of the job, as in {@code enqueue.lua}. */
  long enqueue(JobQueue.Entry entry) {
    if (Deadline.current() != null || entry.envelope().length > LARGE_BYTES) {
      return send.apply(List.of(entry))[0];
    }
    Waiting mine;
    List<Waiting> batch;
    lock.lock();
    try {
      mine = new Waiting(entry, lock.newCondition());
      line.add(mine);
      if (calls < MOST_CALLS) {
        calls++;
        appoint();
      }
      while (mine.batch == null && !mine.done) {
        mine.changed.awaitUninterruptibly();
      }
      batch = mine.batch;
    } finally {
      lock.unlock();
    }
    if (batch != null) {
      lead(batch);
    }
    return result(mine);
  }

  /** Makes the first in line the leader of those that go with it; tells whether there is one. */
  private boolean appoint() {
    Waiting leader = line.peek();
    if (leader == null) {
      return false;
    }
    List<Waiting> batch = new ArrayList<>();
    int bytes = 0;
    while (batch.size() < MOST_JOBS && bytes < MOST_BYTES && !line.isEmpty()) {
      Waiting next = line.remove();
      bytes += next.entry.envelope().length;
      batch.add(next);
    }
    leader.batch = batch;
    leader.changed.signal();
    return true;
  }

  private void lead(List<Waiting> batch) {
    long[] codes = new long[0];
    Throwable failure = null;
    // The others have not been interrupted, but the call would fail for them, too.
    boolean interrupted = Thread.interrupted();
    try {
      codes = send.apply(batch.stream().map(waiting -> waiting.entry).toList());
    } catch (Throwable failed) {
      failure = failed;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    lock.lock();
    try {
      for (int i = 0; i < batch.size(); i++) {
        Waiting waiting = batch.get(i);
        waiting.done = true;
        waiting.failure = failure;
        waiting.code = failure == null ? codes[i] : 0;
        waiting.changed.signal();
      }
      if (!appoint()) {
        calls--;
      }
    } finally {
      lock.unlock();
    }
  }

  private static long result(Waiting mine) {
    if (mine.failure instanceof RuntimeException failure) {
      throw failure;
    }
    if (mine.failure instanceof Error error) {
      throw error;
    }
    return mine.code;
  }
}
