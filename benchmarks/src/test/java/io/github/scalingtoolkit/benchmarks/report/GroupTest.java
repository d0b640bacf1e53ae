package io.github.scalingtoolkit.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupTest {
  private static final Cell SINGLE = Slices.SINGLE;
  private static final Cell CLUSTER = Slices.CLUSTER;

  @TempDir
  private Path directory;

  @Test
  void itIsReadAsItWasWritten() throws Exception {
    Group group = Slices.group()
        .with(Slices.slice(SINGLE, 1, 100))
        .with(Slices.waits(SINGLE, 1, 50, 2.5, 9))
        .without(CLUSTER, "there is no such role")
        .with(new Group.Legacy(Row.SINGLE, 1234.5, 81.0, 0L, ""))
        .with(new Group.Remark(new Row("express"), "Express 5", "No outbox."))
        .completed();

    group.write(directory);

    assertThat(Group.read(Group.file(directory, group.name()))).isEqualTo(group);
    assertThat(Group.readAll(directory)).containsExactly(group);
  }

  @Test
  void theMedianOfTheSlicesIsTheFigureAndNotTheBest() {
    Group group = Slices.group()
        .with(Slices.slice(SINGLE, 1, 100))
        .with(Slices.slice(SINGLE, 2, 900))
        .with(Slices.slice(SINGLE, 3, 110));

    assertThat(group.estimate(SINGLE, Quantity.RATE)).contains(new Estimate(100, 110, 900, 3));
  }

  @Test
  void aRatioIsThatOfSlicesOfTheSameRotation() {
    Group group = Slices.group();
    for (int rotation = 1; rotation <= 10; rotation++) {
      // The machine gets twice as fast with each rotation; the ratio does not.
      double speed = 100 * Math.pow(2, rotation);
      group = group
          .with(Slices.slice(SINGLE, rotation, speed))
          .with(Slices.slice(CLUSTER, rotation, 3 * speed));
    }

    MedianInterval ratio = group.ratioToReference(CLUSTER, Quantity.RATE).orElseThrow();

    assertThat(ratio.median()).isEqualTo(3);
    assertThat(ratio.low()).isEqualTo(3);
    assertThat(ratio.high()).isEqualTo(3);
  }

  @Test
  void ofThreeFreshStartsTheMediansCountAndNotTheirSlices() {
    Group group = Slices.group();
    for (int round = 1; round <= 3; round++) {
      for (int rotation = 1; rotation <= 4; rotation++) {
        group = group
            .with(Slices.slice(SINGLE, round, rotation, 100))
            .with(Slices.slice(CLUSTER, round, rotation, 100.0 * round));
      }
    }

    MedianInterval ratio = group.ratioToReference(CLUSTER, Quantity.RATE).orElseThrow();

    assertThat(ratio.low()).isEqualTo(1);
    assertThat(ratio.median()).isEqualTo(2);
    assertThat(ratio.high()).isEqualTo(3);
    assertThat(ratio.held()).isEqualTo(0.75);
  }

  @Test
  void halvesThatDifferRefuseNothing() {
    Group group = Slices.group();
    for (int rotation = 1; rotation <= 10; rotation++) {
      group = group.with(Slices.slice(SINGLE, rotation, rotation <= 5 ? 1000 : 10));
    }

    assertThat(group.refusal(SINGLE, Quantity.RATE)).isEmpty();
    assertThat(group.refusal(SINGLE, Quantity.CPU)).isEmpty();
  }

  @Test
  void oneWrongAnswerRefusesEveryFigureOfItsCellAndNoOther() {
    Group group = Slices.group()
        .with(Slices.slice(SINGLE, 1, 100))
        .with(Slices.slice(CLUSTER, 1, 300))
        .with(Slices.wrong(CLUSTER, 2));

    assertThat(group.refusal(CLUSTER, Quantity.MEMORY))
        .contains("INVALID: 3 wrong answers in rotation 2, the first: status 500");
    assertThat(group.estimate(CLUSTER, Quantity.RATE)).isEmpty();
    assertThat(group.ratioToReference(CLUSTER, Quantity.RATE)).isEmpty();
    assertThat(group.estimate(SINGLE, Quantity.RATE)).isPresent();
  }

  @Test
  void aGeneratorAtItsLimitRefusesTheRateAndNotTheCpu() {
    Group group = Slices.group()
        .with(Slices.clientBound(SINGLE, 1))
        .with(Slices.clientBound(SINGLE, 2))
        .with(Slices.slice(SINGLE, 3, 100));

    assertThat(group.refusal(SINGLE, Quantity.RATE))
        .contains("CLIENT-BOUND: the generator used more than 80 % of its core in 2 of 3 slices");
    assertThat(group.refusal(SINGLE, Quantity.CPU)).isEmpty();
  }

  @Test
  void aSliceWithoutAnswersHasARateOfZeroAndNoCpuPerAnswer() {
    Group group = Slices.group()
        .with(Slices.slice(SINGLE, 1, 0))
        .with(Slices.slice(SINGLE, 2, 100))
        .with(Slices.slice(SINGLE, 3, 100));

    assertThat(group.estimate(SINGLE, Quantity.RATE)).contains(new Estimate(0, 100, 100, 3));
    assertThat(group.estimate(SINGLE, Quantity.CPU).orElseThrow().slices()).isEqualTo(2);
  }

  @Test
  void theFirstReasonWhyACellIsMissingStays() {
    Group group = Slices.group().without(CLUSTER, "it ended").without(CLUSTER, "no tool");

    assertThat(group.refusal(CLUSTER, Quantity.RATE)).contains("NOT RUN: it ended");
    assertThat(group.cells()).isEqualTo(List.of(CLUSTER));
  }
}
