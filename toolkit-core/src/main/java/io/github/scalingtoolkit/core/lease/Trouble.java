package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.RedisFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs once that a part of the leases does not work, why and what to do about it, and once that it works again. */
final class Trouble {
  private static final Logger log = LoggerFactory.getLogger(Trouble.class);

  private final String what;
  private final String effect;
  private final RedisAccess redis;
  private final String grant;
  private final Once trouble = new Once();

  /**
   * Starts in the working state.
   *
   * @param what the part's name in the log
   * @param effect the effect, in words
   * @param grant the ACL rules that it needs
   */
  Trouble(String what, String effect, RedisAccess redis, String grant) {
    this.what = what;
    this.effect = effect;
    this.redis = redis;
    this.grant = grant;
  }

  void failed(RuntimeException failure) {
    if (RedisFailure.isForbidden(failure)) {
      forbidden();
    } else {
      trouble.tell(() -> log.warn(
          "leases={} state=failing effect=\"{}\" reason=\"{}\" action=\"see to Redis; they are tried again by themselves\"",
          what,
          effect,
          redis.explain(failure)));
    }
  }

  void forbidden() {
    trouble.tell(() -> log.warn(
        "leases={} state=failing effect=\"{}\" reason=\"Redis at {} forbids its user a command, a key or a channel"
            + " (NOPERM)\" action=\"let an administrator run ACL SETUSER <user> {}\"",
        what,
        effect,
        redis.description(),
        grant));
  }

  void worked() {
    trouble.over(() -> log.info("leases={} state=well", what));
  }
}
