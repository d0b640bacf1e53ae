package io.github.scalingtoolkit.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PageTest {
  private static final Path COMMITTED = Path.of("../docs/benchmarks");
  private static final String AGAIN =
      "java -jar benchmarks/target/benchmarks.jar report docs/benchmarks --readme README.md";

  @Test
  void theCommittedPageAndChartsAreWhatTheirRawDataGives() throws IOException {
    List<Group> groups = Group.readAll(COMMITTED.resolve(Page.RAW));

    assertThat(groups).isNotEmpty();
    for (Map.Entry<String, String> file : Page.files(groups).entrySet()) {
      assertThat(COMMITTED.resolve(file.getKey())).describedAs(AGAIN).hasContent(file.getValue());
    }
  }

  @Test
  void theFiguresInTheReadmeAreThoseOfThePage() throws IOException {
    String readme = Files.readString(Path.of("../README.md"));

    String summary = Page.summary(Group.readAll(COMMITTED.resolve(Page.RAW)), "docs/benchmarks");

    assertThat(ReadmeBlock.replaced(readme, summary)).describedAs(AGAIN).isEqualTo(readme);
  }

  @Test
  void aRefusedFigureIsShownByItsReasonAndNeverAsANumber() {
    Group group = Slices.group()
        .with(Slices.slice(Slices.SINGLE, 1, 100))
        .with(Slices.wrong(Slices.CLUSTER, 1));

    assertThat(page(group))
        .contains("INVALID: 3 wrong answers in rotation 1, the first: status 500")
        .doesNotContain("9876")
        .doesNotContain("9,876");
  }

  @Test
  void rowsThatWereNotRunAreListedWithTheirReasonOnce() {
    Group group = Slices.group()
        .with(Slices.slice(Slices.SINGLE, 1, 100))
        .without(Slices.CLUSTER, "no such role")
        .completed();

    assertThat(page(group))
        .containsOnlyOnce("a group: cluster, cache L1+L2, list: NOT RUN: no such role")
        .doesNotContain("Every cell has its figure.");
  }

  @Test
  void aPageSaysWhetherItsSessionEndedEarlyOrHasEveryFigure() {
    Group group = Slices.group().with(Slices.slice(Slices.SINGLE, 1, 100));

    assertThat(page(group)).contains("a group: the session ended before the group's end");
    assertThat(page(group.completed()))
        .contains("Every cell has its figure.")
        .doesNotContain("the session ended");
  }

  @Test
  void aVerdictNeedsTheWholeIntervalOnOneSideOfItsBound() {
    assertThat(page(listBesideExpress(20, 20, 1040, 1100))).contains("| reached |");
    assertThat(page(listBesideExpress(20, 20, 600, 640))).contains("| **not reached** |");
    assertThat(page(listBesideExpress(20, 20, 900, 1100)))
        .contains("| undecided: the bound is within the interval |");
  }

  @Test
  void aMachineThatOthersUsedIsSaidToBeShared() {
    assertThat(page(Slices.group().with(Slices.slice(Slices.SINGLE, 1, 100))))
        .contains("30 %, 30 %: **shared**");
  }

  @Test
  void theReferenceIsShownFromTheGroupOfItsOwnCache() {
    Cell off = new Cell(Row.CLUSTER, Cache.OFF, Scenario.LIST);
    Cell singleOff = new Cell(Row.SINGLE, Cache.OFF, Scenario.LIST);
    Group first = Slices.group("a", Group.Topic.SET_UPS, Row.SINGLE)
        .with(Slices.slice(Slices.SINGLE, 1, 111))
        .with(Slices.slice(off, 1, 30))
        .with(Slices.slice(singleOff, 1, 10));
    Group second = Slices.group("b", Group.Topic.SET_UPS, Row.SINGLE)
        .with(Slices.slice(Slices.SINGLE, 1, 222))
        .with(Slices.slice(Slices.CLUSTER, 1, 666));

    String page = Page.files(List.of(first, second)).get(Page.NAME);

    assertThat(page).contains("| single | L1+L2 | 222 (").doesNotContain("| 111 (");
  }

  @Test
  void theScaleOutPrintsByHowMuchTheLawMissesWhatItWasNotShown() {
    Group group = Slices.group("7", Group.Topic.SCALE_OUT, Row.processes(1));
    for (int processes = 1; processes <= 6; processes++) {
      Cell cell = new Cell(Row.processes(processes), Cache.L1_L2, Scenario.LIST);
      group = group.with(Slices.slice(cell, 1, processes < 6 ? 100.0 * processes : 500));
    }

    Map<String, String> files = Page.files(List.of(group.completed()));

    assertThat(files.get(Page.NAME))
        .contains("| 5 | 500 (500 to 500) | 5.00 x (5.00 to 5.00) | 500 | 0.0 % |")
        .contains("| 6 | 500 (500 to 500) | 5.00 x (5.00 to 5.00) | 600 | 20.0 % |");
    assertThat(files.get("scale-out.svg")).contains("<circle").contains("</svg>");
  }

  @Test
  void aFileWithoutMarksIsNotWrittenTo() {
    assertThatThrownBy(() -> ReadmeBlock.replaced("# A project\n", "| 1 |\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the file has no lines");
  }

  private static Group listBesideExpress(double... costs) {
    Group group = Slices.group();
    for (int rotation = 1; rotation <= 6; rotation++) {
      group = group
          .with(Slices.cpu(Slices.SINGLE, rotation, costs[rotation % 2]))
          .with(Slices.cpu(Slices.EXPRESS, rotation, costs[2 + rotation % 2]));
    }
    return group;
  }

  private static String page(Group group) {
    return Page.files(List.of(group)).get(Page.NAME);
  }
}
