package io.github.scalingtoolkit.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.scalingtoolkit.benchmarks.report.PairedResults.Pair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairedReportTest {
  private static final Environment HERE = new Environment(
      "2026-01-02T03:04:00Z",
      "abc1234",
      "ratios",
      "Linux",
      "a CPU",
      2,
      4096,
      "a JVM",
      "a Node",
      "a store",
      "a Redis",
      "none",
      0);

  @TempDir
  private Path directory;

  @Test
  void whatIsCommittedIsWhatItsRawDataGives() throws IOException {
    List<Path> committed;
    try (Stream<Path> files = Files.walk(Path.of("../docs/benchmarks"))) {
      committed = files.filter(Files::isDirectory).filter(PairedResults::in).toList();
    }

    assertThat(committed).isNotEmpty();
    for (Path of : committed) {
      assertThat(of.resolve(Report.NAME))
          .describedAs("java -jar benchmarks/target/benchmarks.jar report %s", of)
          .hasContent(PairedReport.text(PairedResults.read(of)));
    }
  }

  @Test
  void resultsAreReadAsTheyWereWritten() throws IOException {
    PairedResults results = session(1.05).without(Promise.CREATE, "node is not installed");

    results.write(directory);

    assertThat(PairedResults.read(directory)).isEqualTo(results);
  }

  @Test
  void aBoundOutsideTheIntervalDecidesAndOneWithinItDoesNot() {
    assertThat(PairedReport.text(session(1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07)))
        .contains("| reached |")
        .contains("NOT RUN: the session ended before");
    assertThat(PairedReport.text(session(1.2, 1.21, 1.22, 1.23, 1.24, 1.25, 1.26, 1.27)))
        .contains("| **not reached** |");
    assertThat(PairedReport.text(session(1.0, 1.2, 1.0, 1.2, 1.0, 1.2, 1.0, 1.2)))
        .contains("| undecided: the bound is within the interval |");
  }

  @Test
  void aRefusedPromiseKeepsNoPairOfIt() {
    PairedResults results =
        session(1.0, 1.0).without(Promise.LIST_FLOOR, "it failed: 3 wrong answers");

    assertThat(PairedReport.text(results)).contains("NOT RUN: it failed: 3 wrong answers");
    assertThat(results.pairs()).isEmpty();
  }

  @Test
  void theIntervalHoldsTheTrueMedianInNineteenOfTwentySessions() {
    Random random = new Random(1);
    int held = 0;
    int sessions = 4000;
    for (int i = 0; i < sessions; i++) {
      double[] values = IntStream.range(0, 24)
          .mapToDouble(any -> Math.exp(random.nextGaussian()))
          .toArray();
      MedianInterval interval = MedianInterval.of(values);
      held += interval.low() <= 1 && 1 <= interval.high() ? 1 : 0;
    }

    // Order statistics come in steps: of 24 values the interval holds 97.7 %.
    assertThat((double) held / sessions).isCloseTo(0.977, within(0.01));
  }

  private static PairedResults session(double... ratios) {
    PairedResults results = new PairedResults(HERE, 15, 2, List.of(), List.of());
    for (double ratio : ratios) {
      results = results.with(new Pair(Promise.LIST_FLOOR, 1, 10 * ratio, 10, 1000, 1100));
    }
    return results;
  }
}
