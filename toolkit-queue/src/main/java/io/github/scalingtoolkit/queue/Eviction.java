package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisAccessControlException;

/**
 * Whether the server that holds a queue may evict its jobs: asks for the policy at the start, and each minute from then
 * on, with a beat, an enqueue or a look at the metrics, by INFO, which managed services allow where they do not allow CONFIG. While a server does not answer, what it said
 * before holds.
 *
 * <p>Safe for use by several threads. Only {@link #check} and {@link #look} may block, for one round trip.
 */
final class Eviction {
  private static final Logger log = LoggerFactory.getLogger(Eviction.class);
  private static final Duration AGAIN = Duration.ofMinutes(1);
  private static final String ALL_KEYS = "allkeys-";
  private static final Pattern POLICY = Pattern.compile("maxmemory_policy:(\\S+)");

  /** What is known of the policy. */
  enum Risk {
    /** It evicts no job, or that was accepted. */
    NONE,
    /** It may evict any job. */
    EVICTS,
    /** The server has not told. */
    UNKNOWN
  }

  private final RedisAccess redis;
  private final String queue;
  private final byte[] key;
  private final Set<String> accepted;
  private final Clock clock;
  private final ReentrantLock asking = new ReentrantLock();
  private volatile Risk risk = Risk.NONE;
  private volatile long askAt;

  /** The server has told its policy at least once. Guarded by the lock. */
  private boolean known;

  /**
   * Makes one.
   *
   * @param queue its name for log lines
   * @param key of the queue, by which a cluster finds the server
   */
  Eviction(RedisAccess redis, String queue, byte[] key, Set<String> accepted, Clock clock) {
    this.redis = redis;
    this.queue = queue;
    this.key = key;
    this.accepted = accepted;
    this.clock = clock;
    askAt = clock.nanoTime();
  }

  /** Returns whether {@code policy} is one that may be accepted. */
  static boolean isOfAllKeys(String policy) {
    return policy.startsWith(ALL_KEYS);
  }

  Risk risk() {
    return risk;
  }

  /**
   * Asks.
   *
   * @throws QueueException if the policy may evict jobs
   */
  void check() {
    String policy = ask();
    if (risk == Risk.EVICTS) {
      throw new QueueException("Redis may evict the jobs of queue " + queue
          + ": it has maxmemory-policy=" + policy + ". Set noeviction, or a volatile policy; or, if"
          + " an outbox enqueues again what is lost, accept it: acceptEviction(\"" + policy
          + "\")");
    }
    tell(Risk.NONE, policy);
  }

  /** Asks, if a minute has passed since the last time; throws nothing. */
  void look() {
    if (clock.nanoTime() - askAt < 0 || !asking.tryLock()) {
      return;
    }
    try {
      Risk before = risk;
      tell(before, ask());
    } finally {
      asking.unlock();
    }
  }

  /** Returns the policy; null if it is not known. */
  private @Nullable String ask() {
    asking.lock();
    try {
      askAt = clock.nanoTime() + AGAIN.toNanos();
      String policy = policy();
      if (policy != null) {
        known = true;
        risk = isOfAllKeys(policy) && !accepted.contains(policy) ? Risk.EVICTS : Risk.NONE;
      } else if (!known) {
        risk = Risk.UNKNOWN;
      }
      return policy;
    } finally {
      asking.unlock();
    }
  }

  private @Nullable String policy() {
    try {
      Object reply = redis.callIdempotent(
          client -> client.sendCommand(key, Protocol.Command.INFO, Scripts.bytes("memory")));
      Matcher matcher = POLICY.matcher(
          reply instanceof byte[] text ? new String(text, StandardCharsets.US_ASCII) : "");
      return matcher.find() ? matcher.group(1).toLowerCase(Locale.ROOT) : null;
    } catch (JedisAccessControlException refused) {
      known = false;
      return null;
    } catch (RuntimeException unreachable) {
      // Whatever it is: an enqueue that has succeeded must not fail for it.
      return null;
    }
  }

  private void tell(Risk before, @Nullable String policy) {
    Risk now = risk;
    if (now == before) {
      return;
    }
    switch (now) {
      case EVICTS ->
        log.warn(
            "queue={} maxmemory-policy={} risk=\"jobs may be evicted\" action=\"set noeviction\"",
            queue,
            policy);
      case UNKNOWN ->
        log.warn(
            "queue={} maxmemory-policy=unknown risk=\"jobs may be evicted\" action=\"Redis is asked each minute; if it"
                + " is up, grant +info\"",
            queue);
      case NONE -> log.info("queue={} maxmemory-policy={} risk=none", queue, policy);
    }
  }
}
