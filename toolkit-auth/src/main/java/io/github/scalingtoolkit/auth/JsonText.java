package io.github.scalingtoolkit.auth;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the values that claims may have as JSON. Values that {@link StrictJson} would not read back are refused. */
final class JsonText {
  private static final String HEX = "0123456789abcdef";

  private final StringBuilder out = new StringBuilder();

  private JsonText() {}

  static String of(Object value) {
    JsonText text = new JsonText();
    text.value(value, 1);
    return text.out.toString();
  }

  private void value(@Nullable Object value, int depth) {
    if (value instanceof String text) {
      string(text);
    } else if (value instanceof Boolean || value instanceof Integer || value instanceof Long) {
      out.append(value);
    } else if (value instanceof BigDecimal number) {
      out.append(number);
    } else if (value instanceof List<?> list && depth < StrictJson.MAX_DEPTH) {
      array(list, depth + 1);
    } else if (value instanceof Map<?, ?> map && depth < StrictJson.MAX_DEPTH) {
      object(map, depth + 1);
    } else if (value instanceof List<?> || value instanceof Map<?, ?>) {
      throw new IllegalArgumentException("a claim must be nested at most " + StrictJson.MAX_DEPTH
          + " deep with the object around it");
    } else {
      throw new IllegalArgumentException(
          "a claim must be made of String, Boolean, Integer, Long, BigDecimal, List and Map but has a "
              + (value == null ? "null" : value.getClass().getName()));
    }
  }

  private void array(List<?> list, int depth) {
    char before = '[';
    for (Object element : list) {
      out.append(before);
      value(element, depth);
      before = ',';
    }
    out.append(before == '[' ? "[]" : "]");
  }

  private void object(Map<?, ?> map, int depth) {
    char before = '{';
    for (Map.Entry<?, ?> member : map.entrySet()) {
      if (!(member.getKey() instanceof String name)) {
        throw new IllegalArgumentException("the names in a claim must be String");
      }
      out.append(before);
      string(name);
      out.append(':');
      value(member.getValue(), depth);
      before = ',';
    }
    out.append(before == '{' ? "{}" : "}");
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      } else if (!Character.isSurrogate(c)) {
        out.append(c);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        out.append(c).append(text.charAt(++i));
      } else {
        throw new IllegalArgumentException(
            "a text in a token must be valid Unicode but has a lone surrogate at " + i);
      }
    }
    out.append('"');
  }
}
