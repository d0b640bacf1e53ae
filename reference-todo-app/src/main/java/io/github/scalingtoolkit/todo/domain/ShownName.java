package io.github.scalingtoolkit.todo.domain;

/** Makes a name that a client chose safe to echo: short and printable. */
public final class ShownName {
  private static final int MAX_CODE_POINTS = 64;

  private ShownName() {}

  /** Returns the first 64 characters of {@code name}, each that has no glyph of its own as {@code ?}. */
  public static String of(String name) {
    StringBuilder shown = new StringBuilder();
    name.codePoints()
        .limit(MAX_CODE_POINTS)
        .forEach(codePoint -> shown.appendCodePoint(isPrintable(codePoint) ? codePoint : '?'));
    return shown.toString();
  }

  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR -> false;
      default -> true;
    };
  }
}
