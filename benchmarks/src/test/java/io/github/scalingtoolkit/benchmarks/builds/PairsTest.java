package io.github.scalingtoolkit.benchmarks.builds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PairsTest {
  @Test
  void aMachineThatSlowsDownFavoursNeitherBuild() {
    Pairs rates = new Pairs("get", "calls/s", true);
    Pairs times = new Pairs("verify", "ns/op", false);
    for (int slower = 1; slower <= 8; slower++) {
      rates.add(8000.0 / slower, 8800.0 / slower);
      times.add(110.0 * slower, 100.0 * slower);
    }

    assertThat(rates.speed().low()).isCloseTo(1.1, within(1e-9));
    assertThat(rates.speed().high()).isCloseTo(1.1, within(1e-9));
    assertThat(times.speed().median()).isCloseTo(1.1, within(1e-9));
  }

  @Test
  void aVerdictNeedsTheWholeIntervalOnOneSide() {
    assertThat(pairs(1.0, 0.96, 1.02).line(0.95)).contains("not worse");
    assertThat(pairs(0.9, 0.8, 0.94).line(0.95)).contains("**worse**");
    assertThat(pairs(1.0, 0.9, 1.1).line(0.95)).doesNotContain("worse");
  }

  private static Pairs pairs(double... ratios) {
    Pairs pairs = new Pairs("get", "calls/s", true);
    for (double ratio : ratios) {
      pairs.add(1000, 1000 * ratio);
    }
    return pairs;
  }
}
