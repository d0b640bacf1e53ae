package io.github.scalingtoolkit.todo.domain;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps todos and the notifications they owe. A todo that was deleted is in no answer, but for the job that it owes or owed.
 *
 * <p>Every method blocks for at most 3 s and throws {@link StoreUnavailableException} when the store cannot be reached
 * in that time, at once while it is known to be down; {@link StoreException} means that the program and the store do not
 * understand each other. Implementations are safe for use by several threads.
 */
public interface TodoStore {
  /** Most todos or entries of a page. */
  int MAX_PAGE = 1000;

  /** How long a key of {@link #createOnce} is remembered. */
  Duration KEY_LIFE = Duration.ofHours(24);

  /** How long the job of a deleted todo is known, from the deletion on or, if that is later, from the job's end on. */
  Duration JOB_LIFE = Duration.ofHours(24);

  /** A create has ended after this long, or its process has. */
  Duration LONGEST_CREATE = Duration.ofSeconds(3);

  /** Allows every change. */
  Predicate<Todo> ALWAYS = todo -> true;

  /**
   * Makes a todo and, in the same atomic write, the outbox entry of its notification ({@link JobId#of}).
   *
   * <p>A returned todo is kept as the store's write concern promises. A try whose reply was lost is repeated
   * with the same id and never creates two. After {@link StoreUnavailableException} there is one todo or none.
   */
  Todo create(UserId owner, NewTodo todo);

  /**
   * As {@link #create}, but makes one todo however often it is called with {@code owner} and {@code key} within
   * {@link #KEY_LIFE}: its id is noted under the key before it is made. A call that ended in between, by a failure or with
   * its process, is completed by the next one; until {@link #LONGEST_CREATE} has passed it counts as under way.
   *
   * @param key not blank
   */
  KeyedCreate createOnce(UserId owner, String key, NewTodo todo);

  /** Returns {@code owner}'s todo of this id; empty if there is none. */
  Optional<Todo> find(UserId owner, TodoId id);

  /**
   * Changes {@code owner}'s todo of this id in one atomic write.
   *
   * @param allowed tells of the todo as it is whether it may be changed, for exactly the state that is then changed; may be
   *     called more than once. {@link #ALWAYS} saves a round trip
   */
  Changed change(UserId owner, TodoId id, TodoChange change, Predicate<Todo> allowed);

  /**
   * Deletes {@code owner}'s todo of this id, in one atomic write. Whose it was and what it owes is kept for {@link #JOB_LIFE},
   * and its id is not used again in that time: a {@link #createOnce} that is completed late does not bring it back.
   *
   * @param allowed as in {@link #change}
   */
  Changed delete(UserId owner, TodoId id, Predicate<Todo> allowed);

  /** Deletes all of {@code owner}'s todos that are done, as {@link #delete} does; returns how many. */
  int deleteCompleted(UserId owner);

  /** {@link #listByUser(UserId, int, TodoId, Boolean)} of todos done and not. */
  default TodoPage listByUser(UserId owner, int limit, @Nullable TodoId after) {
    return listByUser(owner, limit, after, null);
  }

  /**
   * Returns {@code owner}'s todos by id: oldest first, to the millisecond in which they were made.
   *
   * @param limit most todos to return, 1 to {@link #MAX_PAGE}
   * @param after {@link TodoPage#next()} of the page before; null for the first
   * @param completed whether they are done; null for both kinds
   */
  TodoPage listByUser(UserId owner, int limit, @Nullable TodoId after, @Nullable Boolean completed);

  /**
   * Removes the entries of jobs that have ended: one round trip for all, or up to three if not each is the only entry of a
   * todo that is there.
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

  /**
   * Returns the owner of the job, ended or not, and whether it is still owed; empty if there is no such todo, and was none
   * for {@link #JOB_LIFE}.
   */
  Optional<TodoJob> findJob(JobId job);

  /**
   * Returns the users who most recently created a todo that is there, the latest first, each once. Where very many have just
   * been deleted they may be fewer than there are.
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
