package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.UsageException;
import io.github.scalingtoolkit.benchmarks.report.Results;
import io.github.scalingtoolkit.benchmarks.scale.Entry.Scenario;
import io.github.scalingtoolkit.benchmarks.scale.Session.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code scale}, {@code quick} and {@code smoke}: this project's service in each set-up and with each cache, beside the
 * Express peer and the floor. They differ in how long they take.
 */
public final class ScaleCommand {
  private static final int PROCESSES = 2;
  private static final int REPLICAS = 3;
  private static final List<String> SMOKED = List.of("single", "express", "floor");
  private static final List<String> ROWS =
      List.of("single", "express", "floor", "cluster", "nginx", "k8s-shape");

  private final Kind kind;
  private final Workbench bench;
  private final List<String> rows;
  private @Nullable PodNetwork pods;

  /** Which of the three. */
  public enum Kind {
    SMOKE(1, 1, 1, 1, Duration.ofSeconds(55)),
    QUICK(3, 2, 10, 5, Duration.ofMinutes(9).plusSeconds(45)),
    SCALE(5, 15, 3, 30, Duration.ofHours(3));

    private final int rounds;
    private final int warmSeconds;
    private final int mostWarm;
    private final int seconds;
    /** From the command's begin: starts of stores and verification are part of it, and a little is left to end all. */
    private final Duration longest;

    Kind(int rounds, int warmSeconds, int mostWarm, int seconds, Duration longest) {
      this.rounds = rounds;
      this.warmSeconds = warmSeconds;
      this.mostWarm = mostWarm;
      this.seconds = seconds;
      this.longest = longest;
    }

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private ScaleCommand(Kind kind, Workbench bench, List<String> rows) {
    this.kind = kind;
    this.bench = bench;
    this.rows = rows;
  }

  /** Runs it, writes what it measured to {@code --out}, and returns 0, or 1 if it could not be run at all. */
  public static int run(Kind kind, List<String> words) throws IOException, InterruptedException {
    Set<String> options =
        new HashSet<>(Set.of("--out", "--rounds", "--seconds", "--warm", "--connections"));
    if (kind == Kind.SMOKE) {
      options.add("--rows");
    }
    Arguments arguments = Arguments.parse(words, options, Set.of()).withoutPlain();
    List<String> rows =
        List.of(arguments.text("--rows", String.join(",", SMOKED)).split(","));
    if (!ROWS.containsAll(rows)) {
      throw new UsageException("--rows must be of " + ROWS + " but was " + rows);
    }
    Timing asked = new Timing(
        arguments.integer("--rounds", kind.rounds, 1, 100),
        Duration.ofSeconds(arguments.integer("--warm", kind.warmSeconds, 1, 600)),
        kind.mostWarm,
        Duration.ofSeconds(arguments.integer("--seconds", kind.seconds, 1, 3600)),
        arguments.integer("--connections", 32, 1, 1000),
        kind.longest);
    List<String> again = new ArrayList<>(List.of(kind.word()));
    again.addAll(words);
    return Workbench.run(again, bench -> {
      Path out = Path.of(arguments.text(
          "--out",
          bench
              .artifacts
              .top()
              .resolve("benchmarks/target/results/" + kind.word())
              .toString()));
      Files.createDirectories(out);
      Results empty = new Results(
          kind.word(),
          Surroundings.of(bench.artifacts, String.join(" ", again).strip(), bench.stores),
          asked.rounds(),
          Math.toIntExact(asked.measured().toSeconds()),
          List.of(),
          List.of(),
          null);
      Timing timing = asked.within(kind.longest.minus(PrivateNetwork.since()));
      List<Entry> entries = new ScaleCommand(kind, bench, rows).entries();
      new Session(entries, bench.stores, bench.children, out, timing, empty).run();
      System.out.println("written: " + out.resolve("REPORT.md"));
      return 0;
    });
  }

  private Target startReplicas(CacheMode cache, String database)
      throws IOException, InterruptedException, NotRunException {
    if (pods == null) {
      pods = new PodNetwork();
    }
    return bench.service.replicas(REPLICAS, cache, database, pods);
  }

  private List<Entry> entries() {
    boolean quick = kind == Kind.QUICK;
    List<Scenario> all =
        List.of(Scenario.HEALTH, Scenario.LIST, Scenario.LIST_AT_HALF_LOAD, Scenario.CREATE);
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry(
        "single",
        CacheMode.L1_L2.word(),
        false,
        "HIT",
        5,
        quick ? List.of(Scenario.HEALTH, Scenario.LIST, Scenario.CREATE) : all,
        database -> bench.service.single(CacheMode.L1_L2, database)));
    entries.add(new Entry(
        "express",
        "own",
        false,
        "",
        quick ? 2 : 4,
        quick ? List.of(Scenario.LIST) : all,
        bench.express::start));
    if (!quick) {
      entries.add(new Entry(
          "floor",
          "none",
          true,
          "",
          2,
          List.of(Scenario.HEALTH, Scenario.LIST),
          bench::startFloor));
    }
    for (CacheMode cache : List.of(CacheMode.L2, CacheMode.OFF)) {
      entries.add(list("single", cache, 3, database -> bench.service.single(cache, database)));
    }
    for (CacheMode cache : CacheMode.values()) {
      entries.add(
          list("cluster", cache, 5, database -> bench.service.cluster(PROCESSES, cache, database)));
    }
    if (!quick) {
      entries.add(list(
          "nginx",
          CacheMode.L1_L2,
          4,
          database -> bench.service.behind(bench.nginx, PROCESSES, CacheMode.L1_L2, database)));
    }
    for (CacheMode cache : CacheMode.values()) {
      entries.add(list("k8s-shape", cache, 5, database -> startReplicas(cache, database)));
    }
    if (kind == Kind.SMOKE) {
      entries.removeIf(entry -> !rows.contains(entry.row())
          || entry.cache().equals(CacheMode.L2.word())
          || entry.cache().equals(CacheMode.OFF.word()));
    }
    return entries;
  }

  private static Entry list(String row, CacheMode cache, int parts, Entry.Start start) {
    return new Entry(
        row,
        cache.word(),
        false,
        cache == CacheMode.OFF ? "BYPASS" : "HIT",
        parts,
        List.of(Scenario.LIST),
        start);
  }
}
