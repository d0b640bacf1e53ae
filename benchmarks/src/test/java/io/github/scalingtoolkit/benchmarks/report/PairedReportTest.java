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
    assertThat(PairedReport.text(session(1.0, 1.01, 1.02, 1.03, 1.04)))
        .contains("| 1.02 x | 1.00 to 1.04 | in 93 of 100 sessions |")
        .contains("| reached |")
        .contains("NOT RUN: the session ended before");
    assertThat(PairedReport.text(session(1.2, 1.21, 1.22, 1.23, 1.24)))
        .contains("| **not reached** |");
    assertThat(PairedReport.text(session(1.0, 1.2, 1.0, 1.2, 1.0)))
        .contains("| undecided: the bound is within the interval |");
  }

  @Test
  void pairsOfOnePairOfProcessesAreOneValueHoweverManyTheyAre() {
    assertThat(PairedReport.text(session(1.0, 1.0)))
        .contains("in 50 of 100 sessions")
        .contains("| undecided: fewer than three rounds |");
  }

  @Test
  void aRoundWithATrendIsRefusedAndShown() {
    double[] warming = {0.28, 0.26, 0.26, 0.30, 0.49, 0.58, 0.61, 0.56};
    PairedResults three = round(round(round(none(3), 1, 1.0, 1.0), 2, 1.02, 1.02), 3, warming);
    PairedResults two = round(round(none(3), 1, 1.0, 1.0), 2, warming);

    assertThat(PairedReport.text(three))
        .contains("| 1.00, 1.02, refused: its halves differ by 111 % |");
    assertThat(PairedReport.text(two)).contains("refused: 1 of 3 rounds count");
  }

  @Test
  void memoryIsHeldAgainstTheExpressAppAndShownBesideOthers() {
    PairedResults results = none(3);
    for (int round = 1; round <= 3; round++) {
      results = results
          .with(new Pair(Promise.LIST_EXPRESS, round, 900, 30, 100, 3000, 200, 100 + 10 * round))
          .with(new Pair(Promise.CREATE, round, 900, 300, 100, 300, 100, 90 + 10 * round))
          .with(new Pair(Promise.LIST_FLOOR, round, 30, 25, 100, 120, 150, 75));
    }

    assertThat(PairedReport.text(results))
        .contains("| 200 | 120 | 0.60 x | 0.55 to 0.65 | at most 1.00 x | reached |")
        .contains(
            "| 100 | 110 | 1.10 x | 1.00 to 1.20 | at most 1.00 x | undecided: the bound is within the interval |")
        .contains("| 150 | 75.0 | | | |  |");
    assertThat(PairedReport.text(memory(3, 101, 102, 103)))
        .contains("| 1.02 x | 1.01 to 1.03 | at most 1.00 x | **not reached** |");
    assertThat(PairedReport.text(memory(2, 90, 90)))
        .contains("| at most 1.00 x | undecided: fewer than three rounds |");
    assertThat(PairedReport.text(memory(5, 90, 90, 90)))
        .contains("| refused: 3 of 5 rounds | | at most 1.00 x |  |");
  }

  /** A round for each, of creates, in which the Express app has 100 MiB. */
  private static PairedResults memory(int planned, double... mib) {
    PairedResults results = none(planned);
    for (int i = 0; i < mib.length; i++) {
      results = results.with(new Pair(Promise.CREATE, i + 1, 900, 300, 100, 300, 100, mib[i]));
    }
    return results;
  }

  @Test
  void aSessionThatDidNotLookAtMemoryShowsNone() {
    assertThat(PairedReport.text(session(1.0, 1.01, 1.02))).doesNotContain("Memory");
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
    assertThat(MedianInterval.of(new double[24]).held()).isCloseTo(0.977, within(0.001));
  }

  /** A round for each ratio, of two pairs. */
  private static PairedResults session(double... ratios) {
    PairedResults results = none(ratios.length);
    for (int i = 0; i < ratios.length; i++) {
      results = round(results, i + 1, ratios[i], ratios[i]);
    }
    return results;
  }

  private static PairedResults none(int rounds) {
    return new PairedResults(HERE, rounds, 15, 2, List.of(), List.of());
  }

  private static PairedResults round(PairedResults before, int number, double... ratios) {
    PairedResults results = before;
    for (double ratio : ratios) {
      results =
          results.with(new Pair(Promise.LIST_FLOOR, number, 10 * ratio, 10, 1000, 1100, 0, 0));
    }
    return results;
  }
}
