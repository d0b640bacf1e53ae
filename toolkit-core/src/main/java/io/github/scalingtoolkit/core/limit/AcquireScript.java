package io.github.scalingtoolkit.core.limit;

import static io.github.scalingtoolkit.core.limit.LimitKeys.bytes;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Calls {@code acquire.lua}, or {@code acquire-all.lua}, for the policies of one limiter. */
final class AcquireScript {
  private static final LuaScript ONE =
      LuaScript.fromResource(AcquireScript.class, "/META-INF/toolkit/core/lua/acquire.lua");
  private static final LuaScript SEVERAL =
      LuaScript.fromResource(AcquireScript.class, "/META-INF/toolkit/core/lua/acquire-all.lua");

  private final RedisAccess redis;
  private final String name;
  private final LuaScript script;
  private final List<RateLimit> policies;
  private final List<byte[]> policyArguments = new ArrayList<>();

  AcquireScript(RedisAccess redis, String name, List<RateLimit> policies) {
    this.redis = redis;
    this.name = name;
    this.policies = policies;
    script = policies.size() == 1 ? ONE : SEVERAL;
    for (RateLimit policy : policies) {
      policyArguments.add(bytes(Integer.toString(policy.permits())));
      policyArguments.add(bytes(Double.toString(policy.permitMicros())));
    }
  }

  /** Asks for as many of {@code calls} calls of {@code cost} permits each as fit. One round trip. */
  Grant ask(String key, int cost, int calls) {
    List<byte[]> arguments = new ArrayList<>(2 + policyArguments.size());
    arguments.add(bytes(Integer.toString(cost)));
    arguments.add(bytes(Integer.toString(calls)));
    arguments.addAll(policyArguments);
    List<byte[]> keys = new ArrayList<>(policies.size());
    for (RateLimit policy : policies) {
      keys.add(LimitKeys.of(name, key, policy.name()));
    }
    return Grant.of(Objects.requireNonNull(redis.eval(script, keys, arguments)));
  }
}
