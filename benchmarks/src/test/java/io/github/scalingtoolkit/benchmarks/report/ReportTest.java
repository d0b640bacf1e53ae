package io.github.scalingtoolkit.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
  private static final Cell OURS = new Cell("single", "L1+L2", "list");
  private static final Cell FLOOR = new Cell("floor", "none", "list");
  private static final Cell EXPRESS = new Cell("express", "own", "list");
  private static final Cell CLUSTER = new Cell("cluster", "L2", "list");

  @TempDir
  private Path directory;

  @Test
  void whatIsCommittedIsWhatItsRawDataGives() throws IOException {
    List<Path> committed = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("../docs/benchmarks"))) {
      files.filter(file -> file.endsWith("runs.json")).forEach(committed::add);
    }

    assertThat(committed).isNotEmpty();
    for (Path runs : committed) {
      Path of = runs.toAbsolutePath().getParent();
      for (Map.Entry<String, String> file : Report.files(Results.read(of)).entrySet()) {
        assertThat(of.resolve(file.getKey()))
            .describedAs("java -jar benchmarks/target/benchmarks.jar report %s", of)
            .hasContent(file.getValue());
      }
    }
  }

  @Test
  void resultsAreReadAsTheyWereWritten() throws IOException {
    Results results = session(run(OURS, 1, 20, ""), run(EXPRESS, 1, 600, "INVALID: cold"));

    results.write(directory);

    assertThat(Results.read(directory)).isEqualTo(results);
    assertThat(Report.files(Results.read(directory))).isEqualTo(Report.files(results));
  }

  @Test
  void theMedianOfTheRoundsDecidesAndNotTheBest() {
    Results results = session(
        run(OURS, 1, 20, ""),
        run(OURS, 2, 40, ""),
        run(OURS, 3, 30, ""),
        run(EXPRESS, 1, 600, ""),
        run(EXPRESS, 2, 600, ""),
        run(EXPRESS, 3, 600, ""));

    assertThat(ratio(results, "Express beside ours").measured()).startsWith("20.00 x");
    assertThat(ratio(results, "Express beside ours").verdict()).isEqualTo("**not reached**");
  }

  @Test
  void aRatioThatIsReachedSaysSo() {
    Results results =
        session(run(OURS, 1, 11, ""), run(FLOOR, 1, 10, ""), run(EXPRESS, 1, 280, ""));

    assertThat(ratio(results, "Express beside ours").verdict()).isEqualTo("reached");
    assertThat(ratio(results, "same bytes").verdict()).isEqualTo("reached");
  }

  @Test
  void aRefusedFigureIsShownByItsReasonAndNeverAsANumber() {
    Results results = session(run(OURS, 1, 9876.5, "INVALID: cold"), run(EXPRESS, 1, 600, ""));

    String report = Report.files(results).get(Report.NAME);

    assertThat(report).contains("INVALID: cold").doesNotContain("9876").doesNotContain("9877");
    assertThat(ratio(results, "Express beside ours").verdict()).isEqualTo("NOT RUN");
  }

  @Test
  void oneSoundRoundOfThreeIsNoFigure() {
    Results results = session(
        run(OURS, 1, 20, ""), run(OURS, 2, 21, "INVALID: cold"), run(OURS, 3, 22, "INVALID: cold"));

    assertThat(Summary.cpu(results, OURS).counts()).isFalse();
  }

  @Test
  void ofARoundTheFirstAttemptThatCountsIsTakenAndNotTheBestOne() {
    Results results =
        session(run(OURS, 1, 30, "INVALID: cold"), run(OURS, 1, 25, ""), run(OURS, 1, 20, ""));

    assertThat(Summary.cpu(results, OURS).values()).containsExactly(25.0);
  }

  @Test
  void rowsThatWereNotRunAreListedWithTheirReasonOnce() {
    Results results = session().without(CLUSTER, "no such role").without(CLUSTER, "no such role");

    assertThat(Report.files(results).get(Report.NAME))
        .containsOnlyOnce("NOT RUN: cluster, cache L2, list: no such role");
  }

  @Test
  void whatWasPlannedAndNeverBegunIsNotRun() {
    Results planned = session().planned(CLUSTER).planned(OURS);

    Results results = planned.with(run(OURS, 1, 20, ""));

    assertThat(Report.files(results).get(Report.NAME))
        .contains("NOT RUN: cluster, cache L2, list: the session ended before it")
        .doesNotContain("NOT RUN: single");
    assertThat(results.isPart(CLUSTER)).isTrue();
    assertThat(results.isOut(CLUSTER)).isFalse();
    assertThat(planned.without(CLUSTER, "no such role").isOut(CLUSTER)).isTrue();
  }

  @Test
  void whatIsNoPartOfASessionHasNoRow() {
    String report = Report.files(session(run(OURS, 1, 20, ""))).get(Report.NAME);

    assertThat(report).contains("| single | L1+L2 | list |").doesNotContain("| floor |");
    assertThat(Ratio.of(session(run(OURS, 1, 20, "")))).isEmpty();
  }

  @Test
  void aMachineThatOthersUsedIsSaidToBeShared() {
    assertThat(Report.files(session(run(OURS, 1, 20, ""))).get(Report.NAME))
        .contains("**The machine was shared**: others used 30 % of it");
  }

  private static Ratio ratio(Results results, String part) {
    return Ratio.of(results).stream()
        .filter(ratio -> ratio.what().contains(part))
        .findFirst()
        .orElseThrow();
  }

  private static Results session(Run... runs) {
    Environment environment = new Environment(
        "2026-11-23T08:00:00Z",
        "0123456",
        "quick",
        "Linux",
        "a CPU",
        2,
        4096,
        "a JVM",
        "v20",
        "a store",
        "6.2.11",
        "slim jar",
        0.5);
    return new Results("quick", environment, 3, 5, List.of(runs), List.of());
  }

  private static Run run(Cell cell, int round, double cpuMicros, String refusedCpu) {
    return new Run(
        cell,
        round,
        1,
        "closed, 32 connections",
        5,
        50_000,
        0,
        10_000,
        3.2,
        3,
        9,
        12,
        20,
        9,
        0.01,
        0.5,
        cpuMicros,
        0.01,
        List.of(1.0),
        0.25,
        0.5,
        0.3,
        200,
        220,
        refusedCpu,
        refusedCpu,
        refusedCpu);
  }
}
