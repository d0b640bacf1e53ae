package io.github.scalingtoolkit.todo.http;

import io.undertow.util.HeaderValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads headers that are lists: they may come in several lines, which mean the same as one (RFC 9110, 5.3). */
final class HeaderLists {
  private HeaderLists() {}

  /** Returns the elements of all lines, in order, without empty ones. A comma in quotes separates nothing. */
  static List<String> elements(@Nullable HeaderValues lines) {
    List<String> elements = new ArrayList<>();
    if (lines != null) {
      for (String line : lines) {
        split(line, elements);
      }
    }
    return elements;
  }

  /** Returns the weight of an element that was split at its semicolons: 0 to 1, and 1 without any. */
  static double weight(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip().toLowerCase(Locale.ROOT);
      if (parameter.startsWith("q=")) {
        try {
          return Math.min(1, Math.max(0, Double.parseDouble(parameter.substring(2))));
        } catch (NumberFormatException malformed) {
          return 0;
        }
      }
    }
    return 1;
  }

  private static void split(String line, List<String> elements) {
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        add(line.substring(start, i), elements);
        start = i + 1;
      }
    }
    add(line.substring(start), elements);
  }

  private static void add(String element, List<String> elements) {
    String stripped = element.strip();
    if (!stripped.isEmpty()) {
      elements.add(stripped);
    }
  }
}
