package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Tells a time-out that a caller's own deadline brought about from one of the node. */
final class OwnTime {
  private OwnTime() {}

  /**
   * Makes a call that takes up to {@code usual}. If it times out when the caller's deadline is over, and that had left it
   * less than half of the usual time, the failure says so, and no breaker counts it.
   *
   * @param callers the deadline that the caller came with; null if it came with none
   */
  static <T extends @Nullable Object, E extends Exception> T marked(
      Duration usual, @Nullable Deadline callers, Action<T, E> call) throws E {
    if (callers == null || callers.remainingNanos() >= usual.toNanos() / 2) {
      return Calling.now(call);
    }
    try {
      return Calling.now(call);
    } catch (JedisConnectionException late) {
      throw RedisFailure.timedOut(late) && callers.isExpired() ? callersOwn(late) : late;
    }
  }

  private static JedisConnectionException callersOwn(JedisConnectionException late) {
    if (late instanceof LostConnection lost && lost.isOfThisProcess()) {
      return late;
    }
    return late instanceof UnsentException || late instanceof LazyClient.NotReachedException
        ? UnsentException.callersOwn(late)
        : UnknownOutcomeException.callersOwn(late);
  }
}
