package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.load.Figure;
import io.github.scalingtoolkit.benchmarks.load.LoadResult;
import io.github.scalingtoolkit.benchmarks.load.Measured;
import io.github.scalingtoolkit.benchmarks.load.ProcUsage;
import io.github.scalingtoolkit.benchmarks.load.Validity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run, as it is kept. Refused figures are kept too, with the reason: the report leaves them out, a reader need not.
 *
 * @param cell what was measured
 * @param round in which fresh process, from 1
 * @param attempt 1, or more if those before were refused
 * @param model when requests were sent
 * @param seconds for how long
 * @param answered answers as they should be
 * @param errors others
 * @param perSecond answers a second
 * @param meanMillis mean wait from when a request fell due
 * @param p50Millis the same wait of half of the requests at most
 * @param p99Millis of 99 in 100
 * @param p999Millis of 999 in 1000
 * @param maxMillis of all
 * @param p99SentMillis of 99 in 100 from when they were really sent
 * @param halvesDiffer by how much the halves differ in answers, a share
 * @param clientShare CPU of the generator, a share of one core
 * @param cpuMicros CPU of the service's processes for an answer
 * @param cpuHalvesDiffer by how much the halves differ in that, a share
 * @param processShares each process' share of that CPU
 * @param compilerShare how much of that CPU the threads took that compile byte code, a share: high means not warm yet;
 *     null in sessions that did not look
 * @param storesCpuMicros CPU of both stores for an answer
 * @param othersShare CPU used by processes outside this session, a share of the machine
 * @param mongoMiB resident memory of the store on MongoDB's wire at the end; null in sessions that did not look
 * @param redisMiB of the Redis, likewise
 * @param rssMiB resident memory of the service's processes at the end
 * @param peakMiB the most they ever had, summed
 * @param refusedThroughput why perSecond must not be printed; empty if it may
 * @param refusedLatency why the waits must not
 * @param refusedCpu why cpuMicros must not
 */
public record Run(
    Cell cell,
    int round,
    int attempt,
    String model,
    double seconds,
    long answered,
    long errors,
    double perSecond,
    double meanMillis,
    double p50Millis,
    double p99Millis,
    double p999Millis,
    double maxMillis,
    double p99SentMillis,
    double halvesDiffer,
    double clientShare,
    double cpuMicros,
    double cpuHalvesDiffer,
    List<Double> processShares,
    @Nullable Double compilerShare,
    double storesCpuMicros,
    double othersShare,
    @Nullable Long mongoMiB,
    @Nullable Long redisMiB,
    long rssMiB,
    long peakMiB,
    String refusedThroughput,
    String refusedLatency,
    String refusedCpu) {

  /** What was used besides, during the run. */
  public record Beside(
      List<Double> processShares,
      double compilerShare,
      double storesCpuMicros,
      double othersShare,
      long mongoMiB,
      long redisMiB) {}

  /** Keeps a run. */
  public static Run of(Cell cell, int round, int attempt, Measured measured, Beside beside) {
    LoadResult result = measured.result();
    List<ProcUsage> usage = measured.usage();
    ProcUsage last = usage.isEmpty() ? new ProcUsage(0, 0, 0) : usage.get(usage.size() - 1);
    return new Run(
        cell,
        round,
        attempt,
        result.model().toString(),
        rounded(result.time().toNanos() / 1e9),
        result.answered(),
        result.errors(),
        rounded(result.perSecond()),
        rounded(result.fromDue().getMean() / 1e6),
        percentile(result, 50),
        percentile(result, 99),
        percentile(result, 99.9),
        rounded(result.fromDue().getMaxValue() / 1e6),
        rounded(result.fromSent().getValueAtPercentile(99) / 1e6),
        rounded(result.halvesDiffer()),
        rounded(result.clientShare()),
        rounded(measured.cpuMicros().orElse(0.0)),
        rounded(measured.cpuHalvesDiffer()),
        beside.processShares().stream().map(Run::rounded).toList(),
        rounded(beside.compilerShare()),
        rounded(beside.storesCpuMicros()),
        rounded(beside.othersShare()),
        beside.mongoMiB(),
        beside.redisMiB(),
        last.rssBytes() >> 20,
        last.peakBytes() >> 20,
        Validity.refusal(measured, Figure.THROUGHPUT).orElse(""),
        Validity.refusal(measured, Figure.LATENCY).orElse(""),
        Validity.refusal(measured, Figure.CPU).orElse(""));
  }

  /** Returns why rssMiB must not be printed, or the stores' memory; empty if it may. */
  String refusedMemory() {
    if (errors > 0 || answered == 0) {
      return refusedThroughput;
    }
    return rssMiB == 0 ? "NOT RUN: no process was watched" : "";
  }

  private static double percentile(LoadResult result, double percentile) {
    return rounded(result.fromDue().getValueAtPercentile(percentile) / 1e6);
  }

  /** Three digits behind the point are more than any of this means. JSON has no infinity. */
  private static double rounded(double value) {
    return Double.isFinite(value) ? Math.round(value * 1000) / 1000.0 : -1;
  }
}
