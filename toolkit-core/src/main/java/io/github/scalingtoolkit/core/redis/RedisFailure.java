package io.github.scalingtoolkit.core.redis;

import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisBroadcastException;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The cause of a failed Redis call: the node, the command, the rights of this user, or this process.
 *
 * <p>Every failure is classified here. Only {@link #NODE} counts for a breaker. The table is in {@code docs/redis.md}.
 */
public enum RedisFailure {
  /**
   * The node cannot serve anyone: refused, unreachable, silent, another protocol; or it says so itself (LOADING, BUSY,
   * MASTERDOWN, CLUSTERDOWN, too many clients).
   */
  NODE,

  /**
   * The node is healthy and refuses this command: OOM, MISCONF, NOREPLICAS, READONLY, WRONGTYPE, an error of a script, a
   * redirection.
   */
  COMMAND,

  /** The node is healthy and refuses this user: NOAUTH, WRONGPASS, NOPERM, or a password where none is set. */
  RIGHTS,

  /**
   * This process caused the failure: a guard refused the call, no connection was free, the caller's own
   * {@link io.github.scalingtoolkit.core.time.Deadline} was over, its thread was interrupted, an argument was wrong, a
   * reply or a request was too large for its time.
   */
  THIS_PROCESS;

  /** Error replies by which a node says that it cannot serve anyone. */
  private static final List<String> UNFIT =
      List.of("LOADING", "BUSY ", "MASTERDOWN", "CLUSTERDOWN", "ERR max number of clients reached");

  /** CLUSTERDOWN of one slot, or of writes only, says nothing about the node's other keys. */
  private static final List<String> UNFIT_IN_PART = List.of(
      "CLUSTERDOWN Hash slot not served", "CLUSTERDOWN The cluster is down and only accepts");

  /** The last two come from a server without a password, and from one that serves only its own host. */
  private static final List<String> REFUSED_RIGHTS =
      List.of("NOAUTH", "WRONGPASS", "NOPERM", "ERR AUTH <password> called", "DENIED ");

  /** How the versions of Redis word that a script lacks a right. */
  private static final List<String> REFUSED_IN_SCRIPT =
      List.of("-NOPERM", "ACL failure in script", "user executing the script can't");

  private static final int DEEPEST_CAUSE = 8;

  /**
   * Classifies a failure. One that is not from Jedis, such as a bug in the code that made the call, is {@link #THIS_PROCESS}.
   */
  public static RedisFailure of(Throwable failure) {
    Throwable inner = innermost(failure);
    if (inner != failure) {
      return of(inner);
    }
    if (!(failure instanceof JedisException)
        || failure instanceof NoConnectionException
        || failure instanceof LostConnection lost && lost.isOfThisProcess()
        || interrupted(failure)) {
      return THIS_PROCESS;
    }
    JedisDataException reply = replyIn(failure);
    return reply == null ? NODE : ofReply(reply);
  }

  /**
   * Tells whether a command, or one within a script, failed because the user lacks a right (NOPERM): an administrator's
   * grant is the cure. Credentials that are refused are not this.
   */
  public static boolean isForbidden(Throwable failure) {
    return of(failure) == RIGHTS
        && innermost(failure) instanceof JedisException told
        && !RedisFailures.refusesCredentials(answer(told));
  }

  /**
   * Returns what Jedis wraps: its executor the failure of its last try, or of one among several nodes; its provider the
   * answer of the first seed.
   */
  static Throwable innermost(Throwable failure) {
    Throwable inner = failure;
    for (int depth = 0; depth < DEEPEST_CAUSE; depth++) {
      if (!(inner instanceof JedisClusterOperationException)
          && !(inner instanceof JedisBroadcastException)) {
        return inner;
      }
      Throwable[] answers = inner.getSuppressed();
      Throwable cause =
          inner.getCause() != null || answers.length == 0 ? inner.getCause() : answers[0];
      if (cause == null) {
        return inner;
      }
      inner = cause;
    }
    return inner;
  }

  /** Tells whether a breaker counts a failure: a node's, and of a connection that several callers shared only once. */
  static boolean counts(Throwable failure) {
    return of(failure) == NODE && !(failure instanceof LostConnection lost && !lost.counts());
  }

  /**
   * Tells whether a reply says that the node does not take writes from anyone, as a replica or a demoted master does.
   */
  static boolean isReadOnly(JedisDataException reply) {
    String message = String.valueOf(reply.getMessage());
    // Redis 6.2 puts what a script was told behind its own words.
    return message.startsWith("READONLY") || message.contains("-READONLY ");
  }

  /** Returns the node's message; the failure's own message if there is none. */
  static String answer(JedisException failure) {
    if (failure instanceof JedisClusterOperationException && failure.getSuppressed().length > 0) {
      return String.valueOf(failure.getSuppressed()[0].getMessage());
    }
    JedisDataException reply = replyIn(failure);
    return String.valueOf((reply == null ? failure : reply).getMessage());
  }

  /** Tells whether the node was slow or down, so that an immediate retry would only wait again. */
  static boolean timedOut(Throwable failure) {
    return causedBy(SocketTimeoutException.class, failure)
        || causedBy(ConnectException.class, failure);
  }

  private static RedisFailure ofReply(JedisDataException reply) {
    String message = String.valueOf(reply.getMessage());
    if (reply instanceof JedisAccessControlException
        || REFUSED_RIGHTS.stream().anyMatch(message::startsWith)
        || REFUSED_IN_SCRIPT.stream().anyMatch(message::contains)) {
      return RIGHTS;
    }
    return UNFIT.stream().anyMatch(message::startsWith)
            && UNFIT_IN_PART.stream().noneMatch(message::startsWith)
        ? NODE
        : COMMAND;
  }

  /** A node's reply may lie below the failure to open a connection, and below a cluster's failure to reach a node. */
  private static @Nullable JedisDataException replyIn(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (cause instanceof JedisDataException reply) {
        return reply;
      }
      cause = cause instanceof JedisException ? cause.getCause() : null;
    }
    return null;
  }

  private static boolean interrupted(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (cause instanceof InterruptedException
          || cause instanceof ClosedByInterruptException
          || cause instanceof SocketException && "Closed by interrupt".equals(cause.getMessage())) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  /** Jedis adds the failure of each address of a host as a suppressed exception. */
  private static boolean causedBy(Class<? extends Throwable> type, Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (type.isInstance(cause)) {
        return true;
      }
      for (Throwable suppressed : cause.getSuppressed()) {
        if (type.isInstance(suppressed)) {
          return true;
        }
      }
      cause = cause.getCause();
    }
    return false;
  }
}
