package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.report.Cache;
import io.github.scalingtoolkit.benchmarks.report.Cell;
import io.github.scalingtoolkit.benchmarks.report.RatioGoal;
import io.github.scalingtoolkit.benchmarks.report.Row;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlansTest {
  private static final URI NOWHERE = URI.create("redis://127.0.0.1:1");

  @TempDir
  private Path directory;

  private Children children;
  private SessionContext context;

  @BeforeEach
  void prepare() throws Exception {
    children = new Children(directory);
    context = new SessionContext(
        new Artifacts(Path.of("..")), children, new Stores(1, NOWHERE, 1, 1, "none"), directory);
  }

  @AfterEach
  void close() {
    children.close();
  }

  @Test
  void quickHasListAndHealthOfElevenSetUpsInAQuarterOfAnHour() {
    List<GroupPlan> quick = new Plans(context, SessionCommand.Kind.QUICK.timing()).quick();

    List<Cell> cells = cells(quick);
    for (Scenario scenario : List.of(Scenario.LIST, Scenario.HEALTH)) {
      for (Row row : List.of(Row.SINGLE, Row.CLUSTER, Row.K8S_SHAPE)) {
        for (Cache cache : List.of(Cache.OFF, Cache.L2, Cache.L1_L2)) {
          assertThat(cells).contains(new Cell(row, cache, scenario));
        }
      }
      assertThat(cells).contains(new Cell(Row.FLOOR, Cache.NONE, scenario));
      assertThat(cells).contains(new Cell(new Row("express"), Cache.OWN, scenario));
    }
    assertThat(quick).allMatch(GroupPlan::quotas);
    assertThat(quick.stream().mapToDouble(GroupPlan::seconds).sum()).isLessThan(14 * 60);
  }

  @Test
  void theProcessesOfAGroupAndItsSupervisorStayBelowOneCore() {
    for (GroupPlan plan : new Plans(context, SessionCommand.Kind.QUICK.timing()).quick()) {
      int most = plan.contenders().stream().mapToInt(Contender::warms).max().orElse(0);

      assertThat(most * GroupPlan.CORES
              + Objects.requireNonNull(plan.quota("test")).frontCores())
          .isLessThan(1);
    }
  }

  @Test
  void publishHasEveryPeerBesideOneProcess() {
    Plans plans = new Plans(context, SessionCommand.Kind.PUBLISH.timing());

    List<Cell> cells = cells(plans.publish(List.of("express", "fastify")));

    assertThat(cells)
        .contains(new Cell(new Row("fastify"), Cache.OWN, Scenario.LIST))
        .contains(new Cell(new Row("express"), Cache.OWN, Scenario.MIX))
        .contains(new Cell(Row.processes(6), Cache.L1_L2, Scenario.LIST));
  }

  @Test
  void everyRatioWithAGoalIsMeasured() {
    List<Cell> cells = cells(new Plans(context, SessionCommand.Kind.RATIOS.timing()).ratios());

    for (RatioGoal goal : RatioGoal.values()) {
      assertThat(cells).contains(goal.above(), goal.below());
    }
  }

  private static List<Cell> cells(List<GroupPlan> plans) {
    List<Cell> cells = new ArrayList<>();
    for (GroupPlan plan : plans) {
      for (Contender contender : plan.contenders()) {
        for (Scenario scenario : plan.scenarios()) {
          if (contender.scenarios().contains(scenario)) {
            cells.add(contender.cell(scenario));
          }
        }
      }
    }
    return cells;
  }
}
