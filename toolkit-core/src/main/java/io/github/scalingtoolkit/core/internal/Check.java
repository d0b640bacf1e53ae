package io.github.scalingtoolkit.core.internal;

import java.time.Duration;

/** Checks of arguments. Each throws an {@link IllegalArgumentException} that names the argument, its value and its bounds. */
public final class Check {
  private Check() {}

  /** Returns {@code value} if it is 1 to 64 ASCII letters, digits, dots, dashes or underscores. */
  public static String name(String what, String value) {
    if (!value.matches("[A-Za-z0-9._-]{1,64}")) {
      throw new IllegalArgumentException(
          what + " must be 1 to 64 letters, digits, dots, dashes or underscores but was '" + value
              + "'");
    }
    return value;
  }

  /** Returns {@code prefix} if it can stand before the keys in Redis: 0 to 64 characters, none with a meaning in a key. */
  public static String keyPrefix(String prefix) {
    if (!prefix.matches("[A-Za-z0-9._:/-]{0,64}")) {
      throw new IllegalArgumentException("keyPrefix must be up to 64 letters, digits, dots, dashes,"
          + " colons, slashes or underscores but was '" + prefix + "'");
    }
    return prefix;
  }

  /** Returns {@code value} if it is {@code least} to {@code most}, both included. */
  public static Duration between(String what, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          what + " must be " + text(least) + " to " + text(most) + " but was " + value);
    }
    return value;
  }

  /** Returns {@code value} if it is above zero and at most {@code most}. */
  public static Duration positive(String what, Duration value, Duration most) {
    if (value.isZero() || value.isNegative() || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          what + " must be > 0 and <= " + text(most) + " but was " + value);
    }
    return value;
  }

  private static String text(Duration bound) {
    long millis = bound.toMillis();
    if (millis % 86_400_000 == 0) {
      return millis / 86_400_000 + " d";
    } else if (millis % 3_600_000 == 0) {
      return millis / 3_600_000 + " h";
    } else if (millis % 60_000 == 0) {
      return millis / 60_000 + " min";
    }
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
