package io.github.scalingtoolkit.benchmarks.audit;

import java.util.List;

/**
 * A row of the tutorial's table.
 *
 * @param name its set-up
 * @param perSecond requests a second
 * @param latencyMillis its latency, which it does not say the kind of
 * @param added what it has that the row above has not
 */
public record SourceRow(String name, int perSecond, int latencyMillis, Added added) {
  /** What a row adds. */
  public enum Added {
    NOTHING,
    PROCESSES,
    MACHINES,
    CACHE
  }

  /** The URL that its command calls. */
  public static final String URL = "/api/health";

  /** Requests that its command, {@code ab -n 10000 -c 100}, sends. */
  public static final int REQUESTS = 10_000;

  /** Requests under way at most, by the same command. */
  public static final int CONCURRENCY = 100;

  /** The table. */
  public static final List<SourceRow> TABLE = List.of(
      new SourceRow("single process", 2_500, 45, Added.NOTHING),
      new SourceRow("cluster", 9_800, 12, Added.PROCESSES),
      new SourceRow("Kubernetes, 3 replicas", 28_000, 8, Added.MACHINES),
      new SourceRow("Kubernetes + Redis", 45_000, 4, Added.CACHE));

  /** Returns how many requests are under way on average if both figures hold and the latency is a mean. */
  public double inFlight() {
    return perSecond * latencyMillis / 1000.0;
  }

  /** Returns the highest mean latency that so many requests a second allow at that concurrency, in milliseconds. */
  public double latencyAllowed() {
    return 1000.0 * CONCURRENCY / perSecond;
  }

  /** Returns how long its command runs at that rate, in seconds. */
  public double lasts() {
    return (double) REQUESTS / perSecond;
  }
}
