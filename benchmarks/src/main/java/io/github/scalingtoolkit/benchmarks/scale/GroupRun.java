package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.Call;
import io.github.scalingtoolkit.benchmarks.load.Generator;
import io.github.scalingtoolkit.benchmarks.load.Load;
import io.github.scalingtoolkit.benchmarks.load.LoadResult;
import io.github.scalingtoolkit.benchmarks.load.Model;
import io.github.scalingtoolkit.benchmarks.load.Observer;
import io.github.scalingtoolkit.benchmarks.report.Cell;
import io.github.scalingtoolkit.benchmarks.report.Estimate;
import io.github.scalingtoolkit.benchmarks.report.Group;
import io.github.scalingtoolkit.benchmarks.report.Pace;
import io.github.scalingtoolkit.benchmarks.report.Quantity;
import io.github.scalingtoolkit.benchmarks.report.Quota;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import io.github.scalingtoolkit.benchmarks.report.Slice;
import io.github.scalingtoolkit.benchmarks.scale.CpuQuotas.Limit;
import io.github.scalingtoolkit.benchmarks.scale.CpuQuotas.Waits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs a group: starts all its rows, warms each, gives each process its quota, and loads the rows in turn in short slices.
 *
 * <p>A shared machine is faster or slower from one minute to the next. Rows that are loaded within seconds of each other
 * meet the same machine, so the ratio of two slices of one rotation holds where their figures do not. What the machine
 * does refuses nothing: it is seen in ranges and intervals.
 *
 * <p>A row that cannot be started, ends, or answers wrongly loses its own cells; the others go on.
 */
final class GroupRun {
  private static final double HARDLY_COMPILES = 0.1;
  private static final int WARM_STEPS = 4;
  private static final Duration LONGEST_LEGACY = Duration.ofSeconds(120);

  private final GroupPlan plan;
  private final Stores stores;
  private final Children children;
  private final @Nullable CpuQuotas quotas;
  private final Path data;
  private final Progress progress;
  private final Set<Cell> out = new HashSet<>();
  private Group group;

  /** A row that runs. */
  private record Running(
      Contender contender, Target target, byte[] list, List<Limit> limits, List<Limit> fronts) {
    Cell cell(Scenario scenario) {
      return contender.cell(scenario);
    }

    List<Limit> all() {
      List<Limit> all = new ArrayList<>(limits);
      all.addAll(fronts);
      return all;
    }
  }

  /**
   * Prepares it.
   *
   * @param empty what is known of the group before it is measured
   * @param quotas null if they are not permitted; then the plan must have none
   * @param data where the group's file is written after each rotation
   */
  GroupRun(
      GroupPlan plan,
      Stores stores,
      Children children,
      @Nullable CpuQuotas quotas,
      Path data,
      Progress progress,
      Group empty) {
    this.plan = plan;
    this.stores = stores;
    this.children = children;
    this.quotas = quotas;
    this.data = data;
    this.progress = progress;
    group = empty;
  }

  /** Runs it, and returns what was measured. */
  Group run() throws IOException, InterruptedException {
    if (HostInfo.availableMiB() < plan.needMiB()) {
      plan.contenders()
          .forEach(contender -> outAll(
              contender,
              "the group needs " + plan.needMiB() + " MiB of memory and the machine has "
                  + HostInfo.availableMiB() + " left"));
    }
    for (int round = 1; round <= plan.timing().rounds(); round++) {
      run(round);
    }
    group = group.completed();
    group.write(data);
    return group;
  }

  private void run(int round) throws IOException, InterruptedException {
    stores.flushRedis();
    List<Target> targets = new ArrayList<>();
    try {
      List<Running> rows = start(round, targets);
      for (int i = 0; i < plan.scenarios().size(); i++) {
        Scenario scenario = plan.scenarios().get(i);
        warm(rows, scenario, i);
        for (int rotation = 1; rotation <= plan.timing().rotations(); rotation++) {
          rotate(rows, scenario, Pace.CAPACITY, round, rotation);
        }
        if (plan.waits() && scenario == Scenario.LIST) {
          for (int rotation = 1; rotation <= plan.timing().rotations(); rotation++) {
            rotate(rows, scenario, Pace.HALF, round, rotation);
          }
        }
      }
      if (plan.legacy() && round == plan.timing().rounds()) {
        legacy(rows);
      }
    } finally {
      for (int i = targets.size() - 1; i >= 0; i--) {
        targets.get(i).close();
      }
      if (quotas != null) {
        quotas.removeEmpty();
      }
    }
  }

  /** Starts all rows. Those of the service share a database, because in one Redis they share their keys. */
  private List<Running> start(int round, List<Target> targets)
      throws IOException, InterruptedException {
    String shared = databaseOf("service", round);
    Set<String> filled = new HashSet<>();
    List<Running> rows = new ArrayList<>();
    for (Contender contender : plan.contenders()) {
      if (out.containsAll(plan.scenarios().stream().map(contender::cell).toList())) {
        continue;
      }
      try {
        String database =
            contender.row().isOurs() ? shared : databaseOf(contender.row().name(), round);
        Target target = contender.start().start(database, List.copyOf(targets));
        targets.add(target);
        if (!target.database().isEmpty() && filled.add(target.database())) {
          TodoList.fill(target);
        }
        byte[] list =
            plan.scenarios().contains(Scenario.LIST) || plan.scenarios().contains(Scenario.MIX)
                ? TodoList.read(target, contender.cache().expectedHeader())
                : new byte[0];
        rows.add(limited(contender, target, list));
        progress.done(3.0 * contender.starts());
      } catch (NotRunException reason) {
        outAll(contender, String.valueOf(reason.getMessage()));
      } catch (IOException failed) {
        failed(contender, failed);
      }
    }
    return rows;
  }

  private Running limited(Contender contender, Target target, byte[] list) throws IOException {
    List<Limit> limits = new ArrayList<>();
    List<Limit> fronts = new ArrayList<>();
    if (quotas != null) {
      for (long pid : target.pids()) {
        limits.add(quotas.limit(contender.row().name(), pid));
      }
      for (long pid : target.front()) {
        fronts.add(quotas.limit(contender.row().name() + " front", pid));
      }
    }
    return new Running(contender, target, list, limits, fronts);
  }

  /** Warms each row while it may use what there is, and then gives each process its quota. */
  private void warm(List<Running> rows, Scenario scenario, int index)
      throws IOException, InterruptedException {
    for (Running row : rows) {
      for (Limit limit : row.all()) {
        limit.lift();
      }
    }
    for (Running row : rows) {
      Duration time = plan.warm(row.contender(), index);
      if (isIn(row, scenario) && !time.isZero()) {
        try {
          warm(row, scenario, time.dividedBy(WARM_STEPS));
        } catch (IOException failed) {
          failed(row.contender(), failed);
        }
        progress.done(time.toMillis() / 1e3);
      }
    }
    progress.say(plan.title() + ", " + scenario.word() + ": warm");
    @Nullable Quota quota = group.quota();
    if (quota != null) {
      for (Running row : rows) {
        for (Limit limit : row.limits()) {
          limit.apply(quota.cores(), quota.periodMillis());
        }
        for (Limit limit : row.fronts()) {
          limit.apply(quota.frontCores(), quota.periodMillis());
        }
      }
    }
  }

  /** In steps, until it hardly compiles any more: a machine that others use gives less CPU in the same time. */
  private void warm(Running row, Scenario scenario, Duration step)
      throws IOException, InterruptedException {
    Duration least = Duration.ofMillis(100);
    int most = plan.timing().mostWarm() * WARM_STEPS;
    double compiling = 1;
    int steps = 0;
    while (steps < WARM_STEPS || (compiling > HARDLY_COMPILES && steps < most)) {
      CpuUse use = CpuUse.open(row.target(), stores);
      load(
          row,
          scenario,
          new Model.Closed(plan.timing().connections()),
          step.compareTo(least) < 0 ? least : step);
      compiling = use.close().compilerShare();
      steps++;
    }
    System.out.printf(
        java.util.Locale.ROOT,
        "warm  %s, %s: %.0f %% of its CPU still compiles%n",
        row.contender(),
        scenario.word(),
        100 * compiling);
  }

  private void rotate(List<Running> rows, Scenario scenario, Pace pace, int round, int rotation)
      throws IOException, InterruptedException {
    List<Running> in = rows.stream().filter(row -> isIn(row, scenario)).toList();
    if (in.isEmpty()) {
      return;
    }
    for (Running row : GroupPlan.order(in, rotation)) {
      try {
        Optional<Model> model = model(row, scenario, pace);
        if (model.isPresent()) {
          slice(row, scenario, pace, model.get(), round, rotation);
        }
      } catch (IOException failed) {
        failed(row.contender(), failed);
      }
      progress.done(plan.secondsOfSlice());
    }
    group.write(data);
    progress.say(String.format(
        java.util.Locale.ROOT,
        "%s, %s%s, rotation %d of %d",
        plan.title(),
        scenario.word(),
        pace == Pace.HALF ? " at half of the rate" : "",
        rotation,
        plan.timing().rotations()));
  }

  private Optional<Model> model(Running row, Scenario scenario, Pace pace) {
    int connections = plan.timing().connections();
    if (pace == Pace.CAPACITY) {
      return Optional.of(new Model.Closed(connections));
    }
    return group
        .estimate(row.cell(scenario), Quantity.RATE)
        .map(Estimate::median)
        .filter(rate -> rate > 0)
        .map(rate -> new Model.Open(rate / 2, connections));
  }

  private void slice(
      Running row, Scenario scenario, Pace pace, Model model, int round, int rotation)
      throws IOException, InterruptedException {
    Target target = row.target();
    List<Waits> before = row.all().stream().map(Limit::waits).toList();
    CpuUse use = CpuUse.open(target, stores);
    LoadResult result = load(row, scenario, model, plan.timing().slice());
    CpuUse.Used used = use.close();
    if (children.ending()) {
      throw new IOException("this process is ending");
    }
    double throttled = 0;
    for (int i = 0; i < before.size(); i++) {
      throttled += row.all().get(i).waits().shareSince(before.get(i)) / before.size();
    }
    double answers = Math.max(1, result.answered());
    boolean waits = pace == Pace.HALF;
    Slice slice = new Slice(
        row.cell(scenario),
        pace,
        round,
        rotation,
        result.time().toNanos() / 1e9,
        result.answered(),
        result.errors(),
        result.firstError(),
        result.perSecond(),
        used.serviceMicros() / answers,
        used.frontMicros() / answers,
        used.storesMicros() / answers,
        CpuUse.residentMiB(target),
        result.clientShare(),
        used.allCores(),
        used.othersShare(),
        throttled,
        waits ? (Double) (result.fromDue().getValueAtPercentile(50) / 1e6) : null,
        waits ? (Double) (result.fromDue().getValueAtPercentile(99) / 1e6) : null);
    if (!target.runs()) {
      throw new IOException("one of its processes ended in rotation " + rotation);
    }
    group = group.with(slice);
    if (slice.errors() > 0) {
      out.add(slice.cell());
      System.out.println("INVALID  " + slice.cell() + ": " + slice.firstError());
    }
  }

  /** The jobs that creates leave are part of what they cost. */
  private LoadResult load(Running row, Scenario scenario, Model model, Duration time)
      throws IOException, InterruptedException {
    List<Call> calls = Calls.of(scenario, row.target(), row.list());
    LoadResult result =
        Generator.run(Load.on(row.target().url(), calls, model, time), Observer.NONE);
    if (scenario.leavesJobs() && result.answered() > 0 && result.errors() == 0) {
      Stores.awaitNoJobs(row.target());
    }
    return result;
  }

  private void legacy(List<Running> rows) throws IOException, InterruptedException {
    for (Running row : rows) {
      if (isIn(row, Scenario.HEALTH)) {
        group = group.with(Ab.run(row.contender().row(), row.target().url(), LONGEST_LEGACY));
        progress.done(GroupPlan.LEGACY_SECONDS);
        progress.say(
            plan.title() + ": the tutorial's command on " + row.contender().row());
      }
    }
  }

  private boolean isIn(Running row, Scenario scenario) {
    return row.contender().scenarios().contains(scenario) && !out.contains(row.cell(scenario));
  }

  private void failed(Contender contender, IOException failure) throws IOException {
    if (children.ending()) {
      throw failure;
    }
    outAll(contender, "it failed: " + failure.getMessage());
  }

  private void outAll(Contender contender, String reason) {
    boolean isNew = false;
    for (Scenario scenario : plan.scenarios()) {
      Cell cell = contender.cell(scenario);
      if (contender.scenarios().contains(scenario) && out.add(cell)) {
        isNew = true;
        group = group.without(cell, reason);
      }
    }
    if (isNew) {
      System.out.println("NOT RUN  " + contender + ": " + reason);
    }
  }

  private String databaseOf(String row, int round) {
    return plan.name() + "-" + row.replaceAll("\\W+", "-") + "-" + round;
  }
}
