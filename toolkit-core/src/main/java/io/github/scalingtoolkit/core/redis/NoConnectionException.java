package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import redis.clients.jedis.exceptions.JedisException;

/**
 * No connection was free in time, so nothing was sent: this process has more calls in progress than its pool allows, or does not
 * close pipelines and transactions. It says nothing about Redis and no breaker counts it.
 */
public final class NoConnectionException extends JedisException {
  private static final long serialVersionUID = 1L;

  NoConnectionException(String node, Duration waited, int active, int most, int waiting) {
    super("no connection to " + node + " was free within " + waited.toMillis() + " ms: " + active
        + " of " + most + " are in use and " + waiting
        + " callers wait; close pipelines and transactions, or raise poolSize");
  }
}
