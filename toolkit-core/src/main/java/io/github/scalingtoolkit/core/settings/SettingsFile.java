package io.github.scalingtoolkit.core.settings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a file that holds the value of one setting, as secrets are mounted into containers.
 *
 * <p>Editors, shells and web pages add invisible characters. A value with one is refused here, because it
 * would otherwise fail elsewhere, as a password that does not match.
 */
final class SettingsFile {
  private static final int MOST_BYTES = 64 * 1024;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private SettingsFile() {}

  /**
   * Returns the lines that are not blank, joined by newlines. Lines end with a newline or CR LF, the last one with or
   * without.
   *
   * @throws SettingsException if the file cannot be read, is empty, too large or not UTF-8, or if a line holds a control
   *     character or byte order mark or begins or ends with white space; the message names file and line, and shows
   *     nothing of the value
   */
  static String read(Path file) {
    String content;
    try {
      content = Utf8.read(file, MOST_BYTES);
    } catch (IOException e) {
      throw Utf8.unreadable(file, e);
    }
    List<String> kept = new ArrayList<>();
    String[] lines = content.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      boolean ended = i < lines.length - 1;
      String line = ended && lines[i].endsWith("\r")
          ? lines[i].substring(0, lines[i].length() - 1)
          : lines[i];
      if (!isBlank(line)) {
        check(file, i + 1, line);
        kept.add(line);
      }
    }
    if (kept.isEmpty()) {
      throw new SettingsException(file + " is empty: it must hold the value");
    }
    return String.join("\n", kept);
  }

  private static boolean isBlank(String line) {
    return line.chars().allMatch(c -> c == ' ' || c == '\t');
  }

  private static void check(Path file, int number, String line) {
    line.codePoints().filter(SettingsFile::isControl).findFirst().ifPresent(c -> {
      throw wrong(
          file,
          number,
          c == BYTE_ORDER_MARK
              ? "holds a byte order mark: save the file as UTF-8 without one"
              : "holds the invisible character " + name(c) + ": remove it");
    });
    int first = line.codePointAt(0);
    int last = line.codePointBefore(line.length());
    if (isInvisible(first)) {
      throw wrong(file, number, "begins with white space (" + name(first) + "): remove it");
    }
    if (isInvisible(last)) {
      throw wrong(file, number, "ends with white space (" + name(last) + "): remove it");
    }
  }

  private static boolean isControl(int c) {
    int type = Character.getType(c);
    return c == BYTE_ORDER_MARK
        || type == Character.CONTROL
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }

  private static boolean isInvisible(int c) {
    return Character.isSpaceChar(c);
  }

  private static String name(int c) {
    return String.format("U+%04X", c);
  }

  private static SettingsException wrong(Path file, int number, String what) {
    return new SettingsException(file + " line " + number + " " + what);
  }
}
