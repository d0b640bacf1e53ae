package io.github.scalingtoolkit.todo.domain;

import java.util.Optional;

/**
 * The id of a todo: 24 lower-case hexadecimal digits, the text of a MongoDB ObjectId.
 *
 * @param hex exactly 24 of {@code 0-9a-f}
 */
public record TodoId(String hex) {
  private static final int LENGTH = 24;

  /** @throws IllegalArgumentException if {@code hex} is not 24 lower-case hexadecimal digits */
  public TodoId {
    if (!isHex(hex)) {
      throw new IllegalArgumentException("a todo id must be 24 lower-case hexadecimal digits");
    }
  }

  /** Reads an id that a client sent, in either case; empty if it is not an id. */
  public static Optional<TodoId> parse(String text) {
    if (text.length() != LENGTH) {
      return Optional.empty();
    }
    String lower = text.toLowerCase(java.util.Locale.ROOT);
    return isHex(lower) ? Optional.of(new TodoId(lower)) : Optional.empty();
  }

  @Override
  public String toString() {
    return hex;
  }

  private static boolean isHex(String text) {
    if (text.length() != LENGTH) {
      return false;
    }
    for (int i = 0; i < LENGTH; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }
}
