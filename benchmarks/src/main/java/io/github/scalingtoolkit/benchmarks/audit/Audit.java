package io.github.scalingtoolkit.benchmarks.audit;

import io.github.scalingtoolkit.benchmarks.audit.Finding.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Holds each cell of the tutorial's table against the command that is said to have measured it, whose mean latency is
 * its concurrency over its rate by identity, and against the table's first row.
 */
public final class Audit {
  private static final double SHORTEST_SECONDS = 5;
  /** Half of the last digit that the table gives. */
  private static final double ROUNDED_BY_MILLIS = 0.5;

  private Audit() {}

  /** Returns a finding for each cell: rate, latency, memory and, from the second row on, gain. */
  public static List<Finding> of(List<SourceRow> table, int cores) {
    List<Finding> findings = new ArrayList<>();
    SourceRow first = table.get(0);
    for (int i = 0; i < table.size(); i++) {
      SourceRow row = table.get(i);
      findings.add(rate(row, first));
      findings.add(latency(row));
      findings.add(memory(row, first, table.get(Math.max(0, i - 1))));
      if (i > 0) {
        findings.add(gain(row, table.get(i - 1), first, cores));
      }
    }
    return findings;
  }

  private static Finding latency(SourceRow row) {
    double mean = row.meanOfAb();
    boolean fits = Math.abs(row.latencyMillis() - mean) <= ROUNDED_BY_MILLIS;
    return new Finding(
        row.name(),
        "latency",
        row.latencyMillis() + " ms",
        fits ? Verdict.POSSIBLE : Verdict.IMPOSSIBLE,
        text(
            "ab's mean is its concurrency over its rate, %d / %d = %.1f ms%s",
            SourceRow.CONCURRENCY,
            row.perSecond(),
            mean,
            fits
                ? ""
                : text(
                    "; %d ms would be %.0f requests under way of %d",
                    row.latencyMillis(), row.inFlight(), SourceRow.CONCURRENCY)));
  }

  private static Finding rate(SourceRow row, SourceRow first) {
    String value = String.valueOf(row.perSecond());
    if (isBeyond(row, first)) {
      return new Finding(
          row.name(),
          "requests/s",
          value,
          Verdict.IMPOSSIBLE,
          "together with the first row: " + most(row, first));
    }
    boolean tooShort = row.lasts() < SHORTEST_SECONDS;
    return new Finding(
        row.name(),
        "requests/s",
        value,
        tooShort ? Verdict.NOT_SHOWN : Verdict.POSSIBLE,
        text(
            "%d requests last %.2f s%s",
            SourceRow.REQUESTS,
            row.lasts(),
            tooShort ? ": a cold start or one pause of the machine decides" : ""));
  }

  private static Finding memory(SourceRow row, SourceRow first, SourceRow above) {
    String reason = "ab prints no memory";
    if (row.added() == SourceRow.Added.CACHE) {
      reason += text(
          "; %d MB more than the row above for a cache that %s does not ask",
          row.memoryMegabytes() - above.memoryMegabytes(), SourceRow.URL);
    } else if (row.processes() > 1) {
      reason += text(
          "; %d MB for each of %d processes where the first row's one takes %d",
          row.memoryOfOne(), row.processes(), first.memoryMegabytes());
    }
    return new Finding(row.name(), "memory", row.memory(), Verdict.NOT_SHOWN, reason);
  }

  private static Finding gain(SourceRow row, SourceRow above, SourceRow first, int cores) {
    double times = (double) row.perSecond() / above.perSecond();
    boolean beyond = row.added() == SourceRow.Added.CACHE || isBeyond(row, first);
    String reason = switch (row.added()) {
      case CACHE -> SourceRow.URL + " asks neither MongoDB nor Redis: a cache is not on its path";
      case PROCESSES ->
        text(
            "needs %.0f free cores at least, and none for ab; this machine has %d",
            Math.ceil(times), cores);
      case PODS ->
        text(
            "%d processes where the row above has %d, on the same machine; %s",
            row.processes(), above.processes(), most(row, first));
      case NOTHING -> "nothing was added";
    };
    return new Finding(
        row.name(),
        "gain",
        text("x %.1f", times),
        beyond ? Verdict.IMPOSSIBLE : Verdict.NOT_SHOWN,
        reason);
  }

  /** Tells whether a row answers more than so many of the first row's processes do. */
  private static boolean isBeyond(SourceRow row, SourceRow first) {
    return row.perSecond() > usable(row) * first.perSecond();
  }

  private static String most(SourceRow row, SourceRow first) {
    return text(
        "%d processes of one core each on %d CPUs answer %d x %d = %d/s at most",
        row.processes(),
        SourceRow.CPUS,
        usable(row),
        first.perSecond(),
        usable(row) * first.perSecond());
  }

  private static int usable(SourceRow row) {
    return Math.min(row.processes(), SourceRow.CPUS);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
