package io.github.scalingtoolkit.benchmarks.audit;

import io.github.scalingtoolkit.benchmarks.audit.Finding.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Holds each cell of the tutorial's table against Little's law (requests under way = rate x mean latency) and against
 * the command that is said to have measured it.
 */
public final class Audit {
  private static final double MEASUREMENT_OFF = 1.2;
  private static final double SHORTEST_SECONDS = 5;

  private Audit() {}

  /** Returns a finding for each cell: latency, rate and, from the second row on, gain; and one for memory. */
  public static List<Finding> of(List<SourceRow> table, int cores) {
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < table.size(); i++) {
      SourceRow row = table.get(i);
      findings.add(latency(row));
      findings.add(rate(row));
      if (i > 0) {
        findings.add(gain((double) row.perSecond() / table.get(i - 1).perSecond(), row, cores));
      }
    }
    findings.add(new Finding(
        "every row",
        "memory",
        "any",
        Verdict.NOT_SHOWN,
        "ab prints no memory of the server: no cell of such a column can come from the command"));
    return findings;
  }

  private static Finding latency(SourceRow row) {
    double times = row.inFlight() / SourceRow.CONCURRENCY;
    Verdict verdict = times <= 1
        ? Verdict.POSSIBLE
        : times <= MEASUREMENT_OFF ? Verdict.DOUBTFUL : Verdict.IMPOSSIBLE;
    return new Finding(
        row.name(),
        "latency",
        row.latencyMillis() + " ms",
        verdict,
        text(
            "as a mean it needs %.0f requests under way; ab -c %d has %d, so at %d/s it is %.1f ms at most",
            row.inFlight(),
            SourceRow.CONCURRENCY,
            SourceRow.CONCURRENCY,
            row.perSecond(),
            row.latencyAllowed()));
  }

  private static Finding rate(SourceRow row) {
    boolean tooShort = row.lasts() < SHORTEST_SECONDS;
    return new Finding(
        row.name(),
        "requests/s",
        String.valueOf(row.perSecond()),
        tooShort ? Verdict.NOT_SHOWN : Verdict.POSSIBLE,
        text(
            "%d requests last %.2f s%s",
            SourceRow.REQUESTS,
            row.lasts(),
            tooShort ? ": a cold start or one pause of the machine decides" : ""));
  }

  private static Finding gain(double times, SourceRow row, int cores) {
    Verdict verdict = row.added() == SourceRow.Added.CACHE ? Verdict.IMPOSSIBLE : Verdict.NOT_SHOWN;
    String reason = switch (row.added()) {
      case CACHE -> SourceRow.URL + " asks neither MongoDB nor Redis: a cache is not on its path";
      case PROCESSES ->
        text(
            "needs %.0f free cores at least, and none for ab; this machine has %d",
            Math.ceil(times), cores);
      case MACHINES ->
        text(
            "needs %.0f machines of the row above, which one ab on one of them cannot load",
            Math.ceil(times));
      case NOTHING -> "nothing was added";
    };
    return new Finding(row.name(), "gain", text("x %.1f", times), verdict, reason);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
