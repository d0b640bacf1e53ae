package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.UsageException;
import io.github.scalingtoolkit.benchmarks.report.PairedReport;
import io.github.scalingtoolkit.benchmarks.report.PairedResults;
import io.github.scalingtoolkit.benchmarks.report.PairedResults.Pair;
import io.github.scalingtoolkit.benchmarks.report.Promise;
import io.github.scalingtoolkit.benchmarks.scale.Pairing.Side;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code ratios}: each promised ratio, of two services that run at the same time and are loaded in turn. */
public final class RatiosCommand {
  private static final int PROCESSES = 2;

  private final Workbench bench;
  private final Path out;
  private final Duration warm;
  private final Duration slice;
  private final int rounds;
  private final int pairs;
  private final int connections;
  private final List<Promise> only;
  private PairedResults results;
  private int databases;

  private RatiosCommand(
      Workbench bench, Path out, Arguments arguments, List<Promise> only, List<String> words)
      throws InterruptedException {
    this.bench = bench;
    this.out = out;
    rounds = arguments.integer("--rounds", 5, 1, 100);
    pairs = arguments.integer("--pairs", 8, 2, 1000);
    warm = Duration.ofSeconds(arguments.integer("--warm", 15, 1, 600));
    slice = Duration.ofSeconds(arguments.integer("--seconds", 2, 1, 60));
    connections = arguments.integer("--connections", 32, 1, 1000);
    results = new PairedResults(
        Surroundings.of(bench.artifacts, String.join(" ", words), bench.stores),
        rounds,
        Math.toIntExact(warm.toSeconds()),
        Math.toIntExact(slice.toSeconds()),
        List.of(),
        List.of());
    this.only = only;
  }

  /** Runs it, writes what it measured to {@code --out}, and returns 0, or 1 if it could not be run at all. */
  public static int run(List<String> words) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(
            words,
            Set.of(
                "--out", "--rounds", "--pairs", "--warm", "--seconds", "--connections", "--only"),
            Set.of())
        .withoutPlain();
    List<Promise> only = arguments.has("--only")
        ? List.of(promise(arguments.text("--only", "")))
        : List.of(Promise.values());
    List<String> again = new ArrayList<>(List.of("ratios"));
    again.addAll(words);
    return Workbench.run(again, bench -> {
      Path out = Path.of(arguments.text(
          "--out",
          bench.artifacts.top().resolve("benchmarks/target/results/ratios").toString()));
      Files.createDirectories(out);
      new RatiosCommand(bench, out, arguments, only, again).run();
      System.out.println("written: " + out.resolve("REPORT.md"));
      return 0;
    });
  }

  private static Promise promise(String word) {
    try {
      return Promise.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException unknown) {
      throw new UsageException("--only: there is no ratio '" + word + "'");
    }
  }

  private void run() throws IOException, InterruptedException {
    for (int round = 1; round <= rounds; round++) {
      for (Promise promise : only) {
        if (results.notRun().stream().noneMatch(not -> not.promise() == promise)) {
          measure(promise, round);
          results.write(out);
          PairedReport.write(results, out);
        }
      }
    }
  }

  private void measure(Promise promise, int round) throws IOException, InterruptedException {
    bench.stores.flushRedis();
    List<Target> running = new ArrayList<>();
    try {
      Pairing pairing = start(promise, running);
      // Stores let few creates through, so their code takes longer to be compiled.
      boolean settled = pairing.warm(warm, promise == Promise.CREATE ? 8 : 3, connections);
      if (!settled) {
        System.out.printf("round %d  %-12s has not settled: its trend decides%n", round, promise);
      }
      for (Pair pair : pairing.measure(round, pairs, slice, connections)) {
        results = results.with(pair);
        System.out.printf(
            "round %d  %-12s %9.1f us beside %9.1f us%n",
            round, promise, pair.aboveMicros(), pair.belowMicros());
      }
    } catch (NotRunException reason) {
      results = results.without(promise, String.valueOf(reason.getMessage()));
    } catch (IOException failed) {
      if (bench.children.ending()) {
        throw failed;
      }
      System.out.println("refused  " + promise + ": " + failed.getMessage());
      results = results.without(promise, "it failed: " + failed.getMessage());
    } finally {
      running.forEach(Target::close);
    }
  }

  private Pairing start(Promise promise, List<Target> running)
      throws IOException, InterruptedException, NotRunException {
    return switch (promise) {
      case HEALTH -> {
        Target floor = started(running, bench.startFloor(database()));
        Target ours = started(running, single());
        yield new Pairing(promise, bench.stores, health(floor), health(ours));
      }
      case LIST_EXPRESS -> {
        Target express = started(running, bench.express.start(database()));
        Target ours = started(running, single());
        TodoList.fill(express);
        TodoList.fill(ours);
        yield new Pairing(
            promise, bench.stores, list(express, "", express.pids()), list(ours, ours.pids()));
      }
      case LIST_FLOOR -> {
        Target floor = started(running, bench.startFloor(database()));
        Target ours = started(running, single());
        TodoList.fill(ours);
        // It writes the learnt answer to any request.
        byte[] learnt = TodoList.read(floor, "");
        yield new Pairing(
            promise,
            bench.stores,
            list(ours, ours.pids()),
            new Side(floor, Calls.list(floor, learnt), floor.pids()));
      }
      case CREATE -> {
        Target express = started(running, bench.express.start(database()));
        Target ours = started(running, single());
        yield new Pairing(promise, bench.stores, create(express), create(ours));
      }
      case BALANCER -> {
        // Of one user, in one Redis: they must have one database, and so one list.
        String database = database();
        Target nginx = started(
            running, bench.service.behind(bench.nginx, PROCESSES, CacheMode.L1_L2, database));
        Target cluster =
            started(running, bench.service.cluster(PROCESSES, CacheMode.L1_L2, database));
        TodoList.fill(nginx);
        yield new Pairing(
            promise, bench.stores, list(nginx, front(nginx)), list(cluster, front(cluster)));
      }
    };
  }

  private Target single() throws IOException, InterruptedException {
    return bench.service.single(CacheMode.L1_L2, database());
  }

  private String database() {
    return "ratios" + ++databases;
  }

  private static Target started(List<Target> running, Target target) {
    running.add(target);
    return target;
  }

  private static Side health(Target target) {
    return new Side(target, Calls.health(target), target.pids());
  }

  private static Side create(Target target) {
    return new Side(target, Calls.create(target), target.pids());
  }

  private static Side list(Target ours, List<Long> pids) throws IOException, InterruptedException {
    return list(ours, "HIT", pids);
  }

  private static Side list(Target target, String expectedCache, List<Long> pids)
      throws IOException, InterruptedException {
    return new Side(target, Calls.list(target, TodoList.read(target, expectedCache)), pids);
  }

  /** Returns the processes before those that answer, which come last. */
  private static List<Long> front(Target target) {
    return target.pids().subList(0, target.pids().size() - PROCESSES);
  }
}
