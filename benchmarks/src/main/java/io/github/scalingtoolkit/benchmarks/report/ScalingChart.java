package io.github.scalingtoolkit.benchmarks.report;

import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** What N processes answer: the medians with their ranges, N times one process, and the law that was fitted. */
final class ScalingChart {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 380;
  private static final int LEFT = 70;
  private static final int RIGHT = 30;
  private static final int TOP = 50;
  private static final int BOTTOM = 50;

  private final Svg svg;
  private final double acrossScale;
  private final double upScale;

  private ScalingChart(String title, String unit, int mostProcesses, double most) {
    svg = new Svg(WIDTH, HEIGHT, title, unit);
    acrossScale = (WIDTH - LEFT - RIGHT) / (mostProcesses + 0.5);
    upScale = (HEIGHT - TOP - BOTTOM) / most;
  }

  static String draw(
      String title, String unit, SortedMap<Integer, Estimate> points, @Nullable ScalingLaw law) {
    int last = points.lastKey();
    double most = points.values().stream().mapToDouble(Estimate::high).max().orElse(1);
    double one = law == null ? 0 : law.lambda();
    return new ScalingChart(title, unit, last, Math.max(most, one * last)).draw(points, law);
  }

  private String draw(SortedMap<Integer, Estimate> points, @Nullable ScalingLaw law) {
    svg.line(LEFT, up(0), LEFT, TOP);
    svg.line(LEFT, up(0), WIDTH - RIGHT, up(0));
    if (law != null) {
      int last = points.lastKey();
      svg.add(
          "<path d=\"M%.1f %.1f L%.1f %.1f\" stroke=\"%s\" stroke-dasharray=\"4 4\"/>",
          across(0), up(0), across(last), up(law.lambda() * last), Svg.OTHERS);
      StringBuilder curve = new StringBuilder();
      for (double n = 0; n <= last + 0.001; n += 0.1) {
        curve.append(Text.format("%s%.1f %.1f", n == 0 ? "M" : " L", across(n), up(law.at(n))));
      }
      svg.add("<path d=\"%s\" fill=\"none\" stroke=\"%s\"/>", curve, Svg.OURS);
      svg.words(
          WIDTH - RIGHT,
          up(0) + 36,
          "end",
          "#777777",
          "dashed: N times one process; line: the law fitted on N up to 4");
    }
    for (Map.Entry<Integer, Estimate> point : points.entrySet()) {
      Estimate estimate = point.getValue();
      double x = across(point.getKey());
      svg.line(x, up(estimate.low()), x, up(estimate.high()));
      svg.add(
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>",
          x, up(estimate.median()), Svg.OURS);
      svg.words(x, up(0) + 18, "middle", Svg.INK, Integer.toString(point.getKey()));
      svg.words(
          x + 9, up(estimate.median()) + 16, "start", Svg.INK, Text.number(estimate.median()));
    }
    return svg.end();
  }

  private double across(double processes) {
    return LEFT + processes * acrossScale;
  }

  private double up(double value) {
    return HEIGHT - BOTTOM - value * upScale;
  }
}
