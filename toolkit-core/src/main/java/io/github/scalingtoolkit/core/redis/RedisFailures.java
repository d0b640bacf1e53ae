package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.time.Deadline;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.List;
import redis.clients.jedis.exceptions.JedisDataException;

/** What failures of Redis mean. */
final class RedisFailures {
  /** Error replies by which a server says that it cannot serve anyone. */
  private static final List<String> UNFIT = List.of(
      "LOADING",
      "READONLY",
      "MASTERDOWN",
      "MISCONF",
      "BUSY",
      "CLUSTERDOWN",
      "NOAUTH",
      "WRONGPASS",
      "NOREPLICAS",
      "OOM");

  private RedisFailures() {}

  /** Tells whether the server was slow or away, so that trying again at once would only wait again. */
  static boolean timedOut(Throwable failure) {
    return causedBy(SocketTimeoutException.class, failure)
        || causedBy(ConnectException.class, failure);
  }

  /**
   * Tells whether a failure says nothing of Redis' health: an error reply to a command is the caller's mistake, unless
   * the server says that it cannot serve anyone; and one lost connection counts once, however many shared it.
   */
  static boolean sayNothingOfHealth(Throwable failure) {
    if (Deadline.currentIsExpired() && causedBy(SocketTimeoutException.class, failure)) {
      // The caller had no more time: what he cut short is not held against Redis.
      return true;
    }
    if (failure instanceof UnknownOutcomeException lost) {
      return !lost.counts();
    }
    if (!(failure instanceof JedisDataException)) {
      return failure instanceof IllegalArgumentException || failure instanceof RejectedException;
    }
    String message = String.valueOf(failure.getMessage());
    return UNFIT.stream().noneMatch(message::startsWith);
  }

  private static boolean causedBy(Class<? extends Throwable> type, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }
}
