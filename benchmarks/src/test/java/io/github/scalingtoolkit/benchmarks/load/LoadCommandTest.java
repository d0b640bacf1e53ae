package io.github.scalingtoolkit.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class LoadCommandTest {
  private final List<String> taken = new ArrayList<>();

  @Test
  void oursAndWrkTakeTurnsAndMustBeWithinTenPercent() throws Exception {
    assertThat(LoadCommand.crossCheck(run(900, 0), () -> ours(910, 0), () -> wrk(990)))
        .isTrue();
    assertThat(taken).containsExactly("wrk", "wrk", "ours");

    assertThat(LoadCommand.crossCheck(run(900, 0), () -> ours(880, 0), () -> wrk(1000)))
        .isFalse();
  }

  @Test
  void nothingIsComparedWithAnInvalidRunOfOurs() throws Exception {
    assertThat(LoadCommand.crossCheck(run(1000, 1), () -> ours(1000, 0), () -> wrk(1000)))
        .isFalse();
    assertThat(taken).isEmpty();

    assertThat(LoadCommand.crossCheck(run(1000, 0), () -> ours(1000, 1), () -> wrk(1000)))
        .isFalse();
  }

  private Measured ours(long perSecond, long errors) {
    taken.add("ours");
    return run(perSecond, errors);
  }

  private double wrk(double perSecond) {
    taken.add("wrk");
    return perSecond;
  }

  /** A sound run of 10 s on 10 connections, but for its errors. */
  private static Measured run(long perSecond, long errors) {
    Histogram nanos = new Histogram(3);
    nanos.recordValueWithCount(10_000_000_000L / perSecond, 10 * perSecond);
    return new Measured(
        new LoadResult(
            new Model.Closed(10),
            Duration.ofSeconds(10),
            10 * perSecond,
            10 * perSecond,
            java.util.Collections.nCopies(Generator.SLICES, perSecond),
            errors,
            errors > 0 ? "status 500" : "",
            nanos,
            nanos,
            Duration.ofSeconds(1)),
        List.of());
  }
}
