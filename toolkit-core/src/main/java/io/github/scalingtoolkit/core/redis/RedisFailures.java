package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.RejectedException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;

/** What failures of Redis mean. */
final class RedisFailures {
  /** Error replies by which a server says that it cannot serve anyone. */
  private static final List<String> UNFIT = List.of(
      "LOADING",
      "READONLY",
      "MASTERDOWN",
      "MISCONF",
      "BUSY ",
      "CLUSTERDOWN",
      "NOAUTH",
      "WRONGPASS",
      "NOREPLICAS",
      "OOM",
      "ERR max number of clients reached");

  private static final int DEEPEST_CAUSE = 8;

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
    if (HurriedCalls.outOfTime() && causedBy(SocketTimeoutException.class, failure)) {
      // What a caller in a hurry cut short is not held against Redis.
      return true;
    }
    if (failure instanceof UnknownOutcomeException lost) {
      return !lost.counts();
    }
    if (failure instanceof UnsentException unsent) {
      return !unsent.counts();
    }
    if (!(failure instanceof JedisDataException)) {
      return failure instanceof IllegalArgumentException || failure instanceof RejectedException;
    }
    String message = String.valueOf(failure.getMessage());
    return UNFIT.stream().noneMatch(message::startsWith);
  }

  /**
   * Says what is wrong, to go on after the name of what failed. Never a message as it came: those quote commands, and
   * what a server that is no Redis answers may be anything.
   */
  static String reason(Throwable failure) {
    String known = knownReason(failure, DEEPEST_CAUSE);
    return known == null ? "failed with " + failure.getClass().getSimpleName() : known;
  }

  /** Jedis keeps what each address and each node answered as suppressed by what it throws. */
  private static @Nullable String knownReason(@Nullable Throwable failure, int depth) {
    if (failure == null || depth == 0) {
      return null;
    }
    String known = knownReason(failure);
    if (known == null) {
      known = knownReason(failure.getCause(), depth - 1);
    }
    for (Throwable inner : failure.getSuppressed()) {
      known = known == null ? knownReason(inner, depth - 1) : known;
    }
    return known;
  }

  private static @Nullable String knownReason(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof RejectedException) {
      return "is not asked now: " + message;
    }
    if (cause instanceof UnknownHostException) {
      return "cannot be found: its host name is unknown";
    }
    if (cause instanceof ConnectException) {
      return message.contains("refused")
          ? "cannot be reached: connection refused"
          : "cannot be reached";
    }
    if (cause instanceof SocketTimeoutException) {
      return "does not answer in time";
    }
    if (cause instanceof SSLException) {
      return "cannot be trusted: the TLS handshake failed";
    }
    if (message.startsWith("Unknown reply")) {
      return "answers with another protocol than Redis";
    }
    if (message.startsWith("Unexpected end of stream")) {
      return "closes connections without an answer";
    }
    if (message.startsWith("All sentinels down")) {
      return "cannot be reached: no sentinel answers";
    }
    if (message.startsWith("Can connect to sentinel")) {
      return "is not known to its sentinels by that name";
    }
    if (cause instanceof JedisDataException) {
      return errorReply(message);
    }
    return null;
  }

  private static String errorReply(String message) {
    if (message.startsWith("WRONGPASS") || message.contains("AUTH")) {
      return "refuses the credentials, or asks for some";
    }
    String code = message.split("[ :]", 2)[0];
    return code.matches("[A-Z]{2,20}") ? "answers " + code : "answers with an error";
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
