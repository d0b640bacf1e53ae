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
 * in that time, at once while it is known to be down; {@link StoreException} says that the program and the store do not
 * understand each other. Implementations are safe for use by several threads.
 */
public interface TodoStore {
  /** Most todos or entries of a page. */
  int MAX_PAGE = 1000;

  /**
   * Makes a todo and, in the same atomic write, the outbox entry of its notification ({@link JobId#of}).
   *
   * <p>A todo that was returned is kept as the store's write concern promises. A try whose reply was lost is repeated
   * under the same id and never makes two. After {@link StoreUnavailableException} there is one todo or none.
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
   * Takes out the entries of jobs that have ended: one round trip for all, or two if not each has its todo's only entry.
   * What a failure leaves may be some of them.
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

  /** Returns whose job it is, ended or not, and whether it is owed still; empty if there is no such todo. */
  Optional<TodoJob> findJob(JobId job);

  /**
   * Returns the users who last made a todo, the latest first, each once.
   *
   * @param limit how many of the newest todos to look at, 1 to {@link #MAX_PAGE}
   */
  List<UserId> latestOwners(int limit);

  /** Asks the store whether it is there, past any breaker, and returns if so. */
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
