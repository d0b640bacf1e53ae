package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.report.PairedResults.NotRun;
import io.github.scalingtoolkit.benchmarks.report.PairedResults.Pair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The report of a session of pairs, made of its results and of nothing else. */
public final class PairedReport {
  private final PairedResults results;
  private final StringBuilder text = new StringBuilder();

  private PairedReport(PairedResults results) {
    this.results = results;
  }

  /** Writes it to {@code directory}. */
  public static void write(PairedResults results, Path directory) throws IOException {
    Files.writeString(directory.resolve(Report.NAME), text(results));
  }

  /** Returns it. */
  public static String text(PairedResults results) {
    return new PairedReport(results).text();
  }

  private String text() {
    line("# Benchmark: ratios");
    line("");
    line(
        "Made from `pairs.json` by `benchmarks report`; do not edit. How: docs/scaling.md, *Ratios*.");
    line("");
    line("| | wanted | median | 95 %% interval of the median | pairs | verdict |");
    line("|---|---|---|---|---|---|");
    for (Promise promise : Promise.values()) {
      row(promise);
    }
    line("");
    line("## CPU for an answer, and answers a second");
    line("");
    line("Medians over all slices. A rate is what was left of the machine to that side.");
    line("");
    line("| | first, us | second, us | first, 1/s | second, 1/s |");
    line("|---|---|---|---|---|");
    for (Promise promise : Promise.values()) {
      List<Pair> pairs = of(promise);
      if (!pairs.isEmpty()) {
        line(
            "| %s | %s | %s | %s | %s |",
            promise.what(),
            median(pairs, Pair::aboveMicros),
            median(pairs, Pair::belowMicros),
            median(pairs, Pair::abovePerSecond),
            median(pairs, Pair::belowPerSecond));
      }
    }
    Environment at = results.environment();
    line("");
    line("## Machine");
    line("");
    line("| | |");
    line("|---|---|");
    line("| date, commit | %s, %s |", at.date(), at.commit());
    line(
        "| machine | %s, %d cores, %d MiB, %s |",
        at.cpu(), at.cores(), at.memoryMiB(), at.system());
    line("| Java | %s |", at.java());
    line("| Node | %s |", at.node());
    line("| MongoDB's wire, for both sides | %s |", at.mongo());
    line("| Redis, for both sides | %s |", at.redis());
    line("| the service | %s |", at.settings());
    line(
        "| each round | fresh processes, %d s of load on each side (creates: three times that), then slices of %d s in the order ABBA |",
        results.warmSeconds(), results.sliceSeconds());
    line("");
    line("## Again");
    line("");
    line("```sh");
    line("mvn -B -q package -DskipTests");
    line("java -jar benchmarks/target/benchmarks.jar %s", at.command());
    line("```");
    return text.toString();
  }

  private void row(Promise promise) {
    List<Pair> pairs = of(promise);
    if (pairs.isEmpty()) {
      String reason = results.notRun().stream()
          .filter(not -> not.promise() == promise)
          .map(NotRun::reason)
          .findFirst()
          .orElse("the session ended before");
      line("| %s | %s | NOT RUN: %s | | 0 | |", promise.what(), promise.wanted(), reason);
      return;
    }
    MedianInterval ratio =
        MedianInterval.of(pairs.stream().mapToDouble(Pair::ratio).toArray());
    line(
        "| %s | %s | %s x | %s to %s | %d | %s |",
        promise.what(),
        promise.wanted(),
        Report.number(ratio.median()),
        Report.number(ratio.low()),
        Report.number(ratio.high()),
        pairs.size(),
        verdict(promise, ratio));
  }

  private static String verdict(Promise promise, MedianInterval ratio) {
    if (promise.kept(ratio.low()) && promise.kept(ratio.high())) {
      return "reached";
    }
    return promise.kept(ratio.low()) || promise.kept(ratio.high())
        ? "undecided: the bound is within the interval"
        : "**not reached**";
  }

  private static String median(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
    return Report.number(
        MedianInterval.of(pairs.stream().mapToDouble(figure).toArray()).median());
  }

  private List<Pair> of(Promise promise) {
    return results.pairs().stream().filter(pair -> pair.promise() == promise).toList();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
