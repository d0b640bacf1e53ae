package io.github.scalingtoolkit.benchmarks.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.benchmarks.report.MedianInterval;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whether the interval of a ratio holds the true one, on machines that do what shared machines do. */
class RotationNoiseTest {
  private static final int RUNS = 1_000;
  private static final int ROWS = 9;
  private static final int ROTATIONS = 10;
  private static final double TRUE_RATIO = 3.7;

  /** What a machine does meanwhile: returns its speed in slice {@code at} of {@code of}. */
  enum Machine {
    QUIET,
    /** Gets slower by up to half, or faster. */
    DRIFTS,
    /** Changes its speed at once, once or twice. */
    STEPS,
    /** Loses most of a slice now and then, in any row. */
    SPIKES,
    /** A random walk: neighbours meet about the same machine, slices far apart do not. */
    WANDERS,
    /** All of it. */
    ALL;

    double[] speeds(Random random, int slices) {
      double[] speeds = new double[slices];
      double drift = has(DRIFTS) ? random.nextDouble() - 0.5 : 0;
      double[] steps = {random.nextDouble(), random.nextDouble()};
      double[] depths = {0.5 + random.nextDouble(), 0.5 + random.nextDouble()};
      double walk = 0;
      for (int at = 0; at < slices; at++) {
        double time = (double) at / slices;
        double speed = 1 + drift * time;
        for (int step = 0; step < steps.length; step++) {
          speed *= has(STEPS) && time > steps[step] ? depths[step] : 1;
        }
        speed *= has(SPIKES) && random.nextDouble() < 0.1 ? 0.2 + 0.5 * random.nextDouble() : 1;
        walk += has(WANDERS) ? 0.03 * random.nextGaussian() : 0;
        speeds[at] = speed * Math.exp(walk + 0.05 * random.nextGaussian());
      }
      return speeds;
    }

    private boolean has(Machine what) {
      return this == what || this == ALL;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theTrueRatioIsInTheIntervalInNineOfTenSeededRuns(Machine machine) {
    int held = 0;

    for (int seed = 0; seed < RUNS; seed++) {
      MedianInterval interval = run(machine, new Random(seed));
      held += interval.low() <= TRUE_RATIO && TRUE_RATIO <= interval.high() ? 1 : 0;
    }

    assertThat(held).isGreaterThanOrEqualTo(RUNS * 9 / 10);
  }

  /** One of the rows answers so many times what the reference does; which one, and so when it is loaded, is by chance. */
  private static MedianInterval run(Machine machine, Random random) {
    List<Integer> rows = IntStream.range(0, ROWS).boxed().toList();
    int row = 1 + random.nextInt(ROWS - 1);
    double[] speeds = machine.speeds(random, ROWS * ROTATIONS);
    double[] ratios = new double[ROTATIONS];
    for (int rotation = 1; rotation <= ROTATIONS; rotation++) {
      List<Integer> order = GroupPlan.order(rows, rotation);
      int begin = (rotation - 1) * ROWS;
      ratios[rotation - 1] =
          TRUE_RATIO * speeds[begin + order.indexOf(row)] / speeds[begin + order.indexOf(0)];
    }
    return MedianInterval.of(ratios);
  }
}
