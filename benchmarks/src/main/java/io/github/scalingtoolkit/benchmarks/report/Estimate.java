package io.github.scalingtoolkit.benchmarks.report;

import java.util.Arrays;

/**
 * A figure of a cell: the median of its slices, never the best, with their range.
 *
 * @param low the least
 * @param median of the slices
 * @param high the most
 * @param slices how many there are
 */
public record Estimate(double low, double median, double high, int slices) {
  /** Sums up {@code values}, of which there must be one at least. */
  static Estimate of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Estimate(sorted[0], median, sorted[sorted.length - 1], sorted.length);
  }
}
