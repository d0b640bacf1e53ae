package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs once that a limiter decides without Redis, why and what to do about it, and once that this is over.
 *
 * <p>It is over with the first answer at least five seconds after the last failure: alternating failures and answers
 * are not logged one by one.
 */
final class Degradation {
  private static final Logger log = LoggerFactory.getLogger(Degradation.class);
  private static final long CALM_NANOS = Duration.ofSeconds(5).toNanos();

  private final String limiter;
  private final String instead;
  private final RedisAccess redis;
  private final String grant;
  private final Clock clock;
  private final AtomicBoolean on = new AtomicBoolean();
  private volatile long failedNanos;

  /**
   * Starts in the working state.
   *
   * @param instead how it decides without Redis, in words
   * @param grant the ACL rules that it needs
   */
  Degradation(String limiter, String instead, RedisAccess redis, String grant, Clock clock) {
    this.limiter = limiter;
    this.instead = instead;
    this.redis = redis;
    this.grant = grant;
    this.clock = clock;
  }

  boolean isOn() {
    return on.get();
  }

  void failed(RuntimeException failure) {
    failedNanos = clock.nanoTime();
    if (on.compareAndSet(false, true)) {
      boolean forbidden = forbids(failure);
      log.warn(
          "limiter={} state=degraded decides=\"{}\" reason=\"{}\" action=\"{}\"",
          limiter,
          instead,
          forbidden
              ? "Redis at " + redis.description() + " forbids its user a command or a key (NOPERM)"
              : redis.explain(failure),
          forbidden
              ? "let an administrator run ACL SETUSER <user> " + grant
              : "check Redis; the limiter uses it again by itself");
    }
  }

  void worked() {
    if (on.get() && clock.nanoTime() - failedNanos >= CALM_NANOS && on.compareAndSet(true, false)) {
      log.info("limiter={} state=well decides=redis", limiter);
    }
  }

  /** For a command within a script each version has its own text. */
  private static boolean forbids(RuntimeException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith("NOPERM")
        || message.contains("ACL failure in script")
        || message.contains("user executing the script can't");
  }
}
