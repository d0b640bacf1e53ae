package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private static final Map<Key, Shared> OPEN = new ConcurrentHashMap<>();

  /** The settings that two accesses must have in common to share listeners. */
  record Key(
      Set<HostAndPort> nodes,
      String master,
      boolean tls,
      @Nullable Object trust,
      @Nullable Object credentials) {}

  /** The listeners of one key; there are none until its first user has opened them. */
  private static final class Shared {
    /** Held while they are opened: of this key alone, since sentinels may be slow to answer. */
    private final ReentrantLock opening = new ReentrantLock();

    private volatile @Nullable SentineledConnectionProvider listeners;

    /** Changed only in an atomic update of {@link #OPEN}. */
    private int users;
  }

  /**
   * Jedis' listeners, which end when they are told to. One that is told so while it opens its connection forgets it, and
   * would then listen for ever.
   */
  private static final class Listeners extends SentineledConnectionProvider {
    private static final Duration BETWEEN = Duration.ofMillis(50);

    Listeners(Key key, JedisClientConfig config) {
      super(key.master, config, key.nodes, config);
    }

    @Override
    public void close() {
      super.close();
      if (areLeft()) {
        new Loop("sentinels-end", this::end).start();
      }
    }

    private boolean areLeft() {
      return sentinelListeners.stream().anyMatch(Thread::isAlive);
    }

    private Duration end() {
      if (!areLeft()) {
        return Loop.DONE;
      }
      sentinelListeners.forEach(SentinelListener::shutdown);
      return BETWEEN;
    }
  }

  private final Key key;
  private final SentineledConnectionProvider listeners;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Sentinels(Key key, SentineledConnectionProvider listeners) {
    this.key = key;
    this.listeners = listeners;
  }

  /**
   * Asks the sentinels, or shares the listeners of an earlier access.
   *
   * @param config how to reach a sentinel
   * @throws JedisException if none can be reached, none takes the credentials, or none knows that master
   */
  static Sentinels open(Key key, JedisClientConfig config) {
    Shared shared = Objects.requireNonNull(OPEN.compute(key, (same, known) -> {
      Shared used = known == null ? new Shared() : known;
      used.users++;
      return used;
    }));
    boolean open = false;
    shared.opening.lock();
    try {
      SentineledConnectionProvider listeners = shared.listeners;
      if (listeners == null) {
        // Its pool stays empty: it is asked for the master's address alone.
        listeners = listeners(key, config);
        shared.listeners = listeners;
      }
      open = true;
      return new Sentinels(key, listeners);
    } finally {
      shared.opening.unlock();
      if (!open) {
        release(key);
      }
    }
  }

  /** Counts one user less; closes the listeners with the last one. */
  private static void release(Key key) {
    Shared[] unused = new Shared[1];
    OPEN.computeIfPresent(key, (same, known) -> {
      known.users--;
      if (known.users > 0) {
        return known;
      }
      unused[0] = known;
      return null;
    });
    SentineledConnectionProvider listeners = unused[0] == null ? null : unused[0].listeners;
    if (listeners != null) {
      listeners.close();
    }
  }

  private static SentineledConnectionProvider listeners(Key key, JedisClientConfig config) {
    try {
      return new Listeners(key, config);
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
    return Objects.requireNonNull(listeners.getCurrentMaster());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release(key);
    }
  }
}
