package io.github.scalingtoolkit.benchmarks.report;

import java.util.List;
import java.util.Optional;

/** A chart of horizontal bars with whiskers from the least to the most. */
final class BarChart {
  private static final int WIDTH = 760;
  private static final int LEFT = 190;
  private static final int RIGHT = 110;
  private static final int ROW = 26;
  private static final int TOP = 44;

  private BarChart() {}

  /**
   * A bar.
   *
   * @param label what it stands for
   * @param estimate its value; without one the bar is words
   * @param isOurs whether it is this project's
   */
  record Bar(String label, Optional<Estimate> estimate, boolean isOurs) {}

  static String draw(String title, String unit, List<Bar> bars) {
    double most = bars.stream()
        .flatMap(bar -> bar.estimate().stream())
        .mapToDouble(Estimate::high)
        .max()
        .orElse(1);
    Svg svg = new Svg(WIDTH, TOP + ROW * bars.size() + 12, title, unit);
    for (int i = 0; i < bars.size(); i++) {
      draw(svg, bars.get(i), TOP + i * ROW, (WIDTH - LEFT - RIGHT) / most);
    }
    return svg.end();
  }

  private static void draw(Svg svg, Bar bar, int y, double scale) {
    svg.words(LEFT - 8, y + 16, "end", Svg.INK, bar.label());
    if (bar.estimate().isEmpty()) {
      svg.words(LEFT + 4, y + 16, "start", "#777777", "no figure");
      return;
    }
    Estimate estimate = bar.estimate().get();
    svg.add(
        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>",
        LEFT,
        y + 3,
        Math.max(1, estimate.median() * scale),
        ROW - 8,
        bar.isOurs() ? Svg.OURS : Svg.OTHERS);
    double middle = y + ROW / 2.0 - 1;
    svg.line(LEFT + estimate.low() * scale, middle, LEFT + estimate.high() * scale, middle);
    svg.words(
        LEFT + estimate.high() * scale + 6,
        y + 16,
        "start",
        Svg.INK,
        Text.number(estimate.median()));
  }
}
