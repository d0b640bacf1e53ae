package io.github.scalingtoolkit.benchmarks.report;

import java.util.Locale;

/** How figures are written. */
final class Text {
  private Text() {}

  /** Returns a figure with as many digits as mean something. */
  static String number(double value) {
    if (value >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }

  /** Returns a median with its range. */
  static String shown(Estimate estimate) {
    return number(estimate.median()) + " (" + number(estimate.low()) + " to "
        + number(estimate.high()) + ")";
  }

  /** Returns a ratio with its interval. */
  static String shown(MedianInterval ratio) {
    return number(ratio.median()) + " x (" + number(ratio.low()) + " to " + number(ratio.high())
        + ")";
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
