package io.github.scalingtoolkit.benchmarks.report;

import java.util.Arrays;

/**
 * A median, and an interval that holds the true one in 95 of 100 sessions whatever the distribution of the values: between
 * two order statistics, by the binomial distribution. Below six values the extremes, which hold it less often.
 *
 * @param low lower end
 * @param median of the values
 * @param high upper end
 * @param held in what share of sessions it holds the true one
 */
public record MedianInterval(double low, double median, double high, double held) {
  private static final double MISSED_ON_A_SIDE = 0.025;

  /** Sums up {@code values}, of which there must be one at least. */
  public static MedianInterval of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int count = sorted.length;
    int middle = count / 2;
    double median = count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    // The most values that may be cut off at an end: P(Binomial(count, 1/2) <= cut - 1) <= 0.025.
    int cut = 0;
    double term = Math.pow(0.5, count);
    double below = term;
    while (below <= MISSED_ON_A_SIDE && cut < middle) {
      cut++;
      term *= (double) (count - cut + 1) / cut;
      below += term;
    }
    int first = Math.max(0, cut - 1);
    double missed = 0;
    term = Math.pow(0.5, count);
    for (int i = 0; i <= first; i++) {
      missed += term;
      term *= (double) (count - i) / (i + 1);
    }
    return new MedianInterval(
        sorted[first], median, sorted[count - 1 - first], Math.max(0, 1 - 2 * missed));
  }
}
