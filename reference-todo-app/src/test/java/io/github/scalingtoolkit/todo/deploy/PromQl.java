package io.github.scalingtoolkit.todo.deploy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which series an expression asks for. */
public final class PromQl {
  private static final Pattern SELECTOR =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\s*(\\{[^}]*})?(\\s*\\()?");
  private static final Pattern MATCHER =
      Pattern.compile("([a-zA-Z_]\\w*)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
  private static final Pattern GROUPING =
      Pattern.compile("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");
  private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset");

  private PromQl() {}

  /**
   * A selector: a metric and what is asked of its labels.
   *
   * @param metric its name
   * @param labels values asked for by label; of a pattern each of its plain alternatives, or none
   */
  public record Selector(String metric, Map<String, List<String>> labels) {}

  /** Returns the selectors of {@code expression}. */
  public static List<Selector> selectors(String expression) {
    // A range is time, not a metric.
    String text = GROUPING.matcher(expression).replaceAll(" ").replaceAll("\\[[^\\]]*]", " ");
    List<Selector> selectors = new ArrayList<>();
    Matcher found = SELECTOR.matcher(text);
    while (found.find()) {
      boolean isFunction = found.group(3) != null;
      boolean isNumber = found.start() > 0 && Character.isDigit(text.charAt(found.start() - 1));
      if (!isFunction && !isNumber && !WORDS.contains(found.group(1))) {
        selectors.add(new Selector(found.group(1), labels(found.group(2))));
      }
    }
    return selectors;
  }

  private static Map<String, List<String>> labels(String braces) {
    Map<String, List<String>> labels = new TreeMap<>();
    if (braces != null) {
      Matcher matcher = MATCHER.matcher(braces);
      while (matcher.find()) {
        String value = matcher.group(3);
        boolean isPlain = matcher.group(2).equals("=") || value.matches("[\\w/|.-]+");
        labels.put(matcher.group(1), isPlain ? List.of(value.split("\\|")) : List.of());
      }
    }
    return labels;
  }
}
