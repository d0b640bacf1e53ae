package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Limits attempts at a node that refuses the process' credentials to one a second: other calls are refused at
 * once, with the node's reason. Logs once when that begins and once when it is over.
 *
 * <p>Shared by all pools of one node. Safe for use by several threads.
 */
final class Rights {
  private static final Logger log = LoggerFactory.getLogger(Rights.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final String node;
  private final Clock clock;
  private final AtomicReference<@Nullable Refusal> last = new AtomicReference<>();

  private record Refusal(String message, long atNanos) {}

  Rights(String node, Clock clock) {
    this.node = node;
    this.clock = clock;
  }

  /**
   * Lets the caller open a connection now, or not.
   *
   * @throws JedisAccessControlException if the node refused one less than a second ago, or another caller asks just now
   */
  void ask() {
    Refusal before = last.get();
    if (before == null) {
      return;
    }
    long now = clock.nanoTime();
    if (now - before.atNanos < PAUSE.toNanos()
        || !last.compareAndSet(before, new Refusal(before.message, now))) {
      throw new JedisAccessControlException(before.message);
    }
  }

  /** Notes a failure to open a connection. */
  void refused(JedisException failure) {
    if (RedisFailure.of(failure) != RedisFailure.RIGHTS) {
      return;
    }
    Refusal now = new Refusal(String.valueOf(failure.getMessage()), clock.nanoTime());
    if (last.getAndSet(now) == null) {
      log.warn(
          "redis={} state=refused cause=\"{}\" action=\"check the user and its password; asked again"
              + " once a second\"",
          node,
          RedisFailures.reason(failure));
    }
  }

  /** Tells whether the node refused the last one. */
  boolean areRefused() {
    return last.get() != null;
  }

  /** Notes that a connection was opened. */
  void granted() {
    if (last.get() != null && last.getAndSet(null) != null) {
      log.info("redis={} state=accepted", node);
    }
  }
}
