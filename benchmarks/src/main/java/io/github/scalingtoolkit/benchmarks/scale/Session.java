package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.Call;
import io.github.scalingtoolkit.benchmarks.load.Load;
import io.github.scalingtoolkit.benchmarks.load.Measured;
import io.github.scalingtoolkit.benchmarks.load.Model;
import io.github.scalingtoolkit.benchmarks.report.Report;
import io.github.scalingtoolkit.benchmarks.report.Results;
import io.github.scalingtoolkit.benchmarks.report.Run;
import io.github.scalingtoolkit.benchmarks.scale.Entry.Scenario;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Goes through its entries round by round, forwards and backwards in turn so that a machine that gets slower or warmer
 * favours nobody, with fresh processes each time. What is finished is written before the next begins.
 */
final class Session {
  private static final int MOST_WARM = 3;
  private static final double SETTLED = 0.05;

  private final List<Entry> entries;
  private final Stores stores;
  private final Children children;
  private final Path out;
  private final Timing timing;
  private Results results;
  private int visits;
  private long began;

  /**
   * How long things take.
   *
   * @param rounds fresh processes for each entry
   * @param warm load before the first measured run of a process, up to three times as long while it is on schedule and
   *     an answer's cost still changes; half of it before each further
   * @param measured a measured run
   * @param connections of the generator
   * @param longest for the whole session: what is refused is repeated once while it is on schedule, and no visit begins
   *     after it
   */
  record Timing(int rounds, Duration warm, Duration measured, int connections, Duration longest) {}

  Session(
      List<Entry> entries,
      Stores stores,
      Children children,
      Path out,
      Timing timing,
      Results empty) {
    this.entries = entries;
    this.stores = stores;
    this.children = children;
    this.out = out;
    this.timing = timing;
    this.results = empty;
  }

  /** Runs it all, and returns what was measured. */
  Results run() throws IOException, InterruptedException {
    began = System.nanoTime();
    for (int round = 1; round <= timing.rounds(); round++) {
      List<Entry> order = new ArrayList<>(entries);
      if (round % 2 == 0) {
        Collections.reverse(order);
      }
      for (Entry entry : order) {
        if (elapsed() > 1) {
          System.out.println("stopped after " + timing.longest() + " in round " + round);
          return results;
        }
        visit(entry, round);
        keep();
      }
    }
    return results;
  }

  private void visit(Entry entry, int round) throws IOException, InterruptedException {
    if (results.notRun().stream()
        .anyMatch(not -> not.cell().equals(entry.cell(entry.scenarios().get(0))))) {
      return;
    }
    stores.flushRedis();
    visits++;
    try (Target target = entry.start().on("bench" + visits)) {
      if (!entry.filled()) {
        TodoList.fill(target);
      }
      byte[] list = TodoList.read(target, entry.expectedCache());
      double seen = 0;
      for (Scenario scenario : entry.scenarios()) {
        seen = measure(entry, scenario, target, list, round, seen);
      }
    } catch (NotRunException reason) {
      notRun(entry, String.valueOf(reason.getMessage()));
    } catch (IOException failed) {
      if (children.ending()) {
        throw failed;
      }
      notRun(entry, "it failed: " + failed.getMessage());
    }
  }

  /** Measures, repeats once what was refused, and returns the rate that was seen. */
  private double measure(
      Entry entry, Scenario scenario, Target target, byte[] list, int round, double seenBefore)
      throws IOException, InterruptedException {
    Call call = switch (scenario) {
      case HEALTH -> Calls.health(target);
      case LIST, LIST_AT_HALF_LOAD -> Calls.list(target, list);
      case CREATE -> Calls.create(target);
    };
    Model closed = new Model.Closed(timing.connections());
    boolean open = scenario == Scenario.LIST_AT_HALF_LOAD;
    if (open && seenBefore <= 0) {
      return 0;
    }
    if (!open) {
      Duration warm =
          scenario == entry.scenarios().get(0) ? timing.warm() : timing.warm().dividedBy(2);
      warm(Load.on(target.url(), call, closed, warm), target);
    }
    Model model = open ? new Model.Open(seenBefore / 2, timing.connections()) : closed;
    Load load = Load.on(target.url(), call, model, timing.measured());
    double seen = 0;
    for (int attempt = 1; attempt <= 2; attempt++) {
      Accounts accounts = Accounts.open(target.pids(), stores);
      Measured measured = Measured.run(load, target.pids());
      Run run =
          Run.of(entry.cell(scenario), round, attempt, measured, accounts.close(measured.result()));
      if (children.ending()) {
        throw new IOException("this process is ending");
      }
      results = results.with(run);
      seen = run.perSecond();
      System.out.printf(
          "round %d  %-32s %9.0f/s %8.1f us CPU  p99 %7.2f ms  %s%n",
          round,
          run.cell(),
          run.perSecond(),
          run.cpuMicros(),
          run.p99Millis(),
          (run.refusedCpu() + " " + run.refusedThroughput()).strip());
      if (isFine(run) || !isOnSchedule()) {
        break;
      }
    }
    return seen;
  }

  /** Loads until an answer costs the same in both halves, as a figure must, or it has taken three times as long. */
  private void warm(Load load, Target target) throws IOException, InterruptedException {
    for (int times = 1; times <= MOST_WARM; times++) {
      boolean settled = Measured.run(load, target.pids()).cpuHalvesDiffer() < SETTLED;
      if (settled || !isOnSchedule()) {
        return;
      }
    }
  }

  /** Returns the share of the longest time that is over. */
  private double elapsed() {
    return (System.nanoTime() - began) / (double) timing.longest().toNanos();
  }

  private boolean isOnSchedule() {
    return elapsed() < (double) visits / (entries.size() * timing.rounds());
  }

  private static boolean isFine(Run run) {
    return run.refusedCpu().isEmpty()
        && (run.refusedThroughput().isEmpty()
            || run.refusedThroughput().startsWith("CLIENT-BOUND"));
  }

  private void notRun(Entry entry, String reason) {
    System.out.println("NOT RUN  " + entry.row() + ", cache " + entry.cache() + ": " + reason);
    for (Scenario scenario : entry.scenarios()) {
      results = results.without(entry.cell(scenario), reason);
    }
  }

  private void keep() throws IOException {
    results.write(out);
    Report.write(results, out);
  }
}
