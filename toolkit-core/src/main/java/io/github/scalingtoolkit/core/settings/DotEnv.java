package io.github.scalingtoolkit.core.settings;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the text of a {@code .env} file: each value as the package dotenv of Node reads it. A line that dotenv skips, or
 * reads with a quote left over, is a problem here; a value that it cuts short or overwrites is a hint. Both name the line
 * and show nothing of its text, which may be a secret.
 *
 * <p>Scans by hand, since an equivalent pattern runs out of stack on long values.
 */
final class DotEnv {
  private static final int MOST_BYTES = 1024 * 1024;

  /** White space as JavaScript defines it. */
  private static final String SPACE = "[\\s\\p{Z}\\uFEFF]";

  private static final Pattern NAME = Pattern.compile(
      SPACE + "*(?:export" + SPACE + "+)?([A-Za-z0-9_.-]+)(?:" + SPACE + "*=|:" + SPACE + ")");

  private final Path file;
  private final String text;
  private final Map<String, String> values = new HashMap<>();
  private final Map<String, Integer> lines = new HashMap<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> hints = new ArrayList<>();

  /** The start of the current line, and its number. */
  private int at;

  private int number = 1;

  private DotEnv(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /** Returns the values in {@code file}, and all its problems. A missing file has no values. */
  static SettingsSource read(Path file) {
    try {
      String text = Utf8.read(file, MOST_BYTES);
      DotEnv read = new DotEnv(file, text.replace("\r\n", "\n").replace('\r', '\n'));
      read.readLines();
      return SettingsSource.of(file.toString(), read.values, read.problems, read.hints);
    } catch (NoSuchFileException none) {
      return SettingsSource.of(file.toString(), Map.of());
    } catch (IOException e) {
      return broken(file, Utf8.unreadable(file, e));
    } catch (SettingsException unfit) {
      return broken(file, unfit);
    }
  }

  private static SettingsSource broken(Path file, SettingsException problem) {
    return SettingsSource.of(file.toString(), Map.of(), problem.problems(), List.of());
  }

  private void readLines() {
    while (at < text.length()) {
      int end = lineEnd(at);
      int first = skipSpace(at, end);
      if (first < end && text.charAt(first) != '#') {
        readEntry(end);
      }
      // A quoted value may have moved it on.
      at = lineEnd(at) + 1;
      number++;
    }
  }

  private void readEntry(int end) {
    Matcher name = NAME.matcher(text).region(at, end);
    if (!name.lookingAt()) {
      problems.add(file + " line " + number
          + " is not NAME=value: write it so, or begin it with # for a comment");
      return;
    }
    int start = skipSpace(name.end(), end);
    boolean quoted = start < end && "\"'`".indexOf(text.charAt(start)) >= 0;
    if (quoted) {
      readQuoted(name.group(1), start, end);
    } else {
      put(name.group(1), unquoted(start, end), number);
    }
  }

  private void readQuoted(String name, int start, int end) {
    char quote = text.charAt(start);
    int close = closingQuote(start);
    String plain = close < 0 ? plain(start, end) : "";
    if (close >= 0) {
      put(name, escaped(quote, text.substring(start + 1, close)), number);
      number +=
          (int) text.substring(start, close).chars().filter(c -> c == '\n').count();
      at = close;
    } else if (plain.length() > 1 && plain.charAt(plain.length() - 1) == quote) {
      put(name, escaped(quote, plain.substring(1, plain.length() - 1)), number);
    } else {
      problems.add(file + " line " + number + " has a value that begins with " + quote
          + " and does not end with it: close the quotes, and if the value holds such a quote"
          + " itself, put it in quotes of another kind (\", ' or `)");
    }
  }

  /** Finds the quote that closes: the first without a backslash, or one with, if only a comment follows on its line. */
  private int closingQuote(int start) {
    char quote = text.charAt(start);
    int close = -1;
    for (int next = text.indexOf(quote, start + 1);
        next >= 0;
        next = text.indexOf(quote, next + 1)) {
      int end = lineEnd(next);
      int after = skipSpace(next + 1, end);
      if (after == end || text.charAt(after) == '#') {
        close = next;
      }
      if (text.charAt(next - 1) != '\\') {
        return close;
      }
    }
    return close;
  }

  private static String escaped(char quote, String value) {
    return quote == '"' ? value.replace("\\n", "\n").replace("\\r", "\r") : value;
  }

  private String unquoted(int start, int end) {
    int comment = text.indexOf('#', start);
    if (comment >= 0 && comment < end && !isSpace(text.charAt(comment - 1))) {
      hints.add(file + " line " + number
          + " has a # that ends its value and begins a comment: put the value in quotes if it"
          + " belongs to it");
    }
    return plain(start, end);
  }

  /** Returns the text up to a comment, without the space at its end. */
  private String plain(int start, int end) {
    int comment = text.indexOf('#', start);
    int last = comment >= 0 && comment < end ? comment : end;
    while (last > start && isSpace(text.charAt(last - 1))) {
      last--;
    }
    return text.substring(start, last);
  }

  private void put(String name, String value, int line) {
    String before = values.put(name, value);
    Integer lineBefore = lines.put(name, line);
    if (before != null && !before.equals(value)) {
      hints.add(file + " line " + line + " sets again what line " + lineBefore
          + " has set: the last one counts");
    }
  }

  private int lineEnd(int from) {
    int end = text.indexOf('\n', from);
    return end < 0 ? text.length() : end;
  }

  private int skipSpace(int from, int end) {
    int next = from;
    while (next < end && isSpace(text.charAt(next))) {
      next++;
    }
    return next;
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\uFEFF';
  }
}
