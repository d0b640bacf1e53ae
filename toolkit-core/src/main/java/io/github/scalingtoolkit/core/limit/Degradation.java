package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.RedisFailure;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs that a limiter decides without Redis, why and what to do about it, once for each kind of failure, and once that this
 * is over.
 *
 * <p>It is over with the first answer at least five seconds after the last failure: alternating failures and answers
 * are not logged one by one. A limiter that nobody asks gets no answer: a minute without a failure also ends it, without a
 * line, and the next failure is logged again.
 */
final class Degradation {
  private static final Logger log = LoggerFactory.getLogger(Degradation.class);
  private static final long CALM_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

  private final String limiter;
  private final String instead;
  private final RedisAccess redis;
  private final String grant;
  private final Clock clock;
  private final Once unanswered = new Once();
  private final Once forbidden = new Once();
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
    return told() && clock.nanoTime() - failedNanos < QUIET_NANOS;
  }

  void failed(RuntimeException failure) {
    if (told() && !isOn()) {
      over();
    }
    failedNanos = clock.nanoTime();
    if (RedisFailure.isForbidden(failure)) {
      forbidden.tell(() -> warn(
          "Redis at " + redis.description() + " forbids its user a command or a key (NOPERM)",
          "let an administrator run ACL SETUSER <user> " + grant));
    } else {
      unanswered.tell(() ->
          warn(redis.explain(failure), "see to Redis; the limiter goes on with it by itself"));
    }
  }

  private void warn(String reason, String action) {
    log.warn(
        "limiter={} state=degraded decides=\"{}\" reason=\"{}\" action=\"{}\"",
        limiter,
        instead,
        reason,
        action);
  }

  void worked() {
    if (told() && clock.nanoTime() - failedNanos >= CALM_NANOS && over()) {
      log.info("limiter={} state=well decides=redis", limiter);
    }
  }

  private boolean told() {
    return unanswered.told() || forbidden.told();
  }

  /** Tells whether this call ended it. */
  private boolean over() {
    boolean first = unanswered.over();
    return forbidden.over() || first;
  }
}
