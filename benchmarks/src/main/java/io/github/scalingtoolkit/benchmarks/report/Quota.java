package io.github.scalingtoolkit.benchmarks.report;

/**
 * What each process of a group may use, so that several processes bring on one machine what they bring on several.
 *
 * @param cores of each process, a part of one core: 0.05 to 0.25
 * @param frontCores of a supervisor or nginx
 * @param periodMillis in which that is counted: at least 10
 * @param how which kind of control group enforces it
 */
public record Quota(double cores, double frontCores, int periodMillis, String how) {
  public Quota {
    if (cores < 0.05 || cores > 0.25) {
      throw new IllegalArgumentException("cores must be 0.05 to 0.25 of a core but were " + cores);
    }
    if (frontCores < cores || frontCores > 1) {
      throw new IllegalArgumentException(
          "frontCores must be " + cores + " to 1 but were " + frontCores);
    }
    if (periodMillis < 10 || periodMillis > 1000) {
      throw new IllegalArgumentException("periodMillis must be 10 to 1000 but was " + periodMillis);
    }
  }
}
