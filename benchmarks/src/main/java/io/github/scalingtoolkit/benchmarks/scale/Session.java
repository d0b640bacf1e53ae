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
import java.util.Locale;

/**
 * Goes through its entries round by round, forwards and backwards in turn so that a machine that gets slower or warmer
 * favours none, with fresh processes each time. Finished rows are written before the next begins.
 */
final class Session {
  private static final double SETTLED = 0.05;
  private static final double HARDLY_COMPILES = 0.1;

  private final List<Entry> entries;
  private final Stores stores;
  private final Children children;
  private final Path out;
  private final Timing timing;
  private Results results;
  private int visits;
  private double planned;
  private long began;
  private long longestStart;

  /**
   * How long things take.
   *
   * @param rounds fresh processes for each entry
   * @param warm load before the first measured run of a process, and again as long as it is on schedule and the process
   *     has not settled; half of it before each further
   * @param mostWarm how often at most
   * @param measured a measured run
   * @param connections of the generator
   * @param longest for the whole session, of which each visit has its entry's part: what is refused is repeated once
   *     while it is on schedule, and no visit but the first begins that would not end within it
   */
  record Timing(
      int rounds,
      Duration warm,
      int mostWarm,
      Duration measured,
      int connections,
      Duration longest) {
    /** Returns the same with another longest time, of a millisecond at least. */
    Timing within(Duration left) {
      Duration atLeast = Duration.ofMillis(1);
      return new Timing(
          rounds,
          warm,
          mostWarm,
          measured,
          connections,
          left.compareTo(atLeast) < 0 ? atLeast : left);
    }
  }

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
    for (Entry entry : entries) {
      for (Scenario scenario : entry.scenarios()) {
        results = results.planned(entry.cell(scenario));
      }
    }
    for (int round = 1; round <= timing.rounds(); round++) {
      List<Entry> order = new ArrayList<>(entries);
      if (round % 2 == 0) {
        Collections.reverse(order);
      }
      for (Entry entry : order) {
        if (visits > 0 && !fits(entry)) {
          String reason = "its time did not suffice for " + entry.row() + ", cache " + entry.cache()
              + " in round " + round;
          System.out.println("stopped: " + reason);
          results = results.stopped(reason);
          keep();
          return results;
        }
        visit(entry, round);
        keep();
      }
    }
    return results;
  }

  private void visit(Entry entry, int round) throws IOException, InterruptedException {
    if (results.isOut(entry.cell(entry.scenarios().get(0)))) {
      return;
    }
    stores.flushRedis();
    visits++;
    planned += entry.parts() / (double) (timing.rounds() * parts());
    long starts = System.nanoTime();
    try (Target target = entry.start().on("bench" + visits)) {
      if (!entry.filled()) {
        TodoList.fill(target);
      }
      byte[] list = TodoList.read(target, entry.expectedCache());
      longestStart = Math.max(longestStart, System.nanoTime() - starts);
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
      int left = entry.scenarios().size() - entry.scenarios().indexOf(scenario);
      warm(
          Load.on(target.url(), call, closed, warm),
          target,
          scenario,
          timing.measured().multipliedBy(left));
    }
    Model model = open ? new Model.Open(seenBefore / 2, timing.connections()) : closed;
    Load load = Load.on(target.url(), call, model, timing.measured());
    double seen = 0;
    for (int attempt = 1; attempt <= 2; attempt++) {
      Accounts accounts = Accounts.open(target.pids(), stores);
      Measured measured = run(load, target, scenario);
      Run run =
          Run.of(entry.cell(scenario), round, attempt, measured, accounts.close(measured.result()));
      if (children.ending()) {
        throw new IOException("this process is ending");
      }
      results = results.with(run);
      seen = run.perSecond();
      System.out.println(line(run));
      if (isFine(run) || !isOnSchedule(timing.measured())) {
        break;
      }
    }
    return seen;
  }

  /**
   * Loads until the process has settled: an answer costs the same in both halves, as a figure must, and little of it is
   * compiling. Gives up when there would be no time left for what is still {@code ahead} of the visit.
   */
  private void warm(Load load, Target target, Scenario scenario, Duration ahead)
      throws IOException, InterruptedException {
    for (int times = 1; times <= timing.mostWarm(); times++) {
      Accounts accounts = Accounts.open(target.pids(), stores);
      Measured measured = run(load, target, scenario);
      boolean settled = settled(measured, accounts.close(measured.result()));
      if (settled || !isOnSchedule(ahead.plus(load.time()))) {
        return;
      }
    }
  }

  /** Tells whether a process is warm: an answer cost the same in both halves, and little of it was compiling. */
  static boolean settled(Measured measured, Run.Beside beside) {
    return measured.cpuHalvesDiffer() < SETTLED && beside.compilerShare() < HARDLY_COMPILES;
  }

  /** The jobs of creates are part of what they cost. */
  private Measured run(Load load, Target target, Scenario scenario)
      throws IOException, InterruptedException {
    Measured measured = Measured.run(load, target.pids());
    if (scenario != Scenario.CREATE || measured.result().answered() == 0) {
      return measured;
    }
    stores.awaitNoJobs(target.queue());
    return measured.untilNow(target.pids());
  }

  /** Each figure, or why there is none. */
  static String line(Run run) {
    return String.format(
        Locale.ROOT,
        "round %d  %-32s CPU: %s; rate: %s; p99: %s",
        run.round(),
        run.cell(),
        shown(run.refusedCpu(), run.cpuMicros(), "us"),
        shown(run.refusedThroughput(), run.perSecond(), "/s"),
        shown(run.refusedLatency(), run.p99Millis(), "ms"));
  }

  private static String shown(String refused, double figure, String unit) {
    return refused.isEmpty() ? String.format(Locale.ROOT, "%.2f %s", figure, unit) : refused;
  }

  /** Tells whether there is time for a visit in which nothing is warmed or measured twice. */
  private boolean fits(Entry entry) {
    long scenarios = entry.scenarios().size();
    Duration least = timing
        .warm()
        .dividedBy(2)
        .multipliedBy(scenarios + 1)
        .plus(timing.measured().multipliedBy(scenarios))
        .plusNanos(longestStart);
    return elapsed() + (double) least.toNanos() / timing.longest().toNanos() <= 1;
  }

  /** Returns the share of the longest time that is over. */
  private double elapsed() {
    return (System.nanoTime() - began) / (double) timing.longest().toNanos();
  }

  /** Tells whether the visit can end in its time if it goes on for {@code ahead}. */
  private boolean isOnSchedule(Duration ahead) {
    return elapsed() + (double) ahead.toNanos() / timing.longest().toNanos() < planned;
  }

  private int parts() {
    return entries.stream().mapToInt(Entry::parts).sum();
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
