package io.github.scalingtoolkit.benchmarks.load;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A run, and what the server's processes used meanwhile.
 *
 * @param result what the generator saw
 * @param usage at the begin of each slice and at the end; empty where no process was named or /proc does not tell
 */
public record Measured(LoadResult result, List<ProcUsage> usage) {

  /** Runs {@code load} while it watches {@code pids}; none may be named. Blocks for the load's time. */
  public static Measured run(Load load, List<Long> pids) throws IOException, InterruptedException {
    List<ProcUsage> usage = new ArrayList<>();
    LoadResult result = Generator.run(load, slice -> {
      if (!pids.isEmpty()) {
        ProcUsage.of(pids).ifPresent(usage::add);
      }
    });
    return new Measured(
        result, usage.size() == Generator.SLICES + 1 ? List.copyOf(usage) : List.of());
  }

  /** Returns the CPU microseconds of the server for an answer, or empty if no process was watched. */
  public Optional<Double> cpuMicros() {
    if (usage.isEmpty() || result.answered() == 0) {
      return Optional.empty();
    }
    long used = last().cpuMillis() - usage.get(0).cpuMillis();
    return Optional.of(1000.0 * used / result.answered());
  }

  /** Returns the memory that was resident at the end, in MiB, or empty if no process was watched. */
  public Optional<Double> residentMiB() {
    return usage.isEmpty() ? Optional.empty() : Optional.of(last().rssBytes() / 1_048_576.0);
  }

  /** Returns how much the halves differ in CPU for an answer, by {@link Halves}; infinite if no process was watched. */
  public double cpuHalvesDiffer() {
    if (usage.isEmpty() || result.slices().contains(0L)) {
      return Double.POSITIVE_INFINITY;
    }
    double[] costs = new double[Generator.SLICES];
    for (int slice = 0; slice < costs.length; slice++) {
      long used = usage.get(slice + 1).cpuMillis() - usage.get(slice).cpuMillis();
      costs[slice] = (double) used / result.slices().get(slice);
    }
    return Halves.differ(costs);
  }

  private ProcUsage last() {
    return usage.get(usage.size() - 1);
  }

  /** Returns the CPU for an answer as text. */
  public String shownCpu() {
    return cpuMicros()
        .map(micros -> String.format(
            Locale.ROOT,
            "%.1f us a request, %.2f cores",
            micros,
            micros * result.perSecond() / 1e6))
        .orElse("not watched: --pid names the server's process");
  }

  /** Returns the server's memory as text; only if processes were watched. */
  public String shownMemory() {
    return last().rssBytes() / 1_048_576
        + " MiB resident, at most "
        + last().peakBytes() / 1_048_576;
  }
}
