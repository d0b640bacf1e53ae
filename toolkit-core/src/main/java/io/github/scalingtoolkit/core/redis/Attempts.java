package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.ActionOn;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** How an access makes a call: through its breaker, and a second time if the call allows it and lost its connection. */
final class Attempts {
  private final Guard guard;
  private final LazyClient<Clients> commands;

  /** The deadline that a caller's earlier one cuts short; null for a client of somebody else's, which has its own. */
  private final @Nullable Duration deadline;

  Attempts(Guard guard, LazyClient<Clients> commands, @Nullable Duration deadline) {
    this.guard = guard;
    this.commands = commands;
    this.deadline = deadline;
  }

  /** Runs a call through the breaker; a time-out that the caller's own deadline brought about is marked as such. */
  <T extends @Nullable Object, E extends Exception> T guarded(Action<T, E> call) throws E {
    Duration usual = deadline;
    Deadline inherited = usual == null ? null : Deadline.current();
    if (usual == null || inherited == null || inherited.remainingNanos() >= usual.toNanos() / 2) {
      return unwrapped(() -> guard.call(call));
    }
    return unwrapped(() -> guard.call(() -> {
      try {
        return call.run();
      } catch (JedisConnectionException late) {
        throw RedisFailure.timedOut(late) && inherited.isExpired() ? ownTimeOut(late) : late;
      }
    }));
  }

  private static JedisConnectionException ownTimeOut(JedisConnectionException late) {
    return late instanceof UnsentException || late instanceof LazyClient.NotReachedException
        ? UnsentException.callersOwn(late)
        : UnknownOutcomeException.callersOwn(late);
  }

  /** Jedis' cluster executor wraps what a call came to. */
  static <T extends @Nullable Object, E extends Exception> T unwrapped(Action<T, E> call) throws E {
    try {
      return Calling.now(call);
    } catch (JedisClusterOperationException wrapped) {
      if (wrapped.getCause() instanceof JedisConnectionException lost) {
        throw lost;
      }
      throw wrapped;
    }
  }

  /** Runs an action, and once more if it lost its connection. */
  <T extends @Nullable Object, E extends Exception> T retryOnce(ActionOn<UnifiedJedis, T, E> action)
      throws E {
    Clients clients = commands.get();
    try {
      return unwrapped(() -> action.run(clients.first()));
    } catch (JedisConnectionException lost) {
      if (RedisFailure.timedOut(lost)) {
        throw lost;
      }
      clients.dropIdle();
      return action.run(clients.second());
    }
  }
}
