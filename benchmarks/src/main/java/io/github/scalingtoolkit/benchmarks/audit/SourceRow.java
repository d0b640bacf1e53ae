package io.github.scalingtoolkit.benchmarks.audit;

import java.util.List;
import java.util.Locale;

/**
 * A row of the tutorial's table.
 *
 * @param name its set-up
 * @param perSecond requests a second
 * @param latencyMillis average latency
 * @param memoryMegabytes memory
 * @param processes how many Node processes it has, each of which uses one core
 * @param added what it has that the row above has not
 */
public record SourceRow(
    String name,
    int perSecond,
    int latencyMillis,
    int memoryMegabytes,
    int processes,
    Added added) {
  /** What a row adds. */
  public enum Added {
    NOTHING,
    PROCESSES,
    PODS,
    CACHE
  }

  /** The URL that its command calls. */
  public static final String URL = "/api/health";

  /** Requests that its command, {@code ab -n 10000 -c 100}, sends. */
  public static final int REQUESTS = 10_000;

  /** Requests under way at most, by the same command. */
  public static final int CONCURRENCY = 100;

  /** The CPUs of the one machine, a minikube, on which its pods run. */
  public static final int CPUS = 4;

  /** The table. */
  public static final List<SourceRow> TABLE = List.of(
      new SourceRow("Single Node", 2_500, 45, 150, 1, Added.NOTHING),
      new SourceRow("Clustered (4 cores)", 9_800, 12, 500, 4, Added.PROCESSES),
      new SourceRow("Docker + K8s (3 pods)", 28_000, 8, 1_200, 3, Added.PODS),
      new SourceRow("+ Redis Cache", 45_000, 4, 1_500, 3, Added.CACHE));

  /** Returns how many requests are under way on average if both figures hold. */
  public double inFlight() {
    return perSecond * latencyMillis / 1000.0;
  }

  /** Returns the mean that ab prints at that rate, in milliseconds: it is computed from it. */
  public double meanOfAb() {
    return 1000.0 * CONCURRENCY / perSecond;
  }

  /** Returns how long its command runs at that rate, in seconds. */
  public double lasts() {
    return (double) REQUESTS / perSecond;
  }

  /** Returns its memory as the table writes it. */
  public String memory() {
    return memoryMegabytes < 1000
        ? memoryMegabytes + " MB"
        : String.format(Locale.ROOT, "%.1f GB", memoryMegabytes / 1000.0);
  }

  /** Returns the memory of one of its processes, in megabytes. */
  public int memoryOfOne() {
    return memoryMegabytes / processes;
  }
}
