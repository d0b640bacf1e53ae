package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One thread that renews the leases of all caches on one Redis. It starts with the first load, and ends when there has been
 * none for a while: then nothing refers to the access or to its caches from here.
 *
 * <p>Safe for use by several threads.
 */
final class RenewalLoop {
  private static final Map<RedisAccess, RenewalLoop> LOOPS = new ConcurrentHashMap<>();
  private static final Duration LINGER = Duration.ofSeconds(10);

  private final RedisAccess redis;
  private final Set<LeaseRenewals> users = ConcurrentHashMap.newKeySet();
  private final Loop loop = new Loop("cache-leases", this::step);

  /** The loop's own. */
  private boolean wasUnused;

  private RenewalLoop(RedisAccess redis) {
    this.redis = redis;
  }

  /** Has {@code user} stepped from now on, until it says that it has nothing to renew. */
  static void join(RedisAccess redis, LeaseRenewals user) {
    LOOPS.compute(redis, (key, known) -> {
      RenewalLoop loop = known == null ? new RenewalLoop(redis) : known;
      loop.users.add(user);
      loop.loop.start();
      loop.loop.wake();
      return loop;
    });
  }

  private Duration step() {
    Duration next = Loop.UNTIL_WOKEN;
    for (LeaseRenewals user : users) {
      Duration pause = user.step(() -> users.remove(user));
      next = pause.compareTo(next) < 0 ? pause : next;
    }
    if (!users.isEmpty()) {
      wasUnused = false;
      return next.compareTo(LINGER) < 0 ? next : LINGER;
    }
    if (!wasUnused) {
      wasUnused = true;
      return LINGER;
    }
    return LOOPS.computeIfPresent(redis, (key, loop) -> users.isEmpty() ? null : loop) == null
        ? Loop.DONE
        : Duration.ZERO;
  }
}
