package io.github.scalingtoolkit.core.redis;

import java.util.NoSuchElementException;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * The reason why a node or a channel cannot be listened to.
 *
 * @param reason the reason, as a phrase after the node's name
 * @param action what to do about it
 */
record Obstacle(String node, String reason, String action) {
  /** What ends, or prevents, a connection. */
  static Obstacle of(Throwable failure, String node) {
    if (isPoolExhausted(failure)) {
      return new Obstacle(
          node,
          "has no free connection: all of the blocking client's are in use",
          "give that client a larger pool");
    }
    if (isOfCredentials(failure)) {
      return new Obstacle(
          node,
          RedisFailures.reason(failure),
          "set the user and the password that this server takes");
    }
    if (isNoPermission(failure)) {
      return new Obstacle(
          node,
          "does not let its user do what a connection begins with",
          "ACL SETUSER <user> +hello +client +select, on a cluster +cluster");
    }
    return new Obstacle(
        node,
        RedisFailures.reason(failure),
        "see that it runs and can be reached from here; it is tried again all the time");
  }

  /** What a server answers to SUBSCRIBE. */
  static Obstacle of(JedisDataException error, String node, String channel) {
    String message = String.valueOf(error.getMessage());
    if (!isNoPermission(error)) {
      return new Obstacle(
          node, RedisFailures.reason(error), "see whether this server knows SUBSCRIBE");
    }
    // Redis names the command that is not allowed in quotes; what it says of channels differs.
    return message.contains("'subscribe'")
        ? new Obstacle(
            node,
            "does not let its user run SUBSCRIBE",
            "ACL SETUSER <user> +subscribe +unsubscribe +ping &" + channel)
        : new Obstacle(
            node, "does not let its user listen to this channel", "ACL SETUSER <user> &" + channel);
  }

  /** Tells whether the server does not take the user or the password, and so serves nothing at all. */
  static boolean isOfCredentials(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return failure instanceof JedisDataException
        && (message.startsWith("NOAUTH")
            || message.startsWith("WRONGPASS")
            || message.startsWith("ERR invalid password"));
  }

  /** Tells whether a connection was refused for want of a right, so that nothing heals by itself. */
  static boolean isOfRights(Throwable failure) {
    return isOfCredentials(failure) || isNoPermission(failure);
  }

  /** Tells whether an operator has to act on an error reply: others are temporary. */
  static boolean isLasting(JedisDataException error) {
    return error instanceof JedisAccessControlException
        || String.valueOf(error.getMessage()).startsWith("ERR ");
  }

  private static boolean isNoPermission(Throwable failure) {
    return failure instanceof JedisDataException
        && String.valueOf(failure.getMessage()).startsWith("NOPERM");
  }

  private static boolean isPoolExhausted(Throwable failure) {
    // The second is what a client of somebody else's throws.
    return failure instanceof NoConnectionException
        || failure.getCause() instanceof NoSuchElementException;
  }
}
