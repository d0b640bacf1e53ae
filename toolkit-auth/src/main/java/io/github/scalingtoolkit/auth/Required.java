package io.github.scalingtoolkit.auth;

import org.jspecify.annotations.Nullable;

/** Checks for required values of a builder. */
final class Required {
  private Required() {}

  static String text(String name, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(name + " must be set to a text that is not blank but was "
          + (value == null ? "not set" : "blank"));
    }
    return value;
  }

  static <T> T thing(String name, @Nullable T value) {
    if (value == null) {
      throw new IllegalArgumentException(name + " must be set but was not");
    }
    return value;
  }
}
