package io.github.scalingtoolkit.todo.cluster;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Merges the Prometheus texts of several processes into one, in which every sample has a label {@code instance}: sum
 * over it for the cluster's figure. Keeps the samples of a metric together, as the format demands.
 */
final class MetricsMerge {
  private static final class Family {
    final String describedBy;
    final List<String> head = new ArrayList<>();
    final List<String> samples = new ArrayList<>();

    Family(String describedBy) {
      this.describedBy = describedBy;
    }
  }

  private final Map<String, Family> families = new LinkedHashMap<>();

  /** Adds the text of {@code instance}. */
  void add(String instance, String text) {
    Family family = new Family(instance);
    for (String line : text.split("\n")) {
      if (line.startsWith("# HELP ") || line.startsWith("# TYPE ")) {
        family = families.computeIfAbsent(line.split(" ", 4)[2], unknown -> new Family(instance));
        if (family.describedBy.equals(instance)) {
          family.head.add(line);
        }
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        family.samples.add(labelled(line, instance));
      }
    }
  }

  /** Returns all of it. */
  String text() {
    StringBuilder text = new StringBuilder();
    for (Family family : families.values()) {
      family.head.forEach(line -> text.append(line).append('\n'));
      family.samples.forEach(line -> text.append(line).append('\n'));
    }
    return text.toString();
  }

  private static String labelled(String sample, String instance) {
    String label = "instance=\"" + instance + "\"";
    int brace = sample.indexOf('{');
    int space = sample.indexOf(' ');
    if (brace >= 0 && brace < space) {
      String comma = sample.charAt(brace + 1) == '}' ? "" : ",";
      return sample.substring(0, brace + 1) + label + comma + sample.substring(brace + 1);
    }
    return sample.substring(0, space) + "{" + label + "}" + sample.substring(space);
  }
}
