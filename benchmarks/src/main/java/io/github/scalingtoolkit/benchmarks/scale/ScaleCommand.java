package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.Arguments;
import io.github.scalingtoolkit.benchmarks.report.Results;
import io.github.scalingtoolkit.benchmarks.scale.Entry.Scenario;
import io.github.scalingtoolkit.benchmarks.scale.Session.Timing;
import io.github.scalingtoolkit.benchmarks.verify.Client;
import io.github.scalingtoolkit.benchmarks.verify.Contract;
import io.github.scalingtoolkit.benchmarks.verify.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code scale}, {@code quick} and {@code smoke}: this project's service in each set-up and with each cache, beside the
 * Express peer and the floor. They differ in how long they take.
 */
public final class ScaleCommand {
  private static final int PROCESSES = 2;
  private static final int REPLICAS = 3;

  private final Kind kind;
  private final Stores stores;
  private final Service service;
  private final Floor floor;
  private final ExpressPeer express;
  private final Nginx nginx;
  private @Nullable PodNetwork pods;

  /** Which of the three. */
  public enum Kind {
    SMOKE(1, 1, 1, Duration.ofSeconds(40)),
    QUICK(3, 4, 5, Duration.ofMinutes(9).plusSeconds(30)),
    SCALE(5, 15, 30, Duration.ofHours(3));

    private final int rounds;
    private final int warmSeconds;
    private final int seconds;
    private final Duration longest;

    Kind(int rounds, int warmSeconds, int seconds, Duration longest) {
      this.rounds = rounds;
      this.warmSeconds = warmSeconds;
      this.seconds = seconds;
      this.longest = longest;
    }

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private ScaleCommand(
      Kind kind, Artifacts artifacts, Children children, Stores stores, Path work) {
    this.kind = kind;
    this.stores = stores;
    service = new Service(children, artifacts, stores, work);
    floor = new Floor(children, artifacts, work);
    express = new ExpressPeer(children, artifacts, stores);
    nginx = new Nginx(children, artifacts, work);
  }

  /** Runs it, writes what it measured to {@code --out}, and returns 0, or 1 if it could not be run at all. */
  public static int run(Kind kind, List<String> words) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(
            words, Set.of("--out", "--rounds", "--seconds", "--warm", "--connections"), Set.of())
        .withoutPlain();
    Timing timing = new Timing(
        arguments.integer("--rounds", kind.rounds, 1, 100),
        Duration.ofSeconds(arguments.integer("--warm", kind.warmSeconds, 1, 600)),
        Duration.ofSeconds(arguments.integer("--seconds", kind.seconds, 1, 3600)),
        arguments.integer("--connections", 32, 1, 1000),
        kind.longest);
    Artifacts artifacts;
    try {
      artifacts = Artifacts.find();
    } catch (NotRunException missing) {
      System.err.println("NOT RUN: " + missing.getMessage());
      return 1;
    }
    Path out = Path.of(arguments.text(
        "--out",
        artifacts.top().resolve("benchmarks/target/results/" + kind.word()).toString()));
    if (!PrivateNetwork.inside()) {
      ExpressPeer.install(artifacts);
      List<String> again = new ArrayList<>(List.of(kind.word()));
      again.addAll(words);
      Optional<Integer> code = PrivateNetwork.run(again);
      if (code.isPresent()) {
        return code.get();
      }
    }
    Files.createDirectories(out);
    Path work = Files.createTempDirectory("benchmarks-");
    System.out.println("what the processes print is in " + work);
    try (Children children = new Children(work)) {
      Stores stores = Stores.start(children, artifacts, work.resolve("stores"));
      ScaleCommand command = new ScaleCommand(kind, artifacts, children, stores, work);
      if (!command.verified()) {
        return 1;
      }
      Results empty = new Results(
          kind.word(),
          Surroundings.of(
              artifacts, String.join(" ", kind.word(), String.join(" ", words)).strip(), stores),
          timing.rounds(),
          Math.toIntExact(timing.measured().toSeconds()),
          List.of(),
          List.of());
      new Session(command.entries(), stores, children, out, timing, empty).run();
    }
    delete(work);
    System.out.println("written: " + out.resolve("REPORT.md"));
    return 0;
  }

  /** After a session that went well; of any other, what the processes printed is worth reading. */
  private static void delete(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(directory)) {
      files = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }

  /** What does not keep the contract is not measured. */
  private boolean verified() throws IOException, InterruptedException {
    try (Target target = service.single(CacheMode.L1_L2, "todoapp")) {
      if (!verified("the service", target, Level.FULL)) {
        return false;
      }
    }
    stores.flushRedis();
    try (Target target = express.start("verify")) {
      return verified("the peer", target, Level.TUTORIAL);
    } catch (NotRunException missing) {
      return true;
    }
  }

  private static boolean verified(String who, Target target, Level level)
      throws InterruptedException {
    List<Contract.Outcome> broken =
        Contract.check(new Client(target.url()), "user", "pass", level).stream()
            .filter(outcome -> !outcome.kept())
            .toList();
    broken.forEach(outcome ->
        System.err.println(who + " breaks: " + outcome.what() + ": " + outcome.problem()));
    return broken.isEmpty();
  }

  private Target startFloor(String database)
      throws IOException, InterruptedException, NotRunException {
    if (!floor.knowsAnswers()) {
      try (Target target = service.single(CacheMode.L1_L2, database)) {
        TodoList.fill(target);
        TodoList.read(target, "HIT");
        floor.learn(target);
      }
    }
    return floor.start();
  }

  private Target startReplicas(CacheMode cache, String database)
      throws IOException, InterruptedException, NotRunException {
    if (pods == null) {
      pods = new PodNetwork();
    }
    return service.replicas(REPLICAS, cache, database, pods);
  }

  private List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry(
        "single",
        CacheMode.L1_L2.word(),
        false,
        "HIT",
        List.of(Scenario.HEALTH, Scenario.LIST, Scenario.LIST_AT_HALF_LOAD, Scenario.CREATE),
        database -> service.single(CacheMode.L1_L2, database)));
    entries.add(new Entry(
        "floor", "none", true, "", List.of(Scenario.HEALTH, Scenario.LIST), this::startFloor));
    entries.add(new Entry(
        "express",
        "own",
        false,
        "",
        List.of(Scenario.HEALTH, Scenario.LIST, Scenario.LIST_AT_HALF_LOAD, Scenario.CREATE),
        express::start));
    if (kind == Kind.SMOKE) {
      return entries;
    }
    for (CacheMode cache : List.of(CacheMode.L2, CacheMode.OFF)) {
      entries.add(list("single", cache, database -> service.single(cache, database)));
    }
    for (CacheMode cache : CacheMode.values()) {
      entries.add(list("cluster", cache, database -> service.cluster(PROCESSES, cache, database)));
    }
    entries.add(list(
        "nginx",
        CacheMode.L1_L2,
        database -> service.behind(nginx, PROCESSES, CacheMode.L1_L2, database)));
    for (CacheMode cache : CacheMode.values()) {
      entries.add(list("k8s-shape", cache, database -> startReplicas(cache, database)));
    }
    return entries;
  }

  private static Entry list(String row, CacheMode cache, Entry.Start start) {
    return new Entry(
        row,
        cache.word(),
        false,
        cache == CacheMode.OFF ? "BYPASS" : "HIT",
        List.of(Scenario.LIST),
        start);
  }
}
