package io.github.scalingtoolkit.todo.embedded;

import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a reply be sent only when the data in it is committed, with one commit for many replies.
 *
 * <p>A write is applied under the exclusive lock and takes a ticket; it may be answered once a commit that began after its ticket
 * has ended. The first waiting thread commits for all writes applied before.
 *
 * <p>Invariants:
 * <ul>
 *   <li>A commit holds the exclusive lock, so it never falls between a document's map and its index's map: the file
 *       always contains whole writes.
 *   <li>{@code committed <= applied}; a reply to ticket {@code t} is sent only when {@code committed >= t}.
 *   <li>A read shares the lock, so it sees whole writes, and waits for the newest write it can have seen: no client sees
 *       a document that a crash could still undo.
 *   <li>After a failed commit no command is answered any more: the state in memory may never reach the disk.
 * </ul>
 *
 * <p>The lock is fair, which forms the groups: writers that arrived during a commit are ahead of the next commit
 * in the queue, so they are all applied before it and included in it.
 */
final class GroupCommit {
  private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);

  private final ReentrantReadWriteLock applying = new ReentrantReadWriteLock(true);
  private final ReentrantLock committing = new ReentrantLock();
  private final Runnable commit;

  /** Guarded by {@link #applying}. */
  private long applied;

  private volatile long committed;
  private volatile @Nullable CommitFailedException failure;

  /** @param commit puts all that was applied on disk; throws if it cannot */
  GroupCommit(Runnable commit) {
    this.commit = commit;
  }

  /** Runs {@code command} alone and returns its result once it is committed. */
  <T> T write(Supplier<T> command) {
    long ticket;
    T result;
    applying.writeLock().lock();
    try {
      requireIntact();
      ticket = ++applied;
      result = command.get();
    } finally {
      applying.writeLock().unlock();
    }
    awaitCommitted(ticket);
    return result;
  }

  /** Runs {@code query} beside other queries and returns its result once all that it saw is committed. */
  <T> T read(Supplier<T> query) {
    long seen;
    T result;
    applying.readLock().lock();
    try {
      requireIntact();
      seen = applied;
      result = query.get();
    } finally {
      applying.readLock().unlock();
    }
    awaitCommitted(seen);
    return result;
  }

  /** Runs {@code work} while no write is applied and no commit runs. */
  <T> T between(Supplier<T> work) {
    applying.writeLock().lock();
    try {
      requireIntact();
      return work.get();
    } finally {
      applying.writeLock().unlock();
    }
  }

  /** Returns how many writes were committed so far. */
  long committed() {
    return committed;
  }

  /** Returns about how many threads wait for their turn. */
  int waiting() {
    return applying.getQueueLength();
  }

  private void awaitCommitted(long ticket) {
    if (committed >= ticket) {
      return;
    }
    committing.lock();
    try {
      if (committed < ticket) {
        commitAll();
      }
    } finally {
      committing.unlock();
    }
  }

  private void commitAll() {
    applying.writeLock().lock();
    try {
      requireIntact();
      commit.run();
      committed = applied;
    } catch (CommitFailedException e) {
      throw e;
    } catch (RuntimeException e) {
      failure = new CommitFailedException(e);
      log.error(
          "event=embedded_mongo_commit_failed error={} action=\"free space or repair the disk, then restart\"",
          e.getClass().getSimpleName());
      throw failure;
    } finally {
      applying.writeLock().unlock();
    }
  }

  /** Throws if a commit has failed. Does not wait for one in progress. */
  void requireIntact() {
    CommitFailedException earlier = failure;
    if (earlier != null) {
      throw earlier;
    }
  }
}
