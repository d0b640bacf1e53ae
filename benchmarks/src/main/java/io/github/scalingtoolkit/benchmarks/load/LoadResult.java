package io.github.scalingtoolkit.benchmarks.load;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What a generator saw. Whether a figure of it counts is decided by {@link Validity}.
 *
 * @param model when requests were sent
 * @param time from the first request to the end
 * @param offered how many requests fell due; as many as were sent in a closed model
 * @param answered how many came back as they should
 * @param slices how many of those in each of the {@link Generator#SLICES} equal parts of the time
 * @param errors how many came back otherwise, or not at all because the connection ended
 * @param firstError what was wrong with the first; empty if nothing
 * @param fromDue nanoseconds from when a request fell due to its answer: what callers wait
 * @param fromSent nanoseconds from when it was really sent, which forgets the wait before: shown beside, never instead
 * @param clientCpu CPU time of the generator's thread
 */
public record LoadResult(
    Model model,
    Duration time,
    long offered,
    long answered,
    List<Long> slices,
    long errors,
    String firstError,
    Histogram fromDue,
    Histogram fromSent,
    Duration clientCpu) {

  /** Returns answers a second. */
  public double perSecond() {
    return answered / (time.toNanos() / 1e9);
  }

  /** Returns the CPU time of the generator as a share of one core, its own. */
  public double clientShare() {
    return (double) clientCpu.toNanos() / time.toNanos();
  }

  /** Returns how much the halves differ in answers, by {@link Halves}. */
  public double halvesDiffer() {
    return Halves.differ(slices.stream().mapToDouble(Long::doubleValue).toArray());
  }

  /** Returns how many requests were under way on average, by Little's law: rate x mean latency. */
  public double inFlightByLittle() {
    return perSecond() * fromSent.getMean() / 1e9;
  }
}
