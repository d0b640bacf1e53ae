package io.github.scalingtoolkit.benchmarks.builds;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CoresTest {
  @Test
  void readsTheKernelsListOfCores() {
    assertThat(Cores.parse("0-1,4")).containsExactly(0, 1, 4);
    assertThat(Cores.parse("7")).containsExactly(7);
  }
}
