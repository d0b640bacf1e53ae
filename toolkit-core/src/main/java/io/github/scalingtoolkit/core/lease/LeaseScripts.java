package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * The scripts and the keys of leases: {@code lease:{name}:holders} and {@code lease:{name}:token}, both after the prefix.
 */
final class LeaseScripts {
  /** The commands of the scripts and the subscription, in ACL syntax. */
  private static final String ACL_COMMANDS =
      "+eval +evalsha +time +get +set +zadd +zrem +zcard +zscore +zrange +zremrangebyscore +pexpireat"
          + " +publish +subscribe";

  private static final Duration TOKEN_REMEMBERED = Duration.ofDays(1);
  private static final LuaScript ACQUIRE = script("lease-acquire");
  private static final LuaScript RENEW = script("lease-renew");
  private static final LuaScript RELEASE = script("lease-release");

  private final RedisAccess redis;
  private final String prefix;
  private final byte[] lifetime;

  LeaseScripts(RedisAccess redis, String prefix, Duration lifetime) {
    this.redis = redis;
    this.prefix = prefix;
    this.lifetime = bytes(lifetime.toMillis());
  }

  String channel() {
    return prefix + "lease:released";
  }

  /** Returns the ACL rules that must be granted. */
  String aclRules() {
    return "~" + prefix + "lease:* &" + channel() + " " + ACL_COMMANDS;
  }

  /** The result of a release. */
  enum Release {
    NOTHING_HELD,
    TOLD,
    /** Released, but waiters could not be notified. */
    UNTOLD
  }

  /**
   * An answer.
   *
   * @param token the fencing token, or 0 without a permit
   * @param firstEndsMillis without one: how long until the first holder ends, unless it is renewed
   */
  record Answer(long token, long firstEndsMillis) {}

  Answer acquire(String name, String holder, int permits) {
    List<?> reply = (List<?>) Objects.requireNonNull(redis.eval(
        ACQUIRE,
        List.of(holders(name), bytes(prefix + "lease:{" + name + "}:token")),
        List.of(bytes(holder), bytes(permits), lifetime, bytes(TOKEN_REMEMBERED.toMillis()))));
    return new Answer((Long) reply.get(0), (Long) reply.get(1));
  }

  ScriptCall renewal(String name, String holder) {
    return new ScriptCall(RENEW, List.of(holders(name)), List.of(bytes(holder), lifetime));
  }

  Release release(String name, String holder) {
    Object reply = redis.eval(
        RELEASE, List.of(holders(name)), List.of(bytes(holder), bytes(channel()), bytes(name)));
    return reply instanceof Long done && done > 0
        ? done == 1 ? Release.TOLD : Release.UNTOLD
        : Release.NOTHING_HELD;
  }

  private byte[] holders(String name) {
    return bytes(prefix + "lease:{" + name + "}:holders");
  }

  private static LuaScript script(String name) {
    return LuaScript.fromResource(
        LeaseScripts.class, "/META-INF/toolkit/core/lua/" + name + ".lua");
  }

  private static byte[] bytes(long number) {
    return bytes(Long.toString(number));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
