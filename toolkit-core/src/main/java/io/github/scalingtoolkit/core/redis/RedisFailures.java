package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.RejectedException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;

/** The texts for failures of Redis in logs, messages and health checks. */
final class RedisFailures {
  private static final int DEEPEST_CAUSE = 8;
  private static final Pattern IN_SCRIPT = Pattern.compile("user_script.*: -([A-Z]{2,20}) ");

  private RedisFailures() {}

  /**
   * Returns the reason, as a phrase after the name of the failed thing. Never an original message: those quote commands, and
   * a server that is not Redis may answer anything.
   */
  static String reason(Throwable failure) {
    String known = knownReason(failure, DEEPEST_CAUSE);
    return known == null ? "failed with " + failure.getClass().getSimpleName() : known;
  }

  /** Jedis adds the failure of each address and node as a suppressed exception. */
  private static @Nullable String knownReason(@Nullable Throwable failure, int depth) {
    if (failure == null || depth == 0) {
      return null;
    }
    String known = knownReason(failure);
    if (failure.getCause() instanceof SentinelsRefuseException sentinels) {
      known = knownReason(sentinels);
    } else if (known == null) {
      known = knownReason(failure.getCause(), depth - 1);
    }
    for (Throwable inner : failure.getSuppressed()) {
      known = known == null ? knownReason(inner, depth - 1) : known;
    }
    return known;
  }

  private static @Nullable String knownReason(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof SentinelsRefuseException) {
      return "cannot be found: " + message;
    }
    if (cause instanceof RejectedException) {
      return "is not asked now: " + message;
    }
    if (cause instanceof NoConnectionException) {
      return "is not the cause: " + message;
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

  /** Tells whether an error reply is about missing, superfluous or wrong credentials. */
  static boolean refusesCredentials(String message) {
    return message.startsWith("WRONGPASS") || message.contains("AUTH");
  }

  private static String errorReply(String message) {
    if (message.startsWith("NOPERM")
        || RedisFailure.of(new JedisDataException(message)) == RedisFailure.RIGHTS
            && !refusesCredentials(message)) {
      return "does not grant this user what it asks for (NOPERM)";
    }
    if (refusesCredentials(message)) {
      return "refuses the credentials, or asks for some";
    }
    // Redis 6.2 puts what a script was told behind its own words.
    Matcher inScript = IN_SCRIPT.matcher(message);
    String code = inScript.find() ? inScript.group(1) : message.split("[ :]", 2)[0];
    return code.matches("[A-Z]{2,20}") ? "answers " + code : "answers with an error";
  }
}
