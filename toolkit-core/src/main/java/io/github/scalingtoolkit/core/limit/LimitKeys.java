package io.github.scalingtoolkit.core.limit;

import java.nio.charset.StandardCharsets;

/** What a limiter writes to Redis: {@code rl:{limiter:key}:policy}, all policies of a key in one slot. */
final class LimitKeys {
  private LimitKeys() {}

  /** The limiter's name is part of the hash tag, so that no caller's key can make the tag empty. */
  static byte[] of(String limiter, String key, String policy) {
    return bytes("rl:{" + limiter + ":" + key + "}:" + policy);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static void checkName(String limiter) {
    if (!limiter.matches("[a-z0-9-]{1,32}")) {
      throw new IllegalArgumentException(
          "name must be 1 to 32 lower-case letters, digits or dashes but was '" + limiter + "'");
    }
  }

  static void checkRate(RateLimit policy) {
    if (policy.period().toNanos() < 1000L * policy.permits()) {
      throw new IllegalArgumentException("a policy that Redis keeps hands out one permit a"
          + " microsecond at most but '" + policy.name() + "' is " + policy.permits() + " in "
          + policy.period() + ": spread it over several keys");
    }
  }
}
