package io.github.scalingtoolkit.core.redis;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A client that is opened once its Redis can be reached. Jedis opens one for a standalone server whether or not that is
 * there, but asks a cluster's nodes and the sentinels at once and fails if none answers: here that is a failure of the
 * call that asked, so that the breaker opens and its loop tries again, as for any other outage.
 *
 * <p>One thread opens; others fail meanwhile, since they could only wait longer than their deadline. Safe for use by
 * several threads.
 */
final class LazyClient implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LazyClient.class);

  private final String description;
  private final Supplier<UnifiedJedis> opener;
  private final ReentrantLock opening = new ReentrantLock();
  private volatile @Nullable UnifiedJedis client;
  private boolean closed;

  private LazyClient(String description, Supplier<UnifiedJedis> opener) {
    this.description = description;
    this.opener = opener;
  }

  /** Returns one that tries to open a client now, and at each {@link #get} until it is open. */
  static LazyClient opening(String description, Supplier<UnifiedJedis> opener) {
    LazyClient lazy = new LazyClient(description, opener);
    try {
      lazy.get();
    } catch (JedisException unreachable) {
      log.warn(
          "redis={} state=unreachable cause=\"{}\" action=try-again",
          description,
          RedisFailures.reason(unreachable));
    }
    return lazy;
  }

  /** Returns one that is open. */
  static LazyClient of(UnifiedJedis client) {
    LazyClient lazy = new LazyClient("", () -> client);
    lazy.client = client;
    return lazy;
  }

  /**
   * Returns the client.
   *
   * @throws JedisException if it is not open yet and cannot be opened now
   */
  UnifiedJedis get() {
    UnifiedJedis open = client;
    return open != null ? open : open();
  }

  private UnifiedJedis open() {
    if (!opening.tryLock()) {
      throw new JedisConnectionException(description + " has not been reached yet");
    }
    try {
      UnifiedJedis open = client;
      if (open == null) {
        if (closed) {
          throw new JedisConnectionException(description + " is closed");
        }
        open = opener.get();
        client = open;
      }
      return open;
    } finally {
      opening.unlock();
    }
  }

  @Override
  public void close() {
    opening.lock();
    try {
      closed = true;
      UnifiedJedis open = client;
      if (open != null) {
        open.close();
      }
    } finally {
      opening.unlock();
    }
  }
}
