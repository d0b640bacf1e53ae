package io.github.scalingtoolkit.todo.api;

import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.WriteBracket;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.NewTodo;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.Todo;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Makes a todo: write-begin on the cached list, one document with its outbox entry in it, then write-end and enqueue in
 * one round trip. MongoDB decides; what Redis does is best effort. The sweeper repeats a lost enqueue; a lost
 * write-end is repeated by the cache's journal, or ends with the write's deadline.
 */
public final class NewTodos {
  private static final Logger log = LoggerFactory.getLogger(NewTodos.class);

  private final TodoStore store;
  private final CacheAside<UserId, ListPage> lists;
  private final RedisAccess cacheRedis;
  private final RedisAccess queueRedis;
  private final Notifications notifications;

  /** Writes to {@code store}. The two accesses are the same object where cache and queue share a Redis. */
  public NewTodos(
      TodoStore store,
      CacheAside<UserId, ListPage> lists,
      RedisAccess cacheRedis,
      RedisAccess queueRedis,
      Notifications notifications) {
    this.store = store;
    this.lists = lists;
    this.cacheRedis = cacheRedis;
    this.queueRedis = queueRedis;
    this.notifications = notifications;
  }

  /**
   * Makes it.
   *
   * @throws StoreUnavailableException if it is not known to be stored
   */
  Todo create(UserId user, NewTodo newTodo) {
    // Left open by an exception it is abandoned: the commit may still arrive.
    try (WriteBracket write = lists.begin(user)) {
      Todo todo;
      try {
        todo = store.create(user, newTodo);
      } catch (StoreUnavailableException failure) {
        if (failure.nothingWasSent()) {
          write.notApplied();
        }
        throw failure;
      }
      afterwards(write, todo);
      return todo;
    }
  }

  private void afterwards(WriteBracket write, Todo todo) {
    if (cacheRedis != queueRedis) {
      write.end();
      notifications.enqueueQuietly(JobId.of(todo.id()), todo.userId());
      return;
    }
    ScriptReply ended = null;
    try {
      List<ScriptReply> replies = queueRedis.evalAll(
          List.of(write.endCall(), notifications.enqueueCall(JobId.of(todo.id()), todo.userId())));
      ended = replies.get(0);
      if (replies.get(1).failure() != null) {
        log.warn("job={} enqueue=refused action=sweeper", JobId.of(todo.id()));
      }
    } catch (JedisException | RejectedException unreachable) {
      log.debug("job={} enqueue=unreachable action=sweeper", JobId.of(todo.id()));
    } finally {
      write.ended(ended);
    }
  }
}
