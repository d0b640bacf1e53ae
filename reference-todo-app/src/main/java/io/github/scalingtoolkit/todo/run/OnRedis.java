package io.github.scalingtoolkit.todo.run;

import io.github.scalingtoolkit.cache.CacheAside;
import io.github.scalingtoolkit.cache.CacheAsideBuilder;
import io.github.scalingtoolkit.cache.CacheMetrics;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.RedisMetrics;
import io.github.scalingtoolkit.core.redis.RedisUrl;
import io.github.scalingtoolkit.queue.JobQueue;
import io.github.scalingtoolkit.queue.QueueDepthMetrics;
import io.github.scalingtoolkit.todo.config.TodoSettings;
import io.github.scalingtoolkit.todo.domain.UserId;
import io.github.scalingtoolkit.todo.jobs.Notifications;
import io.github.scalingtoolkit.todo.todos.ListPage;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;

/**
 * What the service has in Redis.
 *
 * @param access the Redis of queue and limits
 * @param cacheAccess the Redis of the cache if it is another one
 * @param lists the cached lists
 * @param queue the queue of notifications
 */
record OnRedis(
    RedisAccess access,
    Optional<RedisAccess> cacheAccess,
    CacheAside<UserId, ListPage> lists,
    JobQueue queue) {
  /** With the cache off nothing is stored, but a cache needs a time to live. */
  private static final Duration UNUSED = Duration.ofSeconds(30);

  /** A whole page of 1,000 todos with titles of 500 code points has about half of this. */
  private static final int LARGEST_LIST = 4 * 1024 * 1024;

  /** Opens both; returns at once, whether or not they can be reached. */
  static OnRedis open(TodoSettings settings, String url, MeterRegistry meters) {
    return Started.all(started -> {
      RedisAccess access = access(started, settings, url, "redis", meters);
      Optional<RedisAccess> cacheAccess = settings
          .cacheRedisUrl()
          .filter(other -> !other.equals(url))
          .map(other -> access(started, settings, other, "redis-cache", meters));
      CacheAside<UserId, ListPage> lists =
          lists(started, settings.cache(), cacheAccess.orElse(access), meters);
      return new OnRedis(access, cacheAccess, lists, queue(access, meters));
    });
  }

  private static JobQueue queue(RedisAccess access, MeterRegistry meters) {
    // What is evicted is in the outbox still.
    JobQueue queue = JobQueue.builder(access, Notifications.QUEUE)
        .acceptEviction("allkeys-lru", "allkeys-lfu", "allkeys-lrm", "allkeys-random")
        .build();
    // In each role: that no worker runs can only be seen by who is none.
    QueueDepthMetrics.bind(meters, queue);
    return queue;
  }

  private static RedisAccess access(
      Started started, TodoSettings settings, String url, String name, MeterRegistry meters) {
    RedisAccess access = started.add(builder(settings, url).name(name).build(), RedisAccess::close);
    RedisMetrics.bind(meters, access);
    return access;
  }

  /** Returns what opens a Redis as the settings say. */
  static RedisAccess.Builder builder(TodoSettings settings, String url) {
    RedisAccess.Builder redis = RedisAccess.builder(url);
    if (RedisUrl.parse(url).mode() == RedisUrl.Mode.SENTINEL) {
      settings
          .sentinels()
          .ifPresent(asks -> redis.sentinelCredentials(asks.user().orElse(null), asks::password));
    }
    return redis;
  }

  private static CacheAside<UserId, ListPage> lists(
      Started started, TodoSettings.ListCache settings, RedisAccess redis, MeterRegistry meters) {
    CacheAsideBuilder<UserId, ListPage> cache = CacheAside.builder(redis, "todos", ListPage.CODEC)
        .<UserId>keys(UserId::value)
        .timeToLive(settings.timeToLive().orElse(UNUSED))
        .largestValue(LARGEST_LIST)
        .listener(CacheMetrics.of(meters, "todos"));
    settings
        .timeToLive()
        .filter(life -> settings.localEntries() > 0)
        .ifPresent(life -> cache.local(settings.localEntries(), life));
    CacheAside<UserId, ListPage> lists = started.add(cache.build(), CacheAside::close);
    CacheMetrics.bind(meters, lists);
    return lists;
  }

  void close() {
    lists.close();
    cacheAccess.ifPresent(RedisAccess::close);
    access.close();
  }
}
