package io.github.scalingtoolkit.benchmarks.report;

/** A picture as SVG, made of text alone, so that the same values always give the same bytes. */
final class Svg {
  static final String OURS = "#2b6cb0";
  static final String OTHERS = "#a0aec0";
  static final String INK = "#1a202c";

  private final StringBuilder text = new StringBuilder();

  Svg(int width, int height, String title, String unit) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"13\" role=\"img\">",
        width, height, width, height);
    add("<title>%s</title>", escaped(title));
    add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", width, height);
    add(
        "<text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\">%s</text>",
        escaped(title + " (" + unit + ")"));
  }

  void add(String format, Object... values) {
    text.append(Text.format(format, values)).append('\n');
  }

  /** Writes words; {@code anchor} is start, middle or end. */
  void words(double x, double y, String anchor, String colour, String words) {
    add(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>",
        x, y, anchor, colour, escaped(words));
  }

  /** Draws a whisker. */
  void line(double fromX, double fromY, double toX, double toY) {
    add(
        "<path d=\"M%.1f %.1f L%.1f %.1f\" stroke=\"%s\" stroke-width=\"2\"/>",
        fromX, fromY, toX, toY, INK);
  }

  String end() {
    return text + "</svg>\n";
  }

  private static String escaped(String words) {
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
