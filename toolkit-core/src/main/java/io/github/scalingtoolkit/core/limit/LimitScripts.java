package io.github.scalingtoolkit.core.limit;

import static io.github.scalingtoolkit.core.limit.LimitKeys.bytes;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The scripts of an exact limiter, each one round trip. Keys are bounded already. */
final class LimitScripts {
  /** The commands of the scripts and {@link #reset}, in ACL syntax. */
  static final String ACL_COMMANDS = "+eval +evalsha +time +get +set +del";

  private static final LuaScript ONE = script("acquire");
  private static final LuaScript SEVERAL = script("acquire-all");
  private static final LuaScript GIVE_BACK = script("give-back");

  private final RedisAccess redis;
  private final LimitKeys keys;
  private final List<String> policies;
  private final LuaScript acquire;

  LimitScripts(RedisAccess redis, LimitKeys keys, List<String> policies) {
    this.redis = redis;
    this.keys = keys;
    this.policies = policies;
    acquire = policies.size() == 1 ? ONE : SEVERAL;
  }

  /** Asks for as many of {@code calls} calls of {@code cost} permits each as fit; zero only looks. */
  Grant acquire(String key, int cost, int calls, Terms terms) {
    List<byte[]> arguments = new ArrayList<>(2 + 2 * policies.size());
    arguments.add(bytes(Integer.toString(cost)));
    arguments.add(bytes(Integer.toString(calls)));
    arguments.addAll(terms.arguments());
    return Grant.of(Objects.requireNonNull(redis.eval(acquire, keysOf(key), arguments)));
  }

  /** Sent once, since a second run would return the permits twice. */
  void giveBack(String key, int permits, Terms terms) {
    List<byte[]> arguments = new ArrayList<>(1 + 2 * policies.size());
    arguments.add(bytes(Integer.toString(permits)));
    arguments.addAll(terms.arguments());
    List<byte[]> keysOfIt = keysOf(key);
    redis.run(client -> RedisAccess.evalRaw(client, GIVE_BACK, keysOfIt, arguments));
  }

  void reset(String key) {
    byte[][] all = keysOf(key).toArray(new byte[0][]);
    redis.runIdempotent(client -> client.del(all));
  }

  private List<byte[]> keysOf(String key) {
    List<byte[]> all = new ArrayList<>(policies.size());
    for (String policy : policies) {
      all.add(keys.of(key, policy));
    }
    return all;
  }

  private static LuaScript script(String name) {
    return LuaScript.fromResource(
        LimitScripts.class, "/META-INF/toolkit/core/lua/" + name + ".lua");
  }
}
