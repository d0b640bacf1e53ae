package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.providers.SentineledConnectionProvider;

/**
 * The master that the sentinels of one URL name. All accesses to one URL share one listener for each sentinel, whatever
 * the number of their clients; the listeners end with the last of them. Safe for use by several threads.
 */
final class Sentinels implements AutoCloseable {
  private static final ReentrantLock OPENING = new ReentrantLock();
  private static final Map<Key, Shared> OPEN = new HashMap<>();

  /** The settings that two accesses must have in common to share listeners. */
  record Key(
      Set<HostAndPort> nodes,
      String master,
      boolean tls,
      @Nullable Object trust,
      @Nullable Object credentials) {}

  /** Guarded by {@link #OPENING}, but for asking where the master is. */
  private static final class Shared {
    private final SentineledConnectionProvider listeners;
    private int users;

    Shared(SentineledConnectionProvider listeners) {
      this.listeners = listeners;
    }
  }

  private final Key key;
  private final Shared shared;
  private boolean closed;

  private Sentinels(Key key, Shared shared) {
    this.key = key;
    this.shared = shared;
  }

  /**
   * Asks the sentinels, or shares the listeners of an earlier access.
   *
   * @param config how to reach a sentinel
   * @throws JedisException if none can be reached, none takes the credentials, or none knows that master
   */
  static Sentinels open(Key key, JedisClientConfig config) {
    OPENING.lock();
    try {
      Shared shared = OPEN.get(key);
      if (shared == null) {
        // Its pool stays empty: it is asked for the master's address alone.
        shared = new Shared(listeners(key, config));
        OPEN.put(key, shared);
      }
      shared.users++;
      return new Sentinels(key, shared);
    } finally {
      OPENING.unlock();
    }
  }

  private static SentineledConnectionProvider listeners(Key key, JedisClientConfig config) {
    try {
      return new SentineledConnectionProvider(key.master, config, key.nodes, config);
    } catch (JedisException noMaster) {
      throw SentinelsRefuseException.or(
          noMaster,
          key.nodes,
          key.master,
          config,
          Duration.ofMillis(config.getConnectionTimeoutMillis()));
    }
  }

  /** Returns the master's address, by the sentinels' last message. */
  HostAndPort master() {
    return Objects.requireNonNull(shared.listeners.getCurrentMaster());
  }

  @Override
  public void close() {
    OPENING.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      shared.users--;
      if (shared.users == 0) {
        OPEN.remove(key, shared);
        shared.listeners.close();
      }
    } finally {
      OPENING.unlock();
    }
  }
}
