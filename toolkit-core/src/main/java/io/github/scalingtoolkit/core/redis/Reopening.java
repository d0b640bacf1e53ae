package io.github.scalingtoolkit.core.redis;

import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * Keeps a connection that was closed from opening itself again in mid-batch.
 *
 * <p>Jedis connects whenever it is to send and finds the socket closed, but without the greetings: as nobody, to database
 * 0. It asks for the address then, which is where this says no.
 */
final class Reopening {
  private static final ThreadLocal<Boolean> FORBIDDEN = new ThreadLocal<>();

  private Reopening() {}

  /** Runs {@code sending}, in which no connection is opened. */
  static void forbidden(Runnable sending) {
    FORBIDDEN.set(true);
    try {
      sending.run();
    } finally {
      FORBIDDEN.remove();
    }
  }

  /**
   * Returns {@code node}, to be opened.
   *
   * @throws JedisConnectionException in mid-batch
   */
  static HostAndPort checked(HostAndPort node) {
    if (FORBIDDEN.get() != null) {
      throw new JedisConnectionException("the connection to " + node + " was closed");
    }
    return node;
  }
}
