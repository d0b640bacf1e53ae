package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.load.TinyServer;
import io.github.scalingtoolkit.benchmarks.load.Warm;
import io.github.scalingtoolkit.benchmarks.report.Cell;
import io.github.scalingtoolkit.benchmarks.report.Environment;
import io.github.scalingtoolkit.benchmarks.report.Report;
import io.github.scalingtoolkit.benchmarks.report.Results;
import io.github.scalingtoolkit.benchmarks.report.Run;
import io.github.scalingtoolkit.benchmarks.scale.Entry.Scenario;
import io.github.scalingtoolkit.testing.RedisServer;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionTest {
  private static final long SELF = ProcessHandle.current().pid();
  /** Its measured runs are long enough for an answer, also on a busy machine. */
  private static final Session.Timing SHORT = new Session.Timing(
      2, Duration.ofMillis(200), 2, Duration.ofSeconds(1), 2, Duration.ofMinutes(10));

  private static RedisServer redis;

  @TempDir
  private Path out;

  private final List<String> started = new ArrayList<>();

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
  void roundsGoForwardsAndBackwardsInTurnAndKeepWhatTheyMeasured() throws Exception {
    Results results = run(SHORT, service("first"), service("second"));

    assertThat(started).containsExactly("first", "second", "second", "first");
    assertThat(results.runs()).extracting(Run::round).contains(1, 2);
    assertThat(results.runs()).allMatch(run -> run.answered() > 0 && run.errors() == 0);
    assertThat(Results.read(out)).isEqualTo(results);
    assertThat(out.resolve(Report.NAME)).isNotEmptyFile();
  }

  @Test
  void aServiceWithAChangingListIsMeasuredAndRefused() throws Exception {
    AtomicLong asked = new AtomicLong();

    Results results = run(
        SHORT,
        entry(
            "liar", () -> TinyServer.start(exchange -> answer(exchange, asked.incrementAndGet()))));

    assertThat(results.runs()).isNotEmpty().allSatisfy(run -> {
      assertThat(run.errors()).isPositive();
      assertThat(run.refusedCpu()).contains("another body than expected");
      assertThat(run.refusedThroughput()).contains("another body than expected");
      assertThat(Session.line(run)).doesNotContain("us", "/s", " ms");
    });
  }

  @Test
  void aRowThatCannotBeRunIsTriedOnceAndDoesNotKeepTheOthersFromIt() throws Exception {
    Entry missing = new Entry("cluster", "off", false, "", 1, List.of(Scenario.LIST), database -> {
      started.add("cluster");
      throw new NotRunException("there is no such role");
    });

    Results results = run(SHORT, missing, service("other"));

    assertThat(started).containsExactly("cluster", "other", "other");
    assertThat(results.notRun())
        .containsExactly(
            new Results.NotRun(new Cell("cluster", "off", "list"), "there is no such role"));
    assertThat(results.runs()).isNotEmpty();
  }

  @Test
  void noVisitBeginsOnceTheTimeIsOver() throws Exception {
    Session.Timing over = new Session.Timing(
        50, Duration.ofMillis(200), 2, Duration.ofMillis(200), 2, Duration.ofMillis(1));

    Results results = run(over, service("first"), service("second"));

    assertThat(started).containsExactly("first");
    assertThat(results.stopped())
        .isEqualTo("its time did not suffice for second, cache own in round 1");
    assertThat(Results.read(out)).isEqualTo(results);
  }

  @Test
  void noVisitBeginsThatWouldNotEndWithinTheTime() throws Exception {
    Session.Timing tight = new Session.Timing(
        2, Duration.ofHours(1), 0, Duration.ofMillis(200), 2, Duration.ofMinutes(30));

    run(tight, service("first"), service("second"));

    assertThat(started).containsExactly("first");
  }

  private Results run(Session.Timing timing, Entry... entries)
      throws IOException, InterruptedException {
    Stores stores = new Stores(1, URI.create(redis.url()), SELF, SELF, "test");
    Environment nowhere = new Environment("", "", "quick", "", "", 2, 1, "", "", "", "", "", 0);
    try (Children children = new Children(out)) {
      return new Session(
              List.of(entries),
              stores,
              children,
              out,
              timing,
              new Results("quick", nowhere, timing.rounds(), 1, List.of(), List.of(), null))
          .run();
    }
  }

  private Entry service(String name) {
    return entry(name, () -> TinyServer.start(exchange -> answer(exchange, 0)));
  }

  private interface Starts {
    TinyServer server();
  }

  private Entry entry(String name, Starts starts) {
    return new Entry(
        name, "own", false, "", 1, List.of(Scenario.LIST, Scenario.LIST_AT_HALF_LOAD), database -> {
          started.add(name);
          TinyServer server = starts.server();
          return new Target(
              server.url(), "token", List.of(SELF), Jobs.Queue.NONE, List.of(server::close));
        });
  }

  private static void answer(HttpServerExchange exchange, long number) {
    boolean create = exchange.getRequestMethod().toString().equals("POST");
    exchange.setStatusCode(create ? 201 : 200);
    exchange
        .getResponseSender()
        .send(
            create
                ? "{}"
                : "[" + String.join(",", Collections.nCopies(10, "{\"n\":" + number + "}")) + "]");
  }
}
