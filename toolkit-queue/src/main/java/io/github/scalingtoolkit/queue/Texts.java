package io.github.scalingtoolkit.queue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text on its way to people and to Redis. */
final class Texts {
  private static final String HEX = "0123456789ABCDEF";

  private Texts() {}

  /** Returns whether it can be written as UTF-8 and read again: it has no lone surrogate. */
  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  /** Returns a name for a log line or a message: in quotes, unless it is plain. */
  static String quoted(String name) {
    if (name.matches("[A-Za-z0-9._-]+")) {
      return name;
    }
    StringBuilder quoted = new StringBuilder("\"");
    name.codePoints().forEach(c -> {
      if (c == '"' || c == '\\') {
        quoted.append('\\').appendCodePoint(c);
      } else if (Character.isISOControl(c)
          || Character.getType(c) == Character.LINE_SEPARATOR
          || Character.getType(c) == Character.PARAGRAPH_SEPARATOR
          || Character.getType(c) == Character.FORMAT) {
        quoted.append(String.format("\\u%04x", c));
      } else {
        quoted.appendCodePoint(c);
      }
    });
    return quoted.append('"').toString();
  }

  /** Returns the text's UTF-8 as visible ASCII without space, {@code %} and {@code |}, each other byte as {@code %XX}. */
  static String escaped(byte[] text) {
    StringBuilder escaped = new StringBuilder(text.length);
    for (byte b : text) {
      if (b > 0x20 && b < 0x7f && b != '%' && b != '|') {
        escaped.append((char) b);
      } else {
        escaped.append('%').append(HEX.charAt(b >> 4 & 15)).append(HEX.charAt(b & 15));
      }
    }
    return escaped.toString();
  }

  /**
   * Returns the bytes that {@link #escaped} was given.
   *
   * @throws IllegalArgumentException if it has another form
   */
  static byte[] unescaped(String escaped) {
    byte[] from = escaped.getBytes(StandardCharsets.UTF_8);
    byte[] to = new byte[from.length];
    int length = 0;
    for (int i = 0; i < from.length; i++) {
      if (from[i] != '%') {
        to[length++] = from[i];
      } else {
        int high = i + 2 < from.length ? HEX.indexOf(from[i + 1]) : -1;
        int low = i + 2 < from.length ? HEX.indexOf(from[i + 2]) : -1;
        if (high < 0 || low < 0) {
          throw new IllegalArgumentException("not escaped text");
        }
        to[length++] = (byte) (high << 4 | low);
        i += 2;
      }
    }
    return Arrays.copyOf(to, length);
  }
}
