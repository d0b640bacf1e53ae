package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.load.Halves;
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
  private static final int LEAST_ROUNDS = 3;
  private static final String UNDECIDED = "undecided: fewer than three rounds";

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
    line(
        "| | wanted | median of the rounds | interval | holds the true median | the rounds' medians | verdict |");
    line("|---|---|---|---|---|---|---|");
    for (Promise promise : Promise.values()) {
      row(promise);
    }
    line("");
    line("## CPU for an answer");
    line("");
    line("Medians over all slices of the rounds that count.");
    line("");
    line("| | first, us | second, us |");
    line("|---|---|---|");
    for (Promise promise : Promise.values()) {
      List<PairedRound> counting =
          rounds(promise).stream().filter(PairedRound::counts).toList();
      if (!counting.isEmpty() && enough(counting.size(), promise)) {
        List<Pair> pairs =
            counting.stream().flatMap(round -> round.pairs().stream()).toList();
        line(
            "| %s | %s | %s |",
            promise.what(), median(pairs, Pair::aboveMicros), median(pairs, Pair::belowMicros));
      }
    }
    memory();
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
        "| each round | fresh processes, at least %d s of load on each side and until both have settled, then slices of %d s in the order ABBA |",
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
      line("| %s | %s | NOT RUN: %s | | | | |", promise.what(), promise.wanted(), reason);
      return;
    }
    List<PairedRound> rounds = rounds(promise);
    String medians =
        rounds.stream().map(PairedRound::shown).collect(java.util.stream.Collectors.joining(", "));
    double[] counting = rounds.stream()
        .filter(PairedRound::counts)
        .mapToDouble(PairedRound::ratio)
        .toArray();
    if (!enough(counting.length, promise)) {
      line(
          "| %s | %s | refused: %d of %d rounds count | | | %s | |",
          promise.what(), promise.wanted(), counting.length, planned(promise), medians);
      return;
    }
    MedianInterval ratio = MedianInterval.of(counting);
    line(
        "| %s | %s | %s x | %s to %s | in %.0f of 100 sessions | %s | %s |",
        promise.what(),
        promise.wanted(),
        Report.number(ratio.median()),
        Report.number(ratio.low()),
        Report.number(ratio.high()),
        Math.floor(100 * ratio.held()),
        medians,
        counting.length < LEAST_ROUNDS
            ? UNDECIDED
            : verdict(promise.kept(ratio.low()), promise.kept(ratio.high())));
  }

  /** Sessions from before memory was looked at have none to show. */
  private void memory() {
    if (results.pairs().stream().noneMatch(Pair::showsMemory)) {
      return;
    }
    line("");
    line("## Memory under load");
    line("");
    line(
        "Resident after a slice, and after its jobs if it left any, of the processes whose CPU counts: medians over all slices, whether or not their round counts for CPU. Ours is to take no more than the Express app; the interval is that of the rounds' medians.");
    line("");
    line("| | first, MiB | second, MiB | ours over Express | interval | wanted | verdict |");
    line("|---|---|---|---|---|---|---|");
    for (Promise promise : Promise.values()) {
      if (!of(promise).isEmpty()) {
        line(
            "| %s | %s | %s | %s |",
            promise.what(),
            median(of(promise), Pair::aboveMiB),
            median(of(promise), Pair::belowMiB),
            promise.besideExpress() ? memory(promise) : "| | | ");
      }
    }
  }

  private String memory(Promise promise) {
    List<PairedRound> rounds = rounds(promise);
    String wanted = "at most " + Report.number(Promise.MOST_MEMORY) + " x";
    if (!enough(rounds.size(), promise)) {
      return String.format(
          Locale.ROOT,
          "refused: %d of %d rounds | | %s | ",
          rounds.size(),
          planned(promise),
          wanted);
    }
    MedianInterval ratio =
        MedianInterval.of(rounds.stream().mapToDouble(PairedRound::memoryRatio).toArray());
    return String.format(
        Locale.ROOT,
        "%s x | %s to %s | %s | %s",
        Report.number(ratio.median()),
        Report.number(ratio.low()),
        Report.number(ratio.high()),
        wanted,
        rounds.size() < LEAST_ROUNDS
            ? UNDECIDED
            : verdict(ratio.low() <= Promise.MOST_MEMORY, ratio.high() <= Promise.MOST_MEMORY));
  }

  private boolean enough(int counting, Promise promise) {
    return counting * 3 >= planned(promise) * 2;
  }

  private int planned(Promise promise) {
    return Math.max(results.rounds(), rounds(promise).size());
  }

  private static String verdict(boolean keptByLow, boolean keptByHigh) {
    if (keptByLow && keptByHigh) {
      return "reached";
    }
    return keptByLow || keptByHigh
        ? "undecided: the bound is within the interval"
        : "**not reached**";
  }

  private static String median(List<Pair> pairs, ToDoubleFunction<Pair> figure) {
    return Report.number(Halves.median(pairs.stream().mapToDouble(figure).toArray()));
  }

  private List<PairedRound> rounds(Promise promise) {
    return of(promise).stream()
        .mapToInt(Pair::round)
        .distinct()
        .mapToObj(number -> new PairedRound(
            number, of(promise).stream().filter(pair -> pair.round() == number).toList()))
        .toList();
  }

  private List<Pair> of(Promise promise) {
    return results.pairs().stream().filter(pair -> pair.promise() == promise).toList();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
