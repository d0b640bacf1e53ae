package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.verify.Client;
import io.github.scalingtoolkit.benchmarks.verify.Contract;
import io.github.scalingtoolkit.benchmarks.verify.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a session starts things with: the stores of both sides, and everybody who can stand on a row. */
final class Workbench {
  private static final int ENDED_BY_SIGNAL = 130;

  final Artifacts artifacts;
  final Children children;
  final Stores stores;
  final Service service;
  final ExpressPeer express;
  final Nginx nginx;
  private final Floor floor;

  private Workbench(Artifacts artifacts, Children children, Stores stores, Path work) {
    this.artifacts = artifacts;
    this.children = children;
    this.stores = stores;
    service = new Service(children, artifacts, stores, work);
    floor = new Floor(children, artifacts, work);
    express = new ExpressPeer(children, artifacts, stores);
    nginx = new Nginx(children, artifacts, work);
  }

  /** A session's work, once the stores run. */
  interface Session {
    /** Returns the exit code. */
    int run(Workbench bench) throws IOException, InterruptedException;
  }

  /**
   * Runs a session in a network namespace of its own if that is permitted, which means in a process of its own.
   *
   * @param words the command line, to be run again in there
   * @return the exit code: 1 if something is missing that all rows need
   */
  static int run(List<String> words, Session session) throws IOException, InterruptedException {
    Artifacts artifacts;
    try {
      artifacts = Artifacts.find();
    } catch (NotRunException missing) {
      System.err.println("NOT RUN: " + missing.getMessage());
      return 1;
    }
    if (!PrivateNetwork.inside()) {
      ExpressPeer.install(artifacts);
      Optional<Integer> code = PrivateNetwork.run(new ArrayList<>(words));
      if (code.isPresent()) {
        return code.get();
      }
    }
    Path work = Files.createTempDirectory("benchmarks-");
    System.out.println("what the processes print is in " + work);
    int code;
    try (Children children = new Children(work)) {
      code = run(session, artifacts, children, work);
    }
    if (code == 0) {
      delete(work);
    }
    return code;
  }

  private static int run(Session session, Artifacts artifacts, Children children, Path work)
      throws IOException, InterruptedException {
    try {
      Stores stores = Stores.start(children, artifacts, work.resolve("stores"));
      Workbench bench = new Workbench(artifacts, children, stores, work);
      return bench.verified() ? session.run(bench) : 1;
    } catch (IOException | RuntimeException failure) {
      if (children.ending()) {
        // A signal has ended what this spoke to: that is no failure to tell of.
        return ENDED_BY_SIGNAL;
      }
      throw failure;
    }
  }

  /** Starts the floor, which first learns from a service what it is to write. */
  Target startFloor(String database) throws IOException, InterruptedException {
    if (!floor.knowsAnswers()) {
      try (Target target = service.single(CacheMode.L1_L2, database)) {
        TodoList.fill(target);
        TodoList.read(target, "HIT");
        floor.learn(target);
      }
    }
    return floor.start();
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
}
