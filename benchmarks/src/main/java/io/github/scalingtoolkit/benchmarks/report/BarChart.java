package io.github.scalingtoolkit.benchmarks.report;

import java.util.List;
import java.util.Locale;

/**
 * A chart of horizontal bars with whiskers from the least to the most, as SVG: made of text alone, so that the same
 * values always give the same bytes.
 */
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
   * @param summary its value; one that does not count is drawn as words
   * @param ours whether it is this project's
   */
  record Bar(String label, Summary summary, boolean ours) {}

  static String draw(String title, String unit, List<Bar> bars) {
    double most = bars.stream()
        .filter(bar -> bar.summary().counts())
        .mapToDouble(bar -> bar.summary().high())
        .max()
        .orElse(1);
    int height = TOP + ROW * bars.size() + 12;
    StringBuilder svg = new StringBuilder();
    line(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"13\" role=\"img\">",
        WIDTH,
        height,
        WIDTH,
        height);
    line(svg, "<title>%s</title>", escaped(title));
    line(svg, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, height);
    line(
        svg,
        "<text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\">%s</text>",
        escaped(title + " (" + unit + ")"));
    for (int i = 0; i < bars.size(); i++) {
      bar(svg, bars.get(i), TOP + i * ROW, most);
    }
    return svg.append("</svg>\n").toString();
  }

  private static void bar(StringBuilder svg, Bar bar, int y, double most) {
    line(
        svg,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
        LEFT - 8,
        y + 16,
        escaped(bar.label()));
    Summary summary = bar.summary();
    if (!summary.counts()) {
      line(
          svg,
          "<text x=\"%d\" y=\"%d\" fill=\"#777777\">%s</text>",
          LEFT + 4,
          y + 16,
          summary.rounds() == 0 ? "NOT RUN" : "refused");
      return;
    }
    double scale = (WIDTH - LEFT - RIGHT) / most;
    line(
        svg,
        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>",
        LEFT,
        y + 3,
        Math.max(1, summary.median() * scale),
        ROW - 8,
        bar.ours() ? "#2b6cb0" : "#a0aec0");
    line(
        svg,
        "<path d=\"M%.1f %d H%.1f\" stroke=\"#1a202c\" stroke-width=\"2\"/>",
        LEFT + summary.low() * scale,
        y + ROW / 2 - 1,
        LEFT + summary.high() * scale);
    line(
        svg,
        "<text x=\"%.1f\" y=\"%d\">%s</text>",
        LEFT + summary.high() * scale + 6,
        y + 16,
        Report.number(summary.median()));
  }

  private static void line(StringBuilder svg, String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
