package io.github.scalingtoolkit.core.redis;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Clients that are opened when Redis is reachable. Jedis' clients for a cluster and for sentinels ask for the topology when
 * they are created, and cannot be created while no node answers.
 *
 * <p>One caller at a time opens; the others wait for its first try for up to a second, and fail at once with "not
 * reached yet" during later tries. If the rights are
 * refused, it tries at most once a second.
 *
 * @param <C> the client's type
 */
final class LazyClient<C extends AutoCloseable> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LazyClient.class);
  private static final long REFUSED_PAUSE = Duration.ofSeconds(1).toNanos();

  private final String description;
  private final Supplier<C> opener;
  private final ReentrantLock opening = new ReentrantLock();
  private volatile @Nullable C client;
  private volatile boolean triedBefore;
  private boolean closed;
  private volatile @Nullable Refusal refusal;

  /** What a node answered to these credentials, and when. */
  private record Refusal(JedisException failed, long atNanos) {
    /** Returns what tells a caller: the node's answer, with this caller's own stack trace. */
    JedisAccessControlException again() {
      return new JedisAccessControlException(RedisFailure.answer(failed), failed);
    }

    boolean isRecent() {
      return System.nanoTime() - atNanos < REFUSED_PAUSE;
    }
  }

  private LazyClient(String description, Supplier<C> opener) {
    this.description = description;
    this.opener = opener;
  }

  /** Returns one that tries to open now, and at each {@link #get} until it is open. */
  static <C extends AutoCloseable> LazyClient<C> opening(String description, Supplier<C> opener) {
    LazyClient<C> lazy = new LazyClient<>(description, opener);
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

  /** Returns one that opens at the first {@link #get}. */
  static <C extends AutoCloseable> LazyClient<C> whenAsked(String description, Supplier<C> opener) {
    return new LazyClient<>(description, opener);
  }

  /** Returns one that is open. */
  static <C extends AutoCloseable> LazyClient<C> of(C client) {
    LazyClient<C> lazy = new LazyClient<>("", () -> client);
    lazy.client = client;
    return lazy;
  }

  /**
   * Returns it.
   *
   * @throws JedisException if it is not open yet and cannot be opened now
   */
  C get() {
    C open = client;
    return open != null ? open : open();
  }

  /** Tells whether the last attempt to open it was refused: by the nodes, or by the sentinels. */
  boolean isRefused() {
    return refusal != null;
  }

  private C open() {
    Refusal before = refusal;
    if (before != null && (before.isRecent() || opening.isLocked())) {
      throw before.again();
    }
    if (!(triedBefore ? opening.tryLock() : waitedForTheFirst())) {
      Refusal meanwhile = refusal;
      if (meanwhile != null) {
        throw meanwhile.again();
      }
      throw new NotReachedException(description + " has not been reached yet", null);
    }
    try {
      C open = client;
      if (open == null) {
        open = opened();
        client = open;
      }
      return open;
    } finally {
      opening.unlock();
    }
  }

  /** The first caller usually succeeds, and soon. */
  private boolean waitedForTheFirst() {
    try {
      return opening.tryLock(1, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private C opened() {
    if (closed) {
      throw new NotReachedException(description + " is closed", null);
    }
    Refusal before = refusal;
    if (before != null && before.isRecent()) {
      throw before.again();
    }
    try {
      C made = opener.get();
      triedBefore = true;
      refusal = null;
      return made;
    } catch (JedisException failed) {
      triedBefore = true;
      if (RedisFailure.of(failed) == RedisFailure.RIGHTS) {
        Refusal refused = new Refusal(failed, System.nanoTime());
        refusal = refused;
        throw refused.again();
      }
      refusal = null;
      throw new NotReachedException(description + " could not be reached", failed);
    }
  }

  @Override
  public void close() {
    opening.lock();
    try {
      closed = true;
      C open = client;
      if (open != null) {
        open.close();
      }
    } catch (Exception failed) {
      log.debug("redis={} close=failed cause={}", description, failed.getClass().getName());
    } finally {
      opening.unlock();
    }
  }

  /** No node has been reached yet: the concern of an access' own breaker on a cluster, where each node has another one. */
  static final class NotReachedException extends JedisConnectionException {
    private static final long serialVersionUID = 1L;

    NotReachedException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
