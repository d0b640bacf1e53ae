package io.github.scalingtoolkit.core.limit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The keys that a limiter writes to Redis: {@code prefix rl:{limiter:key}:policy}, all policies of a key in one slot. */
final class LimitKeys {
  private static final int LONGEST = 100;
  private static final String HASHED = "#";

  private final String prefix;
  private final String limiter;

  LimitKeys(String prefix, String limiter) {
    this.prefix = prefix;
    this.limiter = limiter;
  }

  /** The limiter's name is part of the hash tag, so that no caller's key can make the tag empty. */
  byte[] of(String boundedKey, String policy) {
    return bytes(prefix + "rl:{" + limiter + ":" + boundedKey + "}:" + policy);
  }

  /** Returns the keys that an ACL must allow, in ACL syntax. */
  String aclPattern() {
    return "~" + prefix + "rl:*";
  }

  /**
   * Returns {@code key}, or a hash of one that is longer than {@value #LONGEST} characters or would not survive UTF-8, so
   * that neither memory nor Redis holds more of a caller's text. A key that looks like a hash is hashed as well: it cannot be
   * made to meet one.
   */
  static String bounded(String key) {
    return key.length() <= LONGEST && isPlain(key) ? key : HASHED + digest(key);
  }

  private static boolean isPlain(String key) {
    if (key.startsWith(HASHED)) {
      return false;
    }
    for (int i = 0; i < key.length(); i++) {
      if (Character.isSurrogate(key.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static String digest(String key) {
    ByteBuffer exact = ByteBuffer.allocate(2 * key.length());
    exact.asCharBuffer().put(key);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(exact.array());
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (NoSuchAlgorithmException missing) {
      throw new LinkageError("every JDK has SHA-256 but this one does not", missing);
    }
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
