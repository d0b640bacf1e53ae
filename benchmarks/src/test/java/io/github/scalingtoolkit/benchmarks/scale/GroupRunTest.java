package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.load.Warm;
import io.github.scalingtoolkit.benchmarks.report.Cache;
import io.github.scalingtoolkit.benchmarks.report.Cell;
import io.github.scalingtoolkit.benchmarks.report.Environment;
import io.github.scalingtoolkit.benchmarks.report.Group;
import io.github.scalingtoolkit.benchmarks.report.Pace;
import io.github.scalingtoolkit.benchmarks.report.Quantity;
import io.github.scalingtoolkit.benchmarks.report.Row;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import io.github.scalingtoolkit.benchmarks.report.Slice;
import io.github.scalingtoolkit.testing.RedisServer;
import io.undertow.server.HttpServerExchange;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupRunTest {
  private static final long SELF = ProcessHandle.current().pid();
  private static final GroupPlan.Timing SHORT =
      new GroupPlan.Timing(1, 2, Duration.ofMillis(200), Duration.ZERO, 1, 2);

  private static RedisServer redis;

  @TempDir
  private Path data;

  @BeforeAll
  static void start() throws Exception {
    redis = RedisServer.start();
    Warm.bothSides();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @Test
  void everyRotationHasASliceOfEveryRowAndEverySecondGoesBackwards() throws Exception {
    Group group = run(false, server("first"), server("second"), server("third"));

    assertThat(group.slices())
        .extracting(slice -> slice.cell().row().name())
        .containsExactly("second", "first", "third", "third", "first", "second");
    assertThat(group.slices()).extracting(Slice::rotation).containsExactly(1, 1, 1, 2, 2, 2);
    assertThat(group.slices()).allMatch(slice -> slice.answered() > 0 && slice.errors() == 0);
    assertThat(group.complete()).isTrue();
    assertThat(Group.read(Group.file(data, "test"))).isEqualTo(group);
    assertThat(group.ratioToReference(cell("second"), Quantity.RATE)).isPresent();
  }

  @Test
  void waitsAreMeasuredAtHalfOfTheRateThatWasSeen() throws Exception {
    Group group = run(true, server("first"));

    List<Slice> half =
        group.slices().stream().filter(slice -> slice.pace() == Pace.HALF).toList();
    double rate = group.estimate(cell("first"), Quantity.RATE).orElseThrow().median();
    assertThat(half).hasSize(2).allMatch(slice -> slice.p99Millis() != null);
    assertThat(half).allMatch(slice -> slice.perSecond() < 0.75 * rate);
    assertThat(group.estimate(cell("first"), Quantity.P99)).isPresent();
  }

  @Test
  void aRowThatAnswersWronglyLosesItsOwnCellAndIsNotLoadedAgain() throws Exception {
    AtomicLong asked = new AtomicLong();
    Contender liar = contender(
        "liar",
        (database, running) ->
            target(TinyServer.start(exchange -> answer(exchange, asked.incrementAndGet()))));

    Group group = run(false, server("first"), liar);

    assertThat(group.refusal(cell("liar"), Quantity.RATE).orElseThrow())
        .contains("wrong answers in rotation 1, the first: another body than expected");
    assertThat(group.slices())
        .filteredOn(slice -> slice.cell().equals(cell("liar")))
        .hasSize(1);
    assertThat(group.estimate(cell("first"), Quantity.RATE).orElseThrow().slices())
        .isEqualTo(2);
  }

  @Test
  void aRowThatEndsInTheMiddleLosesItsOwnCellAndTheOthersGoOn() throws Exception {
    Process process = new ProcessBuilder("sleep", "600").start();
    AtomicLong asked = new AtomicLong();
    Contender dies = contender("dies", (database, running) -> {
      TinyServer server = TinyServer.start(exchange -> {
        // The first of the load, as a busy machine may answer few of them; and not before its
        // process has ended.
        if (asked.incrementAndGet() == 2) {
          process.destroyForcibly().onExit().join();
        }
        answer(exchange, 0);
      });
      return target(server, List.of(process.pid()));
    });

    Group group = run(false, server("first"), dies);

    assertThat(group.refusal(cell("dies"), Quantity.RATE))
        .contains("NOT RUN: it failed: one of its processes ended in rotation 1");
    assertThat(group.estimate(cell("first"), Quantity.RATE).orElseThrow().slices())
        .isEqualTo(2);
  }

  @Test
  void aRowThatCannotBeStartedIsNotRunAndTheOthersAre() throws Exception {
    Contender missing = contender("missing", (database, running) -> {
      throw new NotRunException("there is no such role");
    });

    Group group = run(false, missing, server("first"));

    assertThat(group.refusal(cell("missing"), Quantity.RATE))
        .contains("NOT RUN: there is no such role");
    assertThat(group.estimate(cell("first"), Quantity.RATE)).isPresent();
  }

  private Group run(boolean waits, Contender... contenders) throws Exception {
    Stores stores = new Stores(1, URI.create(redis.url()), SELF, SELF, "test");
    GroupPlan plan = new GroupPlan(
        "test",
        Group.Topic.SET_UPS,
        "a test",
        List.of(contenders),
        List.of(Scenario.LIST),
        false,
        waits,
        false,
        SHORT);
    Environment nowhere = new Environment("", "", "quick", "", "", 2, 1, "", "", "", "", "", 0);
    Progress progress = new Progress(List.of(plan));
    progress.nextGroup();
    try (Children children = new Children(data)) {
      Group empty = new Group(
          "test",
          Group.Topic.SET_UPS,
          "a test",
          nowhere,
          null,
          new Row("first"),
          Cache.OWN,
          1,
          2,
          0.3,
          2,
          100,
          false,
          List.of(),
          List.of(),
          List.of(),
          List.of());
      return new GroupRun(plan, stores, children, null, data, progress, empty).run();
    }
  }

  private static Contender server(String name) {
    return contender(
        name, (database, running) -> target(TinyServer.start(exchange -> answer(exchange, 0))));
  }

  private static Contender contender(String name, Contender.Starter starter) {
    return new Contender(new Row(name), Cache.OWN, 0, 1, Set.of(Scenario.LIST), starter);
  }

  private static Cell cell(String name) {
    return new Cell(new Row(name), Cache.OWN, Scenario.LIST);
  }

  private static Target target(TinyServer server) {
    return target(server, List.of(SELF));
  }

  private static Target target(TinyServer server, List<Long> pids) {
    return new Target(
        server.url(),
        "token",
        "token",
        "",
        List.of(),
        pids,
        Jobs.Queue.NONE,
        URI.create(redis.url()),
        List.of(server::close));
  }

  private static void answer(HttpServerExchange exchange, long number) {
    exchange
        .getResponseSender()
        .send("[" + String.join(",", Collections.nCopies(10, "{\"n\":" + number + "}")) + "]");
  }
}
