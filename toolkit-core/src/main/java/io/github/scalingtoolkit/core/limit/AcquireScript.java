package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.redis.LuaScript;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Calls {@code acquire.lua} for the policies of one limiter. */
final class AcquireScript {
  private static final LuaScript SCRIPT =
      LuaScript.fromResource(AcquireScript.class, "/META-INF/toolkit/core/lua/acquire.lua");

  private final RedisAccess redis;
  private final String name;
  private final List<byte[]> policyNames = new ArrayList<>();
  private final List<byte[]> policyArguments = new ArrayList<>();

  AcquireScript(RedisAccess redis, String name, List<RateLimit> policies) {
    this.redis = redis;
    this.name = name;
    for (RateLimit policy : policies) {
      policyNames.add(bytes(policy.name()));
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
    return Grant.of(Objects.requireNonNull(redis.eval(SCRIPT, keys(key), arguments)));
  }

  /** The limiter's name is part of the hash tag, so that no caller's key can make the tag empty. */
  private List<byte[]> keys(String key) {
    byte[] tagged = bytes("rl:{" + name + ":" + key + "}:");
    List<byte[]> keys = new ArrayList<>(policyNames.size());
    for (byte[] policy : policyNames) {
      byte[] whole = java.util.Arrays.copyOf(tagged, tagged.length + policy.length);
      System.arraycopy(policy, 0, whole, tagged.length, policy.length);
      keys.add(whole);
    }
    return keys;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
