package io.github.scalingtoolkit.core.lease;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.core.redis.ScriptCall;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** The scripts and the keys of leases: {@code lease:{name}:holders} and {@code lease:{name}:token}. */
final class LeaseScripts {
  static final String CHANNEL = "lease:released";

  private static final Duration TOKEN_REMEMBERED = Duration.ofDays(1);
  private static final LuaScript ACQUIRE = script("lease-acquire");
  private static final LuaScript RENEW = script("lease-renew");
  private static final LuaScript RELEASE = script("lease-release");

  private final RedisAccess redis;
  private final byte[] lifetime;

  LeaseScripts(RedisAccess redis, Duration lifetime) {
    this.redis = redis;
    this.lifetime = bytes(lifetime.toMillis());
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
        List.of(bytes("lease:{" + name + "}:holders"), bytes("lease:{" + name + "}:token")),
        List.of(bytes(holder), bytes(permits), lifetime, bytes(TOKEN_REMEMBERED.toMillis()))));
    return new Answer((Long) reply.get(0), (Long) reply.get(1));
  }

  ScriptCall renewal(String name, String holder) {
    return new ScriptCall(
        RENEW, List.of(bytes("lease:{" + name + "}:holders")), List.of(bytes(holder), lifetime));
  }

  void release(String name, String holder) {
    redis.eval(
        RELEASE,
        List.of(bytes("lease:{" + name + "}:holders")),
        List.of(bytes(holder), bytes(CHANNEL), bytes(name)));
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
