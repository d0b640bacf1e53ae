package io.github.scalingtoolkit.benchmarks.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.audit.Finding.Verdict;
import io.github.scalingtoolkit.benchmarks.audit.SourceRow.Added;
import java.util.List;
import org.junit.jupiter.api.Test;

class AuditTest {
  @Test
  void noRowHasTheLatencyThatItsCommandComputesFromItsRate() {
    assertThat(SourceRow.TABLE)
        .extracting(row -> Math.round(row.meanOfAb() * 10) / 10.0)
        .containsExactly(40.0, 10.2, 3.6, 2.2);
    assertThat(verdicts("latency")).hasSize(4).containsOnly(Verdict.IMPOSSIBLE);
    assertThat(reasons("latency"))
        .first()
        .asString()
        .isEqualTo("ab's mean is its concurrency over its rate, 100 / 2500 = 40.0 ms;"
            + " 45 ms would be 113 requests under way of 100");
  }

  @Test
  void threePodsAnswerNoMoreThanThreeTimesTheFirstRow() {
    assertThat(verdicts("requests/s"))
        .containsExactly(
            Verdict.NOT_SHOWN, Verdict.NOT_SHOWN, Verdict.IMPOSSIBLE, Verdict.IMPOSSIBLE);
    assertThat(reasons("requests/s").get(2)).contains("3 x 2500 = 7500/s at most");
    assertThat(reasons("requests/s").get(3)).contains("3 x 2500 = 7500/s at most");
  }

  @Test
  void fewerPodsAndAnUnusedCacheMakeNothingFaster() {
    assertThat(verdicts("gain"))
        .containsExactly(Verdict.NOT_SHOWN, Verdict.IMPOSSIBLE, Verdict.IMPOSSIBLE);
    assertThat(reasons("gain").get(1)).contains("3 processes where the row above has 4");
    assertThat(reasons("gain").get(2)).contains("a cache is not on its path");
  }

  @Test
  void theCommandShowsNoMemoryAndTheCellsDoNotFitEachOther() {
    assertThat(of("memory"))
        .extracting(Finding::value)
        .containsExactly("150 MB", "500 MB", "1.2 GB", "1.5 GB");
    assertThat(verdicts("memory")).hasSize(4).containsOnly(Verdict.NOT_SHOWN);
    assertThat(reasons("memory")).allMatch(reason -> reason.contains("ab prints no memory"));
    assertThat(reasons("memory").get(2))
        .contains("400 MB for each of 3 processes where the first row's one takes 150");
    assertThat(reasons("memory").get(3)).contains("300 MB more than the row above");
  }

  @Test
  void everyCellOfTheTableHasAVerdictUnderTheTablesOwnNames() {
    List<Finding> findings = Audit.of(SourceRow.TABLE, 2);

    assertThat(findings).hasSize(4 * 3 + 3);
    assertThat(findings)
        .extracting(Finding::row)
        .contains("Single Node", "Clustered (4 cores)", "Docker + K8s (3 pods)", "+ Redis Cache");
  }

  @Test
  void figuresThatFitEachOtherAreLeftAlone() {
    SourceRow sound = new SourceRow("sound", 1_000, 100, 150, 1, Added.NOTHING);

    assertThat(Audit.of(List.of(sound), 2))
        .extracting(Finding::verdict)
        .containsExactly(Verdict.POSSIBLE, Verdict.POSSIBLE, Verdict.NOT_SHOWN);
  }

  private static List<Verdict> verdicts(String column) {
    return of(column).stream().map(Finding::verdict).toList();
  }

  private static List<String> reasons(String column) {
    return of(column).stream().map(Finding::reason).toList();
  }

  private static List<Finding> of(String column) {
    return Audit.of(SourceRow.TABLE, 2).stream()
        .filter(finding -> finding.column().equals(column))
        .toList();
  }
}
