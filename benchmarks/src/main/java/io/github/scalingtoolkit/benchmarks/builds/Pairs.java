package io.github.scalingtoolkit.benchmarks.builds;

import io.github.scalingtoolkit.benchmarks.report.MedianInterval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * One row: what the build before and the build after did, measured shortly after one another, again and again. Only
 * neighbours are compared, so a machine that gets slower or faster meanwhile favours neither.
 */
final class Pairs {
  private final String name;
  private final String unit;
  private final boolean moreIsBetter;
  private final List<Double> before = new ArrayList<>();
  private final List<Double> after = new ArrayList<>();

  Pairs(String name, String unit, boolean moreIsBetter) {
    this.name = name;
    this.unit = unit;
    this.moreIsBetter = moreIsBetter;
  }

  void add(double beforeValue, double afterValue) {
    before.add(beforeValue);
    after.add(afterValue);
  }

  /** Returns how fast the build after is beside the one before: 1.1 is a tenth faster, whatever the unit. */
  MedianInterval speed() {
    return MedianInterval.of(IntStream.range(0, before.size())
        .mapToDouble(
            i -> moreIsBetter ? after.get(i) / before.get(i) : before.get(i) / after.get(i))
        .toArray());
  }

  static String head() {
    return "| | before | after | | speed after beside before | |\n|---|---|---|---|---|---|\n";
  }

  /** Returns the row; a verdict only where the interval is on one side of {@code least}. */
  String line(double least) {
    MedianInterval speed = speed();
    String verdict = speed.low() >= least ? "not worse" : speed.high() < least ? "**worse**" : "";
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s | %.2f x (%.2f to %.2f) | %s |%n",
        name,
        number(median(before)),
        number(median(after)),
        unit,
        speed.median(),
        speed.low(),
        speed.high(),
        verdict);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String number(double value) {
    return String.format(
        Locale.ROOT, value >= 1000 ? "%,.0f" : value >= 100 ? "%.0f" : "%.1f", value);
  }
}
