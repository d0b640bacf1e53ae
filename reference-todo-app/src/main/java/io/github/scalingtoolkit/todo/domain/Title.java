package io.github.scalingtoolkit.todo.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A title that may be stored: 1 to 500 code points after trimming, no control character, no lone surrogate.
 *
 * <p>Trimming removes at both ends characters with Unicode's White_Space property, and U+FEFF: the same as JavaScript's
 * {@code String.trim}, so that a browser and this service agree; no-break spaces are included. Nothing else is
 * changed: no normalisation, no case, no inner space.
 *
 * @param text the trimmed title
 */
public record Title(String text) {
  /** Most code points of a title. An emoji made of several code points counts as several. */
  public static final int MAX_CODE_POINTS = 500;

  /** @throws IllegalArgumentException if {@code text} is not a trimmed, acceptable title */
  public Title {
    String problem = problemOf(text);
    if (problem != null || !trim(text).equals(text)) {
      throw new IllegalArgumentException(
          "title " + (problem == null ? "must be trimmed" : problem));
    }
  }

  /**
   * Trims and checks {@code raw}.
   *
   * @param problems receives the error, as a phrase that follows "title"
   * @return the title; null if it is not acceptable
   */
  static @Nullable Title read(String raw, List<String> problems) {
    String trimmed = trim(raw);
    String problem = problemOf(trimmed);
    if (problem != null) {
      problems.add(problem);
      return null;
    }
    return new Title(trimmed);
  }

  @Override
  public String toString() {
    return text;
  }

  private static @Nullable String problemOf(String text) {
    if (text.isEmpty()) {
      return "must not be empty";
    }
    int codePoints = text.codePointCount(0, text.length());
    if (codePoints > MAX_CODE_POINTS) {
      return "must have at most " + MAX_CODE_POINTS + " characters but has " + codePoints;
    }
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      if (Character.getType(codePoint) == Character.CONTROL) {
        return "must not contain control characters";
      }
      if (Character.getType(codePoint) == Character.SURROGATE) {
        return "must not contain half of a surrogate pair";
      }
      i += Character.charCount(codePoint);
    }
    return null;
  }

  private static String trim(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (start < end && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  /** White_Space and U+FEFF are all in the basic plane, and none is a surrogate. */
  private static boolean isSpace(char c) {
    return (c >= 0x09 && c <= 0x0D)
        || c == 0x20
        || c == 0x85
        || c == 0xFEFF
        || (c >= 0x80 && Character.isSpaceChar(c));
  }
}
