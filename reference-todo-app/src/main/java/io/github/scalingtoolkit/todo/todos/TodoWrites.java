package io.github.scalingtoolkit.todo.todos;

import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.WriteBracket;
import io.github.scalingtoolkit.todo.domain.Changed;
import io.github.scalingtoolkit.todo.domain.KeyedCreate;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoChange;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Writes todos: write-begin on the cached list, one document, then write-end; a create has its outbox entry in the
 * document, and ends in one round trip with the enqueue. MongoDB decides; what Redis does is best effort. The sweeper
 * repeats a lost enqueue; a lost write-end is repeated by the cache's journal, or ends with the write's deadline.
 *
 * <p>Every method blocks, and throws {@link StoreUnavailableException} if it is not known whether the write was made.
 */
public final class TodoWrites {

  private final TodoStore store;
  private final CacheAside<UserId, ListPage> lists;
  private final Notifications notifications;

  /** Writes to {@code store}, invalidates in {@code lists}, enqueues by {@code notifications}. */
  public TodoWrites(
      TodoStore store, CacheAside<UserId, ListPage> lists, Notifications notifications) {
    this.store = store;
    this.lists = lists;
    this.notifications = notifications;
  }

  /** Makes a todo. */
  public Todo create(UserId user, NewTodo newTodo) {
    // Left open by an exception it is abandoned: the commit may still arrive.
    try (WriteBracket write = lists.begin(user)) {
      Todo todo = stored(write, () -> store.create(user, newTodo));
      notifications.enqueue(todo.id(), user, write::end);
      return todo;
    }
  }

  /** Makes a todo once for each {@code key}. */
  public KeyedCreate createOnce(UserId user, String key, NewTodo newTodo) {
    try (WriteBracket write = lists.begin(user)) {
      KeyedCreate created = stored(write, () -> store.createOnce(user, key, newTodo));
      if (created instanceof KeyedCreate.Made made) {
        notifications.enqueue(made.todo().id(), user, write::end);
      } else {
        write.notApplied();
      }
      return created;
    }
  }

  /** Changes a todo, as {@link TodoStore#change} does. */
  public Changed change(UserId user, TodoId id, TodoChange change, Predicate<Todo> allowed) {
    return changed(user, () -> store.change(user, id, change, allowed));
  }

  /** Deletes a todo, as {@link TodoStore#delete} does. */
  public Changed delete(UserId user, TodoId id, Predicate<Todo> allowed) {
    return changed(user, () -> store.delete(user, id, allowed));
  }

  /** Deletes all that is done; returns how many. */
  public int deleteCompleted(UserId user) {
    try (WriteBracket write = lists.begin(user)) {
      int deleted = stored(write, () -> store.deleteCompleted(user));
      write.end();
      return deleted;
    }
  }

  private Changed changed(UserId user, Supplier<Changed> change) {
    try (WriteBracket write = lists.begin(user)) {
      Changed changed = stored(write, change);
      if (changed instanceof Changed.Done) {
        write.end();
      } else {
        write.notApplied();
      }
      return changed;
    }
  }

  private static <T> T stored(WriteBracket write, Supplier<T> action) {
    try {
      return action.get();
    } catch (StoreUnavailableException failure) {
      if (failure.nothingWasSent()) {
        write.notApplied();
      }
      throw failure;
    }
  }
}
