package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClaimSizeTest {
  private static final int MEGABYTE = ClaimSize.MOST_BYTES;

  private final ClaimSize size = new ClaimSize();

  @Test
  void halvesWithEachTimeOutAndGrowsAgainStepByStep() {
    size.timedOut();
    size.timedOut();
    assertThat(size.bytes()).isEqualTo(MEGABYTE / 4);

    size.answered();
    assertThat(size.bytes()).isEqualTo(MEGABYTE / 4 + MEGABYTE / 16);

    for (int i = 0; i < 100; i++) {
      size.answered();
    }
    assertThat(size.bytes()).isEqualTo(MEGABYTE);
  }

  @Test
  void neverBecomesNothing() {
    for (int i = 0; i < 100; i++) {
      size.timedOut();
    }

    assertThat(size.bytes()).isOne();
  }

  @Test
  void allowsTimeForTheLargestJobThatCameBackAndThenTwiceThat() {
    size.timedOut();
    assertThat(size.expected()).isEqualTo(MEGABYTE);

    size.cameBack(0);
    assertThat(size.expected()).isEqualTo(MEGABYTE);
    size.cameBack(4 * MEGABYTE);
    assertThat(size.expected()).isEqualTo(4 * MEGABYTE);
    size.cameBack(4 * MEGABYTE);
    assertThat(size.expected()).isEqualTo(8 * MEGABYTE);
    for (int i = 0; i < 100; i++) {
      size.cameBack(4 * MEGABYTE);
    }
    assertThat(size.expected()).isEqualTo(ClaimSize.MOST_EXPECTED);
    for (int i = 0; i < 1000; i++) {
      size.answered();
    }
    assertThat(size.expected()).isEqualTo(MEGABYTE);
  }
}
