package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PrioritiesTest {
  @Test
  void strictServesTheFirstFirst() {
    assertThat(Priorities.strict().order()).isEqualTo("0123456789");
  }

  @Test
  void byWeightEachIsFirstAsOftenAsItsShareAndNoneIsLeftOut() {
    Priorities priorities = Priorities.weighted(60, 30, 2, 2, 1, 1, 1, 1, 1, 1);
    Random random = new Random(1);
    int[] first = new int[10];
    for (int i = 0; i < 10_000; i++) {
      String order = priorities.order(random);
      assertThat(order.chars().distinct().count()).isEqualTo(10);
      first[order.charAt(0) - '0']++;
    }

    assertThat(first[0]).isBetween(5800, 6200);
    assertThat(first[1]).isBetween(2800, 3200);
    assertThat(first[9]).isBetween(50, 150);
  }

  @Test
  void refusesOtherNumbersOfWeightsAndWeightsOutOfBounds() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Priorities.weighted(1, 2))
        .withMessageContaining("there were 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Priorities.weighted(1, 1, 1, 1, 1, 1, 1, 1, 1, 0))
        .withMessageContaining("was 0");
  }
}
