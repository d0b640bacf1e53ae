package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.load.Halves;
import io.github.scalingtoolkit.benchmarks.report.PairedResults.Pair;
import java.util.List;
import java.util.Locale;

/**
 * The pairs of slices of one pair of fresh processes. A ratio that goes up or down from the first pair to the last is one
 * of processes of which one still warms up.
 *
 * @param number from 1
 * @param pairs in the order in which they were run
 */
record PairedRound(int number, List<Pair> pairs) {
  /** By how much the medians of the first and the second half of the pairs may differ. */
  static final double TREND_BOUND = 0.15;

  /** Tells whether it counts. */
  boolean counts() {
    return trend() <= TREND_BOUND;
  }

  /** Returns the median of its ratios. */
  double ratio() {
    return Halves.median(ratios());
  }

  /** Returns the median of the second side's memory over the first's: of ours over that of the Express app. */
  double memoryRatio() {
    return Halves.median(pairs.stream().mapToDouble(Pair::memoryRatio).toArray());
  }

  /** Returns the median, or why there is none. */
  String shown() {
    return counts()
        ? Report.number(ratio())
        : String.format(Locale.ROOT, "refused: its halves differ by %.0f %%", 100 * trend());
  }

  private double trend() {
    return pairs.size() < 2 ? 0 : Halves.differ(ratios());
  }

  private double[] ratios() {
    return pairs.stream().mapToDouble(Pair::ratio).toArray();
  }
}
