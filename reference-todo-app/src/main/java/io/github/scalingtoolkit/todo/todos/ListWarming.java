package io.github.scalingtoolkit.todo.todos;

import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Cached;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;

/**
 * Loads the lists of the users who last made a todo into Redis, before callers ask for them: after Redis was emptied, or
 * before a release is given traffic. It stores values as every miss does, so it may run while others write.
 */
public final class ListWarming {
  private final CacheAside<UserId, ListPage> lists;
  private final TodoStore store;

  /** Reads from {@code store}, fills {@code lists}. */
  public ListWarming(CacheAside<UserId, ListPage> lists, TodoStore store) {
    this.lists = lists;
    this.store = store;
  }

  /**
   * The result for the lists.
   *
   * @param loaded how many were not in Redis and are now
   * @param present how many were there already
   * @param bypassed how many are not there: Redis did not answer, or the list is being written
   */
  public record Warmed(int loaded, int present, int bypassed) {}

  /** Warms the lists of all who own one of the newest {@link TodoStore#MAX_PAGE} todos. Blocks. */
  public Warmed warm() {
    int loaded = 0;
    int present = 0;
    int bypassed = 0;
    for (UserId user : store.latestOwners(TodoStore.MAX_PAGE)) {
      Cached<ListPage> list = lists.lookup(user, owner -> ListPage.first(store, owner));
      switch (list.outcome()) {
        case LOADED -> loaded++;
        case L1_HIT, L2_HIT -> present++;
        case BYPASS -> bypassed++;
      }
    }
    return new Warmed(loaded, present, bypassed);
  }
}
