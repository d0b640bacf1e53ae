package io.github.scalingtoolkit.todo.todos;

import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.Cached;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoJob;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads todos: whole lists by way of the cache, everything else from the store.
 *
 * <p>Every method but {@link #listInMemory} blocks, and throws {@link StoreUnavailableException} if the store is needed and
 * cannot be reached. Safe for use by several threads.
 */
public final class TodoReads {
  private final CacheAside<UserId, ListPage> lists;
  private final boolean usesCache;
  private final TodoStore store;

  /** Reads from {@code lists}, unless {@code usesCache} is false, and {@code store}. */
  public TodoReads(CacheAside<UserId, ListPage> lists, boolean usesCache, TodoStore store) {
    this.lists = lists;
    this.usesCache = usesCache;
    this.store = store;
  }

  /** Where a list came from. */
  public enum Source {
    /** The cache. */
    HIT,
    /** The store, and the cache has it now. */
    MISS,
    /** The store, past the cache. */
    BYPASS
  }

  /**
   * A list that was read.
   *
   * @param page its first page, or the one asked for
   * @param source where it came from
   */
  public record Listed(ListPage page, Source source) {}

  /** Returns the user's list if this process' memory has it and may serve it, else null. Never blocks. */
  public @Nullable ListPage listInMemory(UserId user) {
    if (!usesCache) {
      return null;
    }
    Cached<ListPage> cached = lists.peekLocal(user);
    return cached == null ? null : cached.value();
  }

  /** Returns the user's list: its first page of all todos. */
  public Listed list(UserId user) {
    if (!usesCache) {
      return new Listed(ListPage.first(store, user), Source.BYPASS);
    }
    Cached<ListPage> cached = lists.lookup(user, owner -> ListPage.first(store, owner));
    ListPage page = cached.value();
    if (page == null) {
      throw new IllegalStateException("a list was loaded as null");
    }
    return new Listed(
        page,
        switch (cached.outcome()) {
          case L1_HIT, L2_HIT -> Source.HIT;
          case LOADED -> Source.MISS;
          case BYPASS -> Source.BYPASS;
        });
  }

  /** Returns one page, as {@link TodoStore#listByUser}: only whole lists are cached. */
  public Listed page(UserId user, int limit, @Nullable TodoId after, @Nullable Boolean completed) {
    return new Listed(ListPage.of(store.listByUser(user, limit, after, completed)), Source.BYPASS);
  }

  /** Returns the user's todo of this id; empty if there is none. */
  public Optional<Todo> find(UserId user, TodoId id) {
    return store.find(user, id);
  }

  /** Returns what the store knows of the job, as {@link TodoStore#findJob}. */
  public Optional<TodoJob> findJob(JobId job) {
    return store.findJob(job);
  }
}
