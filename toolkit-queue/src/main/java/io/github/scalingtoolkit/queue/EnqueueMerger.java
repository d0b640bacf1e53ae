package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Deadline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
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
 * a large job. A caller that is interrupted sends all the same, alone or for others, and stays interrupted.
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

  /** A caller in line. It parks, and does not wait for the lock: its batch or its result is all it needs. */
  private static final class Waiting {
    private final JobQueue.Entry entry;
    private final Thread thread = Thread.currentThread();
    private volatile @Nullable List<Waiting> batch;
    private volatile boolean done;

    /** Written before {@link #done}, as the failure is. */
    private long code;

    private @Nullable Throwable failure;

    Waiting(JobQueue.Entry entry) {
      this.entry = entry;
    }

    /** Returns the jobs it is to send with its own; null once it has a result. */
    @Nullable
    List<Waiting> await() {
      boolean interrupted = false;
      while (batch == null && !done) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return batch;
    }

    void end(long result, @Nullable Throwable why) {
      code = result;
      failure = why;
      done = true;
    }

    long result() {
      if (failure != null) {
        throw EnqueueMerger.<RuntimeException>asIs(failure);
      }
      return code;
    }
  }

  EnqueueMerger(Function<List<JobQueue.Entry>, long[]> send) {
    this.send = send;
  }

  /** Returns what became of the job, as in {@code enqueue.lua}. */
  long enqueue(JobQueue.Entry entry) {
    if (Deadline.current() != null || entry.envelope().length > LARGE_BYTES) {
      return sent(List.of(entry))[0];
    }
    if (entered()) {
      return alone(entry);
    }
    Waiting mine = new Waiting(entry);
    Waiting leader = null;
    lock.lock();
    try {
      line.add(mine);
      if (calls < MOST_CALLS) {
        calls++;
        leader = appointed();
      }
    } finally {
      lock.unlock();
    }
    if (leader != null && leader != mine) {
      LockSupport.unpark(leader.thread);
    }
    List<Waiting> batch = mine.await();
    if (batch != null) {
      lead(batch);
    }
    return mine.result();
  }

  /** Tells whether the caller goes at once and alone, since nobody waits and a call more may be under way. */
  private boolean entered() {
    lock.lock();
    try {
      boolean free = line.isEmpty() && calls < MOST_CALLS;
      if (free) {
        calls++;
      }
      return free;
    } finally {
      lock.unlock();
    }
  }

  private long alone(JobQueue.Entry entry) {
    try {
      return sent(List.of(entry))[0];
    } finally {
      passOn();
    }
  }

  /**
   * Sends with the caller's interrupt put aside: it must not fail the call for the jobs of others that travel along, nor
   * leave it unknown whether the caller's own is in the queue.
   */
  private long[] sent(List<JobQueue.Entry> entries) {
    boolean interrupted = Thread.interrupted();
    try {
      return send.apply(entries);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns the first in line, with those that go with it as its batch; null if nobody waits. Holds the lock. */
  private @Nullable Waiting appointed() {
    Waiting leader = line.peek();
    if (leader == null) {
      return null;
    }
    List<Waiting> batch = new ArrayList<>();
    int bytes = 0;
    while (batch.size() < MOST_JOBS && bytes < MOST_BYTES && !line.isEmpty()) {
      Waiting next = line.remove();
      bytes += next.entry.envelope().length;
      batch.add(next);
    }
    leader.batch = batch;
    return leader;
  }

  /** An exception that is not declared, an interrupt, say, must not pass for a result. */
  @SuppressWarnings("unchecked")
  private static <X extends Throwable> X asIs(Throwable thrown) throws X {
    throw (X) thrown;
  }

  private void lead(List<Waiting> batch) {
    long[] codes = new long[0];
    Throwable failure = null;
    try {
      codes = sent(batch.stream().map(waiting -> waiting.entry).toList());
    } catch (Throwable failed) {
      failure = failed;
    }
    passOn();
    for (int i = 0; i < batch.size(); i++) {
      batch.get(i).end(failure == null ? codes[i] : 0, failure);
      LockSupport.unpark(batch.get(i).thread);
    }
  }

  /** Before anybody is told of a result: the next call is what others wait for. */
  private void passOn() {
    Waiting next;
    lock.lock();
    try {
      next = appointed();
      if (next == null) {
        calls--;
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      LockSupport.unpark(next.thread);
    }
  }
}
