package io.github.scalingtoolkit.core.settings;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * A password, key or token that never prints: {@link #toString()} shows only that it is set.
 *
 * <p>Immutable and safe for use by several threads. Equality takes the same time wherever two secrets differ.
 */
public final class Secret {
  private final String value;

  private Secret(String value) {
    this.value = value;
  }

  /** Wraps {@code value} as it is. It may be empty. */
  public static Secret of(String value) {
    return new Secret(value);
  }

  /** Returns the value itself. Call it where the secret is used, and do not store the result. */
  public String reveal() {
    return value;
  }

  /** Returns the value as UTF-8 bytes: a new array at each call, which the caller may wipe. */
  public byte[] revealBytes() {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  /** Tells whether the value has no characters. */
  public boolean isEmpty() {
    return value.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret that && MessageDigest.isEqual(revealBytes(), that.revealBytes());
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return "Secret[hidden]";
  }
}
