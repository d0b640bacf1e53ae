package io.github.scalingtoolkit.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
  void aRoundThatWasNeverRunIsNoSoundRound() {
    Results results = session(run(OURS, 1, 20, ""), run(EXPRESS, 3, 600, ""));

    String report = Report.files(results).get(Report.NAME);

    assertThat(Summary.cpu(results, OURS).counts()).isFalse();
    assertThat(report)
        .contains("| single | L1+L2 | list | 1 of 3 rounds were run |")
        .contains("- single, cache L1+L2, list: 1 of 3 rounds")
        .doesNotContain("Everything ran.");
  }

  @Test
  void aSessionThatEndedEarlySaysSoAndAWholeOneSaysThatEverythingRan() {
    Results whole = session(run(OURS, 1, 20, ""));

    assertThat(Report.files(whole).get(Report.NAME)).contains("Everything ran.");
    assertThat(Report.files(whole.stopped("its 555 s were over in round 2")).get(Report.NAME))
        .contains("**The session ended early**: its 555 s were over in round 2.")
        .doesNotContain("Everything ran.");
  }

  @Test
  void memoryOfARunWithWrongAnswersIsNotShownAndNothingElseOfItEither() {
    Results results = session(wrong(run(OURS, 1, 9876.5, "INVALID: 3 wrong answers")));

    String report = Report.files(results).get(Report.NAME);

    assertThat(Summary.memory(results, OURS).counts()).isFalse();
    String wrong = "INVALID: 3 wrong answers";
    assertThat(report)
        .contains("| single | L1+L2 | list | " + wrong + " |  | " + wrong + " | " + wrong + " | "
            + wrong + " |  |  |");
  }

  @Test
  void memoryCountsEvenIfTheRateIsRefused() {
    Results results = session(run(OURS, 1, 20, "INVALID: cold"));

    assertThat(Summary.memory(results, OURS).values()).containsExactly(200.0);
    assertThat(Report.files(results).get(Report.NAME)).contains("| 300, 10 |");
  }

  @Test
  void memoryIsSetBesideExpressInEveryScenarioThatBothHave() {
    Cell ours = new Cell("single", "L1+L2", "create");
    Cell express = new Cell("express", "own", "create");

    assertThat(Ratio.of(session(run(ours, 1, 20, ""), run(express, 1, 600, ""))))
        .extracting(Ratio::what)
        .contains("resident memory under load (create), ours beside Express")
        .doesNotContain("resident memory under load (list), ours beside Express");
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
    int rounds = Arrays.stream(runs).mapToInt(Run::round).max().orElse(1);
    return new Results("quick", environment, rounds, 5, List.of(runs), List.of(), null);
  }

  private static Run wrong(Run run) {
    return new Run(
        run.cell(),
        run.round(),
        run.attempt(),
        run.model(),
        run.seconds(),
        run.answered(),
        3,
        run.perSecond(),
        run.meanMillis(),
        run.p50Millis(),
        run.p99Millis(),
        run.p999Millis(),
        run.maxMillis(),
        run.p99SentMillis(),
        run.halvesDiffer(),
        run.clientShare(),
        run.cpuMicros(),
        run.cpuHalvesDiffer(),
        List.of(0.5, 0.5),
        run.compilerShare(),
        run.storesCpuMicros(),
        run.othersShare(),
        run.mongoMiB(),
        run.redisMiB(),
        run.rssMiB(),
        run.peakMiB(),
        run.refusedThroughput(),
        run.refusedLatency(),
        run.refusedCpu());
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
        300L,
        10L,
        200,
        220,
        refusedCpu,
        refusedCpu,
        refusedCpu);
  }
}
