package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.ActionOn;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisBroadcastException;
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
    if (usual == null) {
      return unwrapped(() -> guard.call(call));
    }
    Deadline callers = Deadline.current();
    return unwrapped(() -> guard.call(() -> OwnTime.marked(usual, callers, call)));
  }

  /** Jedis' cluster executor wraps the failure of a call, and that of one among several nodes. */
  static <T extends @Nullable Object, E extends Exception> T unwrapped(Action<T, E> call) throws E {
    try {
      return Calling.now(call);
    } catch (JedisClusterOperationException | JedisBroadcastException wrapped) {
      Throwable cause = RedisFailure.innermost(wrapped);
      if (cause instanceof JedisConnectionException lost) {
        throw lost;
      }
      if (cause instanceof RejectedException refused) {
        throw refused;
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
      if (clients.nodes() == null) {
        clients.dropIdle();
      }
      return second(() -> action.run(clients.second()), lost);
    }
  }

  /** A second try that was refused sent nothing, which must not hide that the first one did. */
  private static <T extends @Nullable Object, E extends Exception> T second(
      Action<T, E> action, JedisConnectionException first) throws E {
    try {
      return unwrapped(action);
    } catch (RejectedException | NoConnectionException unsent) {
      first.addSuppressed(unsent);
      throw first;
    }
  }
}
