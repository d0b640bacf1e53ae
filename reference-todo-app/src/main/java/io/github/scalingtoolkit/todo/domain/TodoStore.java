package io.github.scalingtoolkit.todo.domain;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps todos and the notifications they owe.
 *
 * <p>Every method blocks for at most 3 s and throws {@link StoreUnavailableException} when the store cannot be reached
 * in that time, at once while it is known to be down; {@link StoreException} means that the program and the store do not
 * understand each other. Implementations are safe for use by several threads.
 */
public interface TodoStore {
  /** Most todos or entries of a page. */
  int MAX_PAGE = 1000;

  /**
   * Makes a todo and, in the same atomic write, the outbox entry of its notification ({@link JobId#of}).
   *
   * <p>A returned todo is kept as the store's write concern promises. A try whose reply was lost is repeated
   * with the same id and never creates two. After {@link StoreUnavailableException} there is one todo or none.
   */
  Todo create(UserId owner, NewTodo todo);

  /**
   * Returns {@code owner}'s todos by id: oldest first, to the millisecond in which they were made.
   *
   * @param limit most todos to return, 1 to {@link #MAX_PAGE}
   * @param after {@link TodoPage#next()} of the page before; null for the first
   */
  TodoPage listByUser(UserId owner, int limit, @Nullable TodoId after);

  /**
   * Removes the entries of jobs that have ended: one round trip for all, or two if not each is its todo's only entry.
   * After a failure some of them may remain.
   *
   * @return how many there were: removing is idempotent
   */
  int removeOutboxEntries(Collection<JobId> jobs);

  /**
   * Returns entries that have been owed for longer than {@code age}, to the millisecond, by todo id: for the sweeper,
   * which walks all pages.
   *
   * @param limit most entries to return, 1 to {@link #MAX_PAGE}
   * @param after {@link OutboxPage#next()} of the page before; null for the first
   */
  OutboxPage findOutboxOlderThan(Duration age, int limit, @Nullable TodoId after);

  /** Returns the owner of the job, ended or not, and whether it is still owed; empty if there is no such todo. */
  Optional<TodoJob> findJob(JobId job);

  /**
   * Returns the users who most recently created a todo, the latest first, each once.
   *
   * @param limit how many of the newest todos to look at, 1 to {@link #MAX_PAGE}
   */
  List<UserId> latestOwners(int limit);

  /** Pings the store, bypassing any breaker, and returns if it answers. */
  void ping();

  /**
   * Checks the limit of a page, for implementations.
   *
   * @throws IllegalArgumentException if it is not 1 to {@link #MAX_PAGE}
   */
  static int requireLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException("limit must be 1 to " + MAX_PAGE + " but was " + limit);
    }
    return limit;
  }
}
