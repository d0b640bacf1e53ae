package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
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
  private final Once degraded = new Once();
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
    return degraded.told();
  }

  void failed(RuntimeException failure) {
    failedNanos = clock.nanoTime();
    degraded.tell(() -> {
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
              : "see to Redis; the limiter goes on with it by itself");
    });
  }

  void worked() {
    if (degraded.told() && clock.nanoTime() - failedNanos >= CALM_NANOS) {
      degraded.over(() -> log.info("limiter={} state=well decides=redis", limiter));
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
