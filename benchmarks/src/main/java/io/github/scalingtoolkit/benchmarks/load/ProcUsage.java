package io.github.scalingtoolkit.benchmarks.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What processes have used so far, from /proc: only on Linux.
 *
 * @param cpuMillis CPU time, user and system, to 10 ms
 * @param rssBytes memory that is resident now
 * @param peakBytes the most that was ever resident (VmHWM), summed over the processes
 */
public record ProcUsage(long cpuMillis, long rssBytes, long peakBytes) {
  /** Clock ticks of /proc/PID/stat: 100 a second on every Linux that Java runs on. */
  private static final int MILLIS_A_TICK = 10;

  /** Reads the usage of {@code pids}, or empty if one of them is not there or there is no /proc. */
  public static Optional<ProcUsage> of(List<Long> pids) {
    long cpu = 0;
    long rss = 0;
    long peak = 0;
    try {
      for (long pid : pids) {
        Path proc = Path.of("/proc", Long.toString(pid));
        String stat = Files.readString(proc.resolve("stat"));
        // The name is in brackets and may hold spaces and brackets of its own.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        cpu += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MILLIS_A_TICK;
        for (String line : Files.readAllLines(proc.resolve("status"))) {
          if (line.startsWith("VmRSS:")) {
            rss += kilobytes(line);
          } else if (line.startsWith("VmHWM:")) {
            peak += kilobytes(line);
          }
        }
      }
    } catch (IOException gone) {
      return Optional.empty();
    }
    return Optional.of(new ProcUsage(cpu, rss, peak));
  }

  /** Returns {@code pid} and all processes under it. */
  public static List<Long> tree(long pid) {
    return ProcessHandle.of(pid)
        .map(process -> java.util.stream.Stream.concat(
                java.util.stream.Stream.of(process), process.descendants())
            .map(ProcessHandle::pid)
            .toList())
        .orElse(List.of());
  }

  private static long kilobytes(String line) {
    return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
  }
}
