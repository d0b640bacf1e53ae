package io.github.scalingtoolkit.benchmarks.report;

import org.jspecify.annotations.Nullable;

/**
 * A cell under load for a second or two.
 *
 * @param cell what was measured
 * @param pace how fast requests were sent
 * @param round in which fresh processes, from 1
 * @param rotation through all rows of the group, from 1
 * @param seconds how long
 * @param answered answers as they should be
 * @param errors others, or none because the connection ended
 * @param firstError what was wrong with the first; empty if nothing
 * @param perSecond answers a second
 * @param cpuMicros CPU of the processes that answer, for an answer; 0 if there was none
 * @param frontMicros CPU of the supervisor or nginx before them, for an answer
 * @param storesMicros CPU of MongoDB's wire and Redis, for an answer
 * @param memoryMiB resident memory of all the row's processes at the end
 * @param clientShare CPU of the generator, a share of one core, its own
 * @param allCores CPU of the row, the stores and the generator together, in cores
 * @param othersShare CPU of processes outside this session, a share of the machine
 * @param throttledShare in which share of the quota's periods the row's processes had to wait for the next; 0 without
 *     a quota
 * @param p50Millis wait of half of the requests at most, from when they fell due; null at capacity
 * @param p99Millis of 99 in 100, likewise
 */
public record Slice(
    Cell cell,
    Pace pace,
    int round,
    int rotation,
    double seconds,
    long answered,
    long errors,
    String firstError,
    double perSecond,
    double cpuMicros,
    double frontMicros,
    double storesMicros,
    double memoryMiB,
    double clientShare,
    double allCores,
    double othersShare,
    double throttledShare,
    @Nullable Double p50Millis,
    @Nullable Double p99Millis) {
  /** A generator that uses more of its core measures itself. */
  static final double CLIENT_BOUND = 0.8;

  /** Rounds to three digits behind the point: more than any of this means. */
  public Slice {
    seconds = rounded(seconds);
    perSecond = rounded(perSecond);
    cpuMicros = rounded(cpuMicros);
    frontMicros = rounded(frontMicros);
    storesMicros = rounded(storesMicros);
    memoryMiB = rounded(memoryMiB);
    clientShare = rounded(clientShare);
    allCores = rounded(allCores);
    othersShare = rounded(othersShare);
    throttledShare = rounded(throttledShare);
    p50Millis = p50Millis == null ? null : (Double) rounded(p50Millis);
    p99Millis = p99Millis == null ? null : (Double) rounded(p99Millis);
  }

  boolean isClientBound() {
    return clientShare > CLIENT_BOUND;
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
