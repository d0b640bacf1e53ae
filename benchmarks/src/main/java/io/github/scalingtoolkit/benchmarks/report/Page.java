package io.github.scalingtoolkit.benchmarks.report;

import io.github.scalingtoolkit.benchmarks.audit.Audit;
import io.github.scalingtoolkit.benchmarks.audit.Finding;
import io.github.scalingtoolkit.benchmarks.audit.SourceRow;
import io.github.scalingtoolkit.benchmarks.report.BarChart.Bar;
import io.github.scalingtoolkit.benchmarks.report.Group.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The page of a session, made of its groups and of nothing else: the same groups give the same bytes. */
public final class Page {
  /** The page's file; the groups are in {@value #RAW} beside it. */
  public static final String NAME = "README.md";

  /** The folder of the groups' files. */
  public static final String RAW = "raw";

  private static final String RATE_CHART = "set-ups.svg";
  private static final String CPU_CHART = "cpu.svg";
  private static final String SCALING_CHART = "scale-out.svg";
  private static final int FITTED_UP_TO = 4;
  private static final double SHARED = 0.1;
  private static final List<Row> SET_UPS = List.of(Row.SINGLE, Row.CLUSTER, Row.K8S_SHAPE);
  private static final List<Cache> CACHES = List.of(Cache.OFF, Cache.L2, Cache.L1_L2);

  private final List<Group> groups;
  private final StringBuilder text = new StringBuilder();

  private Page(List<Group> groups) {
    this.groups = groups;
  }

  /** Writes the files of {@link #files} to {@code directory}, of the groups in its {@value #RAW}. */
  public static void write(Path directory) throws IOException {
    for (Map.Entry<String, String> file :
        files(Group.readAll(directory.resolve(RAW))).entrySet()) {
      Files.writeString(directory.resolve(file.getKey()), file.getValue());
    }
  }

  /** Returns the page and its charts, by name. */
  public static Map<String, String> files(List<Group> groups) {
    Page page = new Page(groups);
    Map<String, String> files = new TreeMap<>();
    page.rateChart().ifPresent(chart -> files.put(RATE_CHART, chart));
    page.cpuChart().ifPresent(chart -> files.put(CPU_CHART, chart));
    page.scalingChart().ifPresent(chart -> files.put(SCALING_CHART, chart));
    files.put(NAME, page.text(files.keySet()));
    return files;
  }

  /**
   * Returns what the project's own README says of {@code groups}: the first chart and five figures.
   *
   * @param folder of the page, as the README links to it
   */
  public static String summary(List<Group> groups, String folder) {
    return new Page(groups).summary(folder);
  }

  private String text(Set<String> charts) {
    line("# Benchmarks");
    line("");
    line(
        "Made from the raw data in [%s](%s) by `benchmarks report`; do not edit. How it is measured, and what each"
            + " row is: [scaling](../scaling.md).",
        RAW, RAW);
    line("");
    line(
        "A figure is the median of its slices, with their range. A ratio (x) is the median of the ratios within"
            + " rotations, with an interval that holds the true one in 95 of 100 sessions.");
    setUps(true, charts);
    setUps(false, charts);
    goals();
    cpu(charts);
    scaleOut(charts);
    peers();
    legacy();
    machine();
    noFigures();
    line("");
    line("## Again");
    line("");
    line("```sh");
    line("mvn -B -q package -DskipTests");
    groups.stream()
        .map(group -> group.environment().command())
        .distinct()
        .forEach(command -> line("java -jar benchmarks/target/benchmarks.jar %s", command));
    line("```");
    return text.toString();
  }

  private void setUps(boolean quotas, Set<String> charts) {
    List<Cell> cells = setUpCells(quotas);
    if (cells.isEmpty()) {
      return;
    }
    line("");
    line(quotas ? "## Each process a part of a core" : "## Without quotas: what one machine gives");
    line("");
    if (quotas) {
      Quota quota = groupOf(cells.get(0), true).orElseThrow().quota();
      line(
          "Each process may use %s of a core (a supervisor %s), so that on this machine several bring what they bring on"
              + " several machines. Quotas: %s, counted in %d ms. A process gets its quota when it is warm. Address"
              + " translation is the kernel's work, and counted to no row.",
          Text.number(quota == null ? 0 : quota.cores()),
          Text.number(quota == null ? 0 : quota.frontCores()),
          quota == null ? "" : quota.how(),
          quota == null ? 0 : quota.periodMillis());
    } else {
      line(
          "The processes of a row share the machine's cores with the stores and the generator. More processes cannot"
              + " answer more here.");
    }
    if (quotas && charts.contains(RATE_CHART)) {
      line("");
      line("![answers a second by set-up and cache](%s)", RATE_CHART);
    }
    for (Scenario scenario : List.of(Scenario.LIST, Scenario.HEALTH)) {
      table(
          scenario == Scenario.LIST ? "List of ten todos, with a token" : "Health",
          cells.stream().map(cell -> cell.of(scenario)).toList(),
          quotas);
    }
  }

  private void table(String title, List<Cell> cells, boolean quotas) {
    boolean waits =
        cells.stream().anyMatch(cell -> figure(cell, quotas, Quantity.P99).isPresent());
    line("");
    line("**%s**", title);
    line("");
    line(
        "| set-up | cache | answers/s | x single, L1+L2 | CPU an answer, us | supervisor's, us | stores', us | memory, MiB |%s",
        waits ? " p50, ms | p99, ms |" : "");
    line("|---|---|---|---|---|---|---|---|%s", waits ? "---|---|" : "");
    for (Cell cell : cells) {
      Optional<Group> group = groupOf(cell, quotas);
      if (group.isPresent()) {
        line(
            "| %s | %s | %s | %s | %s | %s | %s | %s |%s",
            cell.row(),
            cell.cache().word(),
            shown(group.get(), cell, Quantity.RATE),
            group.get().ratioToReference(cell, Quantity.RATE).map(Text::shown).orElse(""),
            median(group.get(), cell, Quantity.CPU),
            cell.row().equals(Row.CLUSTER) || cell.row().equals(Row.NGINX)
                ? median(group.get(), cell, Quantity.FRONT_CPU)
                : "",
            median(group.get(), cell, Quantity.STORES_CPU),
            median(group.get(), cell, Quantity.MEMORY),
            waits
                ? " " + median(group.get(), cell, Quantity.P50) + " | "
                    + median(group.get(), cell, Quantity.P99) + " |"
                : "");
      }
    }
    if (waits) {
      line("");
      line("Waits are those at half of the rate, from when a request fell due.");
    }
  }

  private void goals() {
    List<RatioGoal> measured = new ArrayList<>();
    for (RatioGoal goal : RatioGoal.values()) {
      if (groupOf(goal).isPresent()) {
        measured.add(goal);
      }
    }
    if (measured.isEmpty()) {
      return;
    }
    line("");
    line("## Ratios to reach");
    line("");
    line("| | wanted | measured | holds the true one | verdict |");
    line("|---|---|---|---|---|");
    for (RatioGoal goal : measured) {
      Group group = groupOf(goal).orElseThrow();
      Optional<MedianInterval> ratio = group.ratio(goal.above(), goal.below(), goal.quantity());
      line(
          "| %s | %s | %s | %s | %s |",
          goal.what(),
          goal.wanted(),
          ratio.map(Text::shown).orElseGet(() -> reason(group, goal)),
          ratio
              .map(interval ->
                  Text.format("in %.0f of 100 sessions", Math.floor(100 * interval.held())))
              .orElse(""),
          ratio.map(goal::verdict).orElse(""));
    }
  }

  private static String reason(Group group, RatioGoal goal) {
    return group
        .refusal(goal.above(), goal.quantity())
        .or(() -> group.refusal(goal.below(), goal.quantity()))
        .map(Page::inTable)
        .orElse("NOT RUN");
  }

  private void cpu(Set<String> charts) {
    if (charts.contains(CPU_CHART)) {
      line("");
      line("## CPU an answer, beside the peers");
      line("");
      line("![CPU an answer](%s)", CPU_CHART);
    }
  }

  private void scaleOut(Set<String> charts) {
    Optional<Group> scaleOut = scaleOutGroup();
    if (scaleOut.isEmpty()) {
      return;
    }
    Group group = scaleOut.get();
    line("");
    line("## Scale-out");
    line("");
    line(
        "The cached list (L1+L2) on one to six processes, each with a quota, behind address translation. The law is"
            + " fitted on N up to %d; what it expects beyond was not shown to it.",
        FITTED_UP_TO);
    if (charts.contains(SCALING_CHART)) {
      line("");
      line("![answers a second by number of processes](%s)", SCALING_CHART);
    }
    SortedMap<Integer, Estimate> points = points(group);
    @Nullable ScalingLaw law = law(points);
    line("");
    line("| N | answers/s | x one | the law expects | off by |");
    line("|---|---|---|---|---|");
    for (Cell cell : group.cells().stream()
        .sorted(Comparator.comparingInt(cell -> cell.row().processes()))
        .toList()) {
      int processes = cell.row().processes();
      @Nullable Estimate estimate = points.get(processes);
      String expected = "";
      String off = "";
      if (law != null && estimate != null && processes > FITTED_UP_TO) {
        expected = Text.number(law.at(processes));
        off = Text.format(
            "%.1f %%", 100 * law.missesBy(new ScalingLaw.Point(processes, estimate.median())));
      }
      line(
          "| %d | %s | %s | %s | %s |",
          processes,
          shown(group, cell, Quantity.RATE),
          group.ratioToReference(cell, Quantity.RATE).map(Text::shown).orElse(""),
          expected,
          off);
    }
    if (law != null) {
      line("");
      line(
          "Universal Scalability Law: lambda %s answers/s, sigma %.4f, kappa %.5f.",
          Text.number(law.lambda()), law.sigma(), law.kappa());
    }
  }

  private void peers() {
    for (Group group : groups) {
      if (group.topic() != Topic.PEERS) {
        continue;
      }
      line("");
      line("## %s", group.title());
      for (Scenario scenario : Scenario.values()) {
        List<Cell> cells = byCpu(group, scenario);
        if (cells.isEmpty()) {
          continue;
        }
        line("");
        line("**%s**", scenario.word());
        line("");
        line("| | answers/s | CPU an answer, us | CPU, x ours | stores', us | memory, MiB |");
        line("|---|---|---|---|---|---|");
        for (Cell cell : cells) {
          line(
              "| %s | %s | %s | %s | %s | %s |",
              cell.label(),
              shown(group, cell, Quantity.RATE),
              median(group, cell, Quantity.WHOLE_CPU),
              group.ratioToReference(cell, Quantity.WHOLE_CPU).map(Text::shown).orElse(""),
              median(group, cell, Quantity.STORES_CPU),
              median(group, cell, Quantity.MEMORY));
        }
      }
    }
    Set<Group.Remark> remarks = new LinkedHashSet<>();
    groups.forEach(group -> remarks.addAll(group.remarks()));
    if (!remarks.isEmpty()) {
      line("");
      line("What the peers are, and do not do:");
      line("");
      remarks.forEach(
          remark -> line("- `%s`: %s. %s", remark.row(), remark.title(), remark.text()));
    }
  }

  private void legacy() {
    List<Group.Legacy> rows =
        groups.stream().flatMap(group -> group.legacy().stream()).toList();
    line("");
    line("## The tutorial's own command and table");
    line("");
    line(
        "`ab -n %d -c %d …%s`, on the rows with a quota: a short run over new connections, each of one request. Its"
            + " figures are no equals of those above. It also counts answers of another length as failed, and an uptime has"
            + " not always the same.",
        SourceRow.REQUESTS, SourceRow.CONCURRENCY, SourceRow.URL);
    if (!rows.isEmpty()) {
      line("");
      line("| set-up | requests/s | mean, ms | failed |");
      line("|---|---|---|---|");
      for (Group.Legacy row : rows) {
        if (row.perSecond() == null || row.meanMillis() == null) {
          line("| %s | NOT RUN: %s | | |", row.row(), inTable(row.reason()));
        } else {
          line(
              "| %s | %s | %s | %s |",
              row.row(),
              Text.number(row.perSecond()),
              Text.number(row.meanMillis()),
              row.failed() == null ? "" : row.failed().toString());
        }
      }
    }
    line("");
    line("The tutorial's table is said to come from that command:");
    line("");
    line("| row | column | cell | verdict | why |");
    line("|---|---|---|---|---|");
    int cores = groups.isEmpty() ? 1 : groups.get(0).environment().cores();
    for (Finding finding : Audit.of(SourceRow.TABLE, cores)) {
      line(
          "| %s | %s | %s | %s | %s |",
          finding.row(), finding.column(), finding.value(), finding.verdict(), finding.reason());
    }
  }

  private void machine() {
    line("");
    line("## Machine, and what else ran");
    line("");
    line(
        "| group | date, commit | rotations | others used of the machine: mean, most | row, stores and generator together: most, cores | load before | memory, expected |");
    line("|---|---|---|---|---|---|---|");
    for (Group group : groups) {
      double mean =
          group.slices().stream().mapToDouble(Slice::othersShare).average().orElse(0);
      double most =
          group.slices().stream().mapToDouble(Slice::othersShare).max().orElse(0);
      double cores = group.slices().stream().mapToDouble(Slice::allCores).max().orElse(0);
      line(
          "| %s | %s, %s | %s%d of %s s, %d connections | %.0f %%, %.0f %%%s | %.2f | %s | %,d MiB |",
          group.title(),
          group.environment().date(),
          group.environment().commit(),
          group.rounds() > 1 ? group.rounds() + " fresh starts, each " : "",
          group.rotations(),
          Text.number(group.sliceSeconds()),
          group.connections(),
          100 * mean,
          100 * most,
          mean > SHARED ? ": **shared**" : "",
          cores,
          Text.number(group.environment().loadBefore()),
          group.needMiB());
    }
    line("");
    line("| | |");
    line("|---|---|");
    distinct(
        "machine",
        at -> at.cpu() + ", " + at.cores() + " cores, " + at.memoryMiB() + " MiB, " + at.system());
    distinct("Java", Environment::java);
    distinct("Node", Environment::node);
    distinct("MongoDB's wire, for all", Environment::mongo);
    distinct("Redis, for all", Environment::redis);
    distinct("the service", Environment::settings);
  }

  private void distinct(String what, java.util.function.Function<Environment, String> of) {
    groups.stream()
        .map(group -> of.apply(group.environment()))
        .distinct()
        .forEach(value -> line("| %s | %s |", what, inTable(value)));
  }

  private void noFigures() {
    line("");
    line("## Without a figure");
    line("");
    int before = text.length();
    for (Group group : groups) {
      if (!group.complete()) {
        line("- %s: the session ended before the group's end", group.title());
      }
      for (Cell cell : group.cells()) {
        group
            .refusal(cell, Quantity.RATE)
            .ifPresent(
                reason -> line("- %s: %s: %s", group.title(), cell, reason.replace("\n", " ")));
      }
    }
    if (text.length() == before) {
      line("Every cell has its figure.");
    }
  }

  private String summary(String folder) {
    line("![answers a second by set-up and cache](%s/%s)", folder, RATE_CHART);
    line("");
    Cell single = new Cell(Row.SINGLE, Cache.L1_L2, Scenario.LIST);
    Cell cluster = new Cell(Row.CLUSTER, Cache.L1_L2, Scenario.LIST);
    Cell pods = new Cell(Row.K8S_SHAPE, Cache.L1_L2, Scenario.LIST);
    Cell off = new Cell(Row.SINGLE, Cache.OFF, Scenario.LIST);
    line("| the cached list, each process with the same part of a core | |");
    line("|---|---|");
    row("one process", rate(single));
    row("four processes (`cluster`), of one process", ratio(cluster, Quantity.RATE));
    row("three processes (`k8s-shape`), of one process", ratio(pods, Quantity.RATE));
    row("one process without a cache, of the same with it", ratio(off, Quantity.RATE));
    row(
        "CPU an answer: the tutorial's Express app, of ours",
        groupOf(RatioGoal.LIST_EXPRESS)
            .flatMap(group -> group.ratio(
                RatioGoal.LIST_EXPRESS.above(), RatioGoal.LIST_EXPRESS.below(), Quantity.CPU))
            .map(Text::shown));
    return text.toString();
  }

  private void row(String what, Optional<String> figure) {
    line("| %s | %s |", what, figure.orElse("no figure"));
  }

  private Optional<String> rate(Cell cell) {
    return figure(cell, true, Quantity.RATE)
        .map(estimate -> Text.number(estimate.median()) + " answers/s");
  }

  private Optional<String> ratio(Cell cell, Quantity quantity) {
    return groupOf(cell, true)
        .flatMap(group -> group.ratioToReference(cell, quantity))
        .map(Text::shown);
  }

  private Optional<String> rateChart() {
    List<Cell> cells = setUpCells(true);
    if (cells.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(BarChart.draw(
        "List of ten todos: answers by set-up and cache, each process with a quota",
        "1/s",
        bars(cells, Quantity.RATE)));
  }

  private List<Bar> bars(List<Cell> cells, Quantity quantity) {
    return cells.stream()
        .map(cell ->
            new Bar(cell.label(), figure(cell, true, quantity), cell.row().isOurs()))
        .toList();
  }

  /** Of the peers' group if there is one, else of Express and the floor beside the set-ups. */
  private Optional<String> cpuChart() {
    Optional<Group> peers = groups.stream()
        .filter(group -> group.topic() == Topic.PEERS)
        .filter(group -> group.cells().stream().anyMatch(cell -> cell.scenario() == Scenario.LIST))
        .findFirst();
    Optional<Group> group = peers.or(() -> groupOf(RatioGoal.LIST_EXPRESS));
    return group.map(of -> BarChart.draw(
        "Cached list: CPU of a row's processes for an answer",
        "us",
        byCpu(of, Scenario.LIST).stream()
            .map(cell -> new Bar(
                cell.label(), of.estimate(cell, Quantity.WHOLE_CPU), cell.row().isOurs()))
            .toList()));
  }

  /** Returns the cells of {@code scenario}, the dearest last, and after it those without a figure. */
  private static List<Cell> byCpu(Group group, Scenario scenario) {
    return group.cells().stream()
        .filter(cell -> cell.scenario() == scenario)
        .sorted(Comparator.comparingDouble(cell -> group
            .estimate(cell, Quantity.WHOLE_CPU)
            .map(Estimate::median)
            .orElse(Double.MAX_VALUE)))
        .toList();
  }

  private Optional<String> scalingChart() {
    return scaleOutGroup()
        .map(Page::points)
        .filter(points -> !points.isEmpty())
        .map(points ->
            ScalingChart.draw("Cached list: answers by processes", "1/s", points, law(points)));
  }

  private Optional<Group> scaleOutGroup() {
    return groups.stream().filter(group -> group.topic() == Topic.SCALE_OUT).findFirst();
  }

  private static SortedMap<Integer, Estimate> points(Group group) {
    SortedMap<Integer, Estimate> points = new TreeMap<>();
    for (Cell cell : group.cells()) {
      group
          .estimate(cell, Quantity.RATE)
          .ifPresent(estimate -> points.put(cell.row().processes(), estimate));
    }
    return points;
  }

  private static @Nullable ScalingLaw law(SortedMap<Integer, Estimate> points) {
    List<ScalingLaw.Point> fitted = points.headMap(FITTED_UP_TO + 1).entrySet().stream()
        .map(point -> new ScalingLaw.Point(point.getKey(), point.getValue().median()))
        .collect(Collectors.toList());
    return fitted.size() < FITTED_UP_TO ? null : ScalingLaw.fit(fitted);
  }

  /** Returns the cells of lists in the set-ups that were measured, then those of others in the same groups. */
  private List<Cell> setUpCells(boolean quotas) {
    Set<Cell> cells = new LinkedHashSet<>();
    for (Row row : SET_UPS) {
      for (Cache cache : CACHES) {
        Cell cell = new Cell(row, cache, Scenario.LIST);
        if (groupOf(cell, quotas).isPresent()) {
          cells.add(cell);
        }
      }
    }
    groups.stream()
        .filter(group -> isOfSetUps(group, quotas))
        .flatMap(group -> group.cells().stream())
        .filter(cell -> cell.scenario() == Scenario.LIST)
        .forEach(cells::add);
    return List.copyOf(cells);
  }

  private static boolean isOfSetUps(Group group, boolean quotas) {
    return group.topic() == Topic.SET_UPS && (group.quota() != null) == quotas;
  }

  /** Returns the group that shows {@code cell}. The reference is in several: then the one of its own cache. */
  private Optional<Group> groupOf(Cell cell, boolean quotas) {
    return groups.stream()
        .filter(group -> isOfSetUps(group, quotas) && group.cells().contains(cell))
        .max(Comparator.comparingLong(group -> group.cells().stream()
            .filter(other -> other.cache() == cell.cache())
            .count()));
  }

  /** Returns the group that shows {@code goal}: one made for it, else any whose rows were loaded in turn. */
  private Optional<Group> groupOf(RatioGoal goal) {
    return groups.stream()
        .filter(group -> group.cells().containsAll(List.of(goal.above(), goal.below())))
        .max(Comparator.comparingInt(group -> group.topic() == Topic.RATIO ? 1 : 0));
  }

  private Optional<Estimate> figure(Cell cell, boolean quotas, Quantity quantity) {
    return groupOf(cell, quotas).flatMap(group -> group.estimate(cell, quantity));
  }

  private static String shown(Group group, Cell cell, Quantity quantity) {
    return group
        .estimate(cell, quantity)
        .map(Text::shown)
        .or(() -> group.refusal(cell, quantity).map(Page::inTable))
        .orElse("");
  }

  private static String median(Group group, Cell cell, Quantity quantity) {
    return group
        .estimate(cell, quantity)
        .map(estimate -> Text.number(estimate.median()))
        .orElse("");
  }

  private static String inTable(String words) {
    return words.replace("|", "\\|").replace("\n", " ");
  }

  private void line(String format, Object... values) {
    text.append(values.length == 0 ? format : Text.format(format, values)).append('\n');
  }
}
