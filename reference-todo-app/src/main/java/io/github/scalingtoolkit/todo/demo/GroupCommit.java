package io.github.scalingtoolkit.todo.demo;

import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a reply leave only when what it tells is committed, at one commit for many replies.
 *
 * <p>A write applies under the exclusive lock and takes a ticket; it may answer once a commit that began after its ticket
 * has ended. Whoever waits first commits for all who applied before.
 *
 * <p>Invariants:
 * <ul>
 *   <li>A commit holds the exclusive lock, so it never falls between a document's map and its index's map: what is on
 *       disk is always a whole number of writes.
 *   <li>{@code committed <= applied}; a reply to ticket {@code t} leaves only when {@code committed >= t}.
 *   <li>A read shares the lock, so it sees whole writes, and waits for the newest write it can have seen: nobody is told
 *       of a document that a crash could still take back.
 *   <li>After a commit that failed nothing is answered any more: what is in memory may never reach the disk.
 * </ul>
 *
 * <p>The lock is fair, and that makes the groups: writers that arrived while a commit ran are ahead of the next commit
 * in the queue, so they all apply before it and ride along.
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

  /** Runs {@code work} while nothing applies and no commit is under way. */
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
          "event=embedded_mongo_commit_failed error={} action=\"free space or repair the disk, and start again\"",
          e.getClass().getSimpleName());
      throw failure;
    } finally {
      applying.writeLock().unlock();
    }
  }

  /** Throws if a commit has failed. Does not wait for one that is under way. */
  void requireIntact() {
    CommitFailedException earlier = failure;
    if (earlier != null) {
      throw earlier;
    }
  }
}
