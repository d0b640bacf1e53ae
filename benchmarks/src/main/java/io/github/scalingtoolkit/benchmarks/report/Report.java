package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.audit.Audit;
import io.github.scalingtoolkit.benchmarks.audit.Finding;
import io.github.scalingtoolkit.benchmarks.audit.SourceRow;
import io.github.scalingtoolkit.benchmarks.report.BarChart.Bar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/** The report of a session, made of its results and of nothing else: the same results give the same bytes. */
public final class Report {
  /** The report's file. */
  public static final String NAME = "REPORT.md";

  private static final String CPU_CHART = "list-cpu.svg";
  private static final String RATE_CHART = "list-rate.svg";
  private static final List<String> CACHES = List.of("off", "L2", "L1+L2");
  private static final double SHARED = 0.1;

  private final Results results;
  private final StringBuilder text = new StringBuilder();

  private Report(Results results) {
    this.results = results;
  }

  /** Writes the files of {@link #files} to {@code directory}. */
  public static void write(Results results, Path directory) throws IOException {
    for (Map.Entry<String, String> file : files(results).entrySet()) {
      Files.writeString(directory.resolve(file.getKey()), file.getValue());
    }
  }

  /** Returns the report and its charts, by name. */
  public static Map<String, String> files(Results results) {
    List<Bar> cpu = new ArrayList<>();
    List<Bar> rate = new ArrayList<>();
    for (Cell cell : listCells().filter(results::isPart).toList()) {
      boolean ours = !cell.row().equals("express") && !cell.row().equals("floor");
      String label = ours ? cell.row() + ", " + cell.cache() : cell.row();
      cpu.add(new Bar(label, Summary.cpu(results, cell), ours));
      rate.add(new Bar(label, Summary.perSecond(results, cell), ours));
    }
    return new TreeMap<>(Map.of(
        NAME, new Report(results).text(),
        CPU_CHART, BarChart.draw("Cached list: CPU of the service for an answer", "us", cpu),
        RATE_CHART, BarChart.draw("Cached list: answers a second", "1/s", rate)));
  }

  /** Returns a figure with as many digits as mean something. */
  static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }

  private String text() {
    Environment at = results.environment();
    line("# Benchmark: %s", results.kind());
    line("");
    line("Made from `runs.json` by `benchmarks report`; do not edit. How it is measured, when a");
    line("figure is refused and what each row is: docs/scaling.md.");
    line("");
    if (results.stopped() != null) {
      line("**The session ended early**: %s.", results.stopped());
      line("");
    }
    ratios();
    shared();
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
        "| each cell | %d rounds of %d s, each in fresh processes, forwards and backwards in turn |",
        results.rounds(), results.seconds());
    line("| load average before | %s |", number(at.loadBefore()));
    line("");
    line(
        "Service, stores and generator share the machine's cores: answers a second are what is left");
    line("to the service, CPU for an answer is what it costs. The service's processes alone are");
    line("counted; the stores' CPU and memory stand beside.");
    lists();
    singles();
    open();
    missing();
    audit();
    line("");
    line("## Again");
    line("");
    line("```sh");
    line("mvn -B -q package -DskipTests");
    line("java -jar benchmarks/target/benchmarks.jar %s", at.command());
    line("```");
    return text.toString();
  }

  private void ratios() {
    line("## Ratios to reach");
    line("");
    line("| | wanted | measured | |");
    line("|---|---|---|---|");
    for (Ratio ratio : Ratio.of(results)) {
      line(
          "| %s | %s | %s | %s |", ratio.what(), ratio.wanted(), ratio.measured(), ratio.verdict());
    }
  }

  private void shared() {
    double most = results.runs().stream().mapToDouble(Run::othersShare).max().orElse(0);
    double mean =
        results.runs().stream().mapToDouble(Run::othersShare).average().orElse(0);
    line("");
    if (most > SHARED) {
      line(
          "**The machine was shared**: others used %.0f %% of it on average and up to %.0f %% in a run."
              + " Take rates and waits as indications; CPU for an answer suffers least.",
          100 * mean, 100 * most);
    } else {
      line("Nobody else used more than %.0f %% of the machine in any run.", Math.ceil(100 * most));
    }
  }

  private void lists() {
    line("");
    line("## Cached list with JWT, ten todos, closed model");
    line("");
    line("![CPU for an answer](%s)", CPU_CHART);
    line("");
    line("![answers a second](%s)", RATE_CHART);
    table(listCells().filter(this::isPart).toList());
  }

  private void singles() {
    line("");
    line("## Health and create, one process, closed model");
    List<Cell> cells = new ArrayList<>();
    for (String scenario : List.of("health", "create")) {
      cells.add(new Cell("single", "L1+L2", scenario));
      cells.add(new Cell("express", "own", scenario));
      if (scenario.equals("health")) {
        cells.add(new Cell("floor", "none", scenario));
      }
    }
    table(cells.stream().filter(this::isPart).toList());
  }

  private void table(List<Cell> cells) {
    line("");
    line(
        "| row | cache | | CPU an answer, us | of it compiling | answers/s | stores' CPU, us | resident, MiB | MongoDB's wire, Redis: resident, MiB | CPU by process |");
    line("|---|---|---|---|---|---|---|---|---|---|");
    for (Cell cell : cells) {
      List<Run> runs = runs(cell);
      if (runs.isEmpty()) {
        line(
            "| %s | %s | %s | NOT RUN | | NOT RUN | | NOT RUN | | |",
            cell.row(), cell.cache(), cell.scenario());
        continue;
      }
      line(
          "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |",
          cell.row(),
          cell.cache(),
          cell.scenario(),
          shown(Summary.cpu(results, cell)),
          lastThatCounts(runs, Run::refusedCpu, Report::compiling),
          shown(Summary.perSecond(results, cell)),
          shown(Summary.of(results, cell, Run::storesCpuMicros, Run::refusedCpu)),
          shown(Summary.memory(results, cell)),
          lastThatCounts(runs, Run::refusedMemory, Report::storesMemory),
          lastThatCounts(runs, Run::refusedCpu, Report::shares));
    }
  }

  private void open() {
    Cell ours = new Cell("single", "L1+L2", "list at half load");
    if (!isPart(ours)) {
      return;
    }
    line("");
    line("## Waits for the cached list at half load, open model");
    line("");
    line(
        "From when a request fell due, at half of the rate that the same process had just reached in the closed");
    line(
        "model. The last column counts from when it was really sent, as most tools do: it forgets stalls.");
    line("");
    line("| row | requests/s | p50, ms | p99, ms | p99.9, ms | p99 from sending, ms |");
    line("|---|---|---|---|---|---|");
    for (String[] row : new String[][] {{"single", "L1+L2"}, {"express", "own"}}) {
      Cell cell = new Cell(row[0], row[1], "list at half load");
      if (runs(cell).isEmpty()) {
        line("| %s | NOT RUN | | | | |", cell.row());
        continue;
      }
      line(
          "| %s | %s | %s | %s | %s | %s |",
          cell.row(),
          shown(Summary.perSecond(results, cell)),
          shown(Summary.of(results, cell, Run::p50Millis, Run::refusedLatency)),
          shown(Summary.of(results, cell, Run::p99Millis, Run::refusedLatency)),
          shown(Summary.of(results, cell, Run::p999Millis, Run::refusedLatency)),
          shown(Summary.of(results, cell, Run::p99SentMillis, Run::refusedLatency)));
    }
  }

  private void missing() {
    line("");
    line("## Not run");
    line("");
    List<Cell> cut = results.runs().stream()
        .map(Run::cell)
        .distinct()
        .filter(cell -> results.roundsOf(cell) < results.rounds())
        .toList();
    if (results.notRun().isEmpty() && cut.isEmpty() && results.stopped() == null) {
      line("Everything ran.");
    }
    for (Cell cell : cut) {
      line("- %s: %d of %d rounds", cell, results.roundsOf(cell), results.rounds());
    }
    for (Results.NotRun not : results.notRun()) {
      line("- NOT RUN: %s: %s", not.cell(), not.reason().replace("\n", " "));
    }
  }

  private void audit() {
    line("");
    line("## The tutorial's own table");
    line("");
    line(
        "It is said to come from `ab -n %d -c %d` on `%s`.",
        SourceRow.REQUESTS, SourceRow.CONCURRENCY, SourceRow.URL);
    line("");
    line("| row | column | cell | verdict | why |");
    line("|---|---|---|---|---|");
    for (Finding finding : Audit.of(SourceRow.TABLE, results.environment().cores())) {
      line(
          "| %s | %s | %s | %s | %s |",
          finding.row(), finding.column(), finding.value(), finding.verdict(), finding.reason());
    }
  }

  /** What is read off the last run of a cell whose figure is not refused; empty if there is none. */
  private static String lastThatCounts(
      List<Run> runs, Function<Run, String> refused, Function<Run, String> shown) {
    return runs.stream()
        .filter(run -> refused.apply(run).isEmpty())
        .reduce((first, last) -> last)
        .map(shown)
        .orElse("");
  }

  private static String storesMemory(Run run) {
    return run.mongoMiB() == null || run.redisMiB() == null
        ? ""
        : run.mongoMiB() + ", " + run.redisMiB();
  }

  private List<Run> runs(Cell cell) {
    return results.runs().stream().filter(run -> run.cell().equals(cell)).toList();
  }

  private static String compiling(Run run) {
    return run.compilerShare() == null
        ? ""
        : String.format(Locale.ROOT, "%.0f %%", 100 * run.compilerShare());
  }

  private static String shares(Run run) {
    if (run.processShares().size() < 2) {
      return "";
    }
    List<String> shares = new ArrayList<>();
    for (double share : run.processShares()) {
      shares.add(String.format(Locale.ROOT, "%.0f %%", 100 * share));
    }
    return String.join(", ", shares);
  }

  /** A median with its extremes and how many rounds counted, or why there is none. */
  private static String shown(Summary summary) {
    if (!summary.counts()) {
      String reason = summary.reason();
      return reason.isEmpty() ? "NOT RUN" : reason.replace("|", "\\|");
    }
    String counted = summary.values().size() == summary.rounds()
        ? ""
        : String.format(Locale.ROOT, ", %d of %d", summary.values().size(), summary.rounds());
    return number(summary.median()) + " (" + number(summary.low()) + " to " + number(summary.high())
        + counted + ")";
  }

  private boolean isPart(Cell cell) {
    return results.isPart(cell);
  }

  private static Stream<Cell> listCells() {
    List<Cell> cells = new ArrayList<>();
    for (String row : List.of("single", "cluster", "k8s-shape")) {
      for (String cache : CACHES) {
        cells.add(new Cell(row, cache, "list"));
      }
    }
    cells.add(new Cell("nginx", "L1+L2", "list"));
    cells.add(new Cell("express", "own", "list"));
    cells.add(new Cell("floor", "none", "list"));
    return cells.stream();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
