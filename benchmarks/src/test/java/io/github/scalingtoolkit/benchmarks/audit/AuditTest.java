package io.github.scalingtoolkit.benchmarks.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.audit.Finding.Verdict;
import io.github.scalingtoolkit.benchmarks.audit.SourceRow.Added;
import java.util.List;
import org.junit.jupiter.api.Test;

class AuditTest {
  @Test
  void twoRowsOfTheTutorialNeedMoreRequestsUnderWayThanItsCommandHas() {
    assertThat(SourceRow.TABLE)
        .extracting(SourceRow::inFlight)
        .containsExactly(112.5, 117.6, 224.0, 180.0);
    assertThat(verdicts("latency"))
        .containsExactly(
            Verdict.DOUBTFUL, Verdict.DOUBTFUL, Verdict.IMPOSSIBLE, Verdict.IMPOSSIBLE);
  }

  @Test
  void aRunOfLessThanFiveSecondsShowsNoRate() {
    assertThat(verdicts("requests/s")).containsOnly(Verdict.NOT_SHOWN);
  }

  @Test
  void aCacheThatTheUrlDoesNotAskCannotBeWhatMadeItFaster() {
    assertThat(verdicts("gain"))
        .containsExactly(Verdict.NOT_SHOWN, Verdict.NOT_SHOWN, Verdict.IMPOSSIBLE);
  }

  @Test
  void everyCellHasAVerdictAndMemoryToo() {
    List<Finding> findings = Audit.of(SourceRow.TABLE, 2);

    assertThat(findings).hasSize(4 + 4 + 3 + 1);
    assertThat(findings).extracting(Finding::column).contains("memory");
  }

  @Test
  void figuresThatFitEachOtherAreLeftAlone() {
    SourceRow sound = new SourceRow("sound", 1_000, 90, Added.NOTHING);

    assertThat(Audit.of(List.of(sound), 2))
        .filteredOn(finding -> !finding.column().equals("memory"))
        .extracting(Finding::verdict)
        .containsExactly(Verdict.POSSIBLE, Verdict.POSSIBLE);
  }

  private static List<Verdict> verdicts(String column) {
    return Audit.of(SourceRow.TABLE, 2).stream()
        .filter(finding -> finding.column().equals(column))
        .map(Finding::verdict)
        .toList();
  }
}
