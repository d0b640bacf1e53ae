package io.github.scalingtoolkit.core.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

  @Test
  void doublesWithEachFailureUpToTheLongest() {
    Backoff backoff = Backoff.doubling(Duration.ofMillis(20), Duration.ofSeconds(1));

    assertThat(IntStream.rangeClosed(1, 8).mapToObj(backoff::after).map(Duration::toMillis))
        .containsExactly(20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L);
    assertThat(backoff.after(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(1));
    assertThat(backoff.after(0)).isEqualTo(Duration.ofMillis(20));
  }

  @Test
  void neverOverflows() {
    assertThat(Backoff.doubling(Duration.ofNanos(1), FOREVER).after(63))
        .isEqualTo(Duration.ofNanos(1L << 62));
    assertThat(Backoff.doubling(Duration.ofNanos(3), FOREVER).after(63)).isEqualTo(FOREVER);
    assertThat(Backoff.doubling(FOREVER, FOREVER).after(2)).isEqualTo(FOREVER);
    assertThat(Backoff.doubling(FOREVER, FOREVER.plusDays(1)).after(2)).isEqualTo(FOREVER);
    assertThat(Backoff.doubling(Duration.ZERO, FOREVER).after(99)).isEqualTo(Duration.ZERO);
  }

  @Test
  void jitterTakesUpToItsShareOfTheCeiling() {
    Backoff backoff = Backoff.doubling(Duration.ofMillis(100), Duration.ofSeconds(1));

    assertThat(backoff.jitter(0.5, () -> 0).after(2)).isEqualTo(Duration.ofMillis(200));
    assertThat(backoff.jitter(0.5, () -> 0.5).after(2)).isEqualTo(Duration.ofMillis(150));
    assertThat(backoff.jitter(1, () -> 0.999).after(2)).isLessThan(Duration.ofMillis(1));
    assertThat(IntStream.range(0, 1000).mapToObj(i -> backoff.jitter(0.5).after(9)))
        .allMatch(wait -> wait.toMillis() >= 500 && wait.toMillis() <= 1000)
        .anyMatch(wait -> wait.toMillis() < 700)
        .anyMatch(wait -> wait.toMillis() > 800);
    assertThat(backoff.jitter(0.5).ceiling(9)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void refusesWhatIsNoBackoff() {
    Duration second = Duration.ofSeconds(1);

    assertThatThrownBy(() -> Backoff.doubling(second.negated(), second))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT-1S up to PT1S");
    assertThatThrownBy(() -> Backoff.doubling(second, Duration.ofMillis(999)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Backoff.doubling(second, second).jitter(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 to 1");
  }
}
