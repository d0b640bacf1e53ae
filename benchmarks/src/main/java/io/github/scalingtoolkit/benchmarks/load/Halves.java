package io.github.scalingtoolkit.benchmarks.load;

import java.util.Arrays;

/**
 * Whether a run was the same from its begin to its end.
 *
 * <p>What is compared are the medians of the slices of each half: a process that still warms up differs in most slices,
 * and a machine that somebody else takes away for a moment in one or two, which leaves a median as it was.
 */
public final class Halves {
  private Halves() {}

  /** Returns by how much they differ, as a share of the smaller; infinite if that is nothing. */
  public static double differ(double[] slices) {
    int half = slices.length / 2;
    double first = median(Arrays.copyOfRange(slices, 0, half));
    double second = median(Arrays.copyOfRange(slices, slices.length - half, slices.length));
    double smaller = Math.min(first, second);
    return smaller > 0 ? Math.abs(first - second) / smaller : Double.POSITIVE_INFINITY;
  }

  /** Returns the median; sorts {@code values}. */
  public static double median(double[] values) {
    Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }
}
