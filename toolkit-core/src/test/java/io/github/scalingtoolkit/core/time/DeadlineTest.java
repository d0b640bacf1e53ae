package io.github.scalingtoolkit.core.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);

  @Test
  void passesWithMonotonicTimeWhateverTheWallClockDoes() {
    Deadline deadline = Deadline.after(Duration.ofSeconds(2), clock);

    clock.jump(Duration.ofDays(1));
    clock.advance(Duration.ofSeconds(1));
    assertThat(deadline.remaining()).isEqualTo(Duration.ofSeconds(1));
    assertThat(deadline.isExpired()).isFalse();

    clock.advance(Duration.ofSeconds(5));
    assertThat(deadline.remaining()).isEqualTo(Duration.ZERO);
    assertThat(deadline.isExpired()).isTrue();
  }

  @Test
  void theEarlierOfTwoNestedDeadlinesHolds() {
    Deadline far = Deadline.after(Duration.ofSeconds(10), clock);
    Deadline near = Deadline.after(Duration.ofSeconds(1), clock);

    List<Deadline> seen = far.call(() -> List.of(
        java.util.Objects.requireNonNull(Deadline.current()),
        near.call(() -> java.util.Objects.requireNonNull(Deadline.current())),
        java.util.Objects.requireNonNull(Deadline.current())));
    Deadline inner =
        near.call(() -> far.call(() -> java.util.Objects.requireNonNull(Deadline.current())));

    assertThat(seen).containsExactly(far, near, far);
    assertThat(inner).isSameAs(near);
    assertThat(Deadline.current()).isNull();
    assertThat(Deadline.currentIsExpired()).isFalse();
  }

  @Test
  void isGoneFromTheThreadAfterAnActionThatThrows() {
    Deadline deadline = Deadline.after(Duration.ZERO, clock);

    assertThatThrownBy(() -> deadline.call(() -> {
          assertThat(Deadline.currentIsExpired()).isTrue();
          throw new IllegalStateException("no");
        }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(Deadline.current()).isNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Deadline.after(Duration.ofSeconds(-1), clock));
  }

  @Test
  void oneThatIsFartherThanNanosecondsCanCountIsTenYearsAway() {
    Deadline far = Deadline.after(Duration.ofSeconds(Long.MAX_VALUE), clock);

    assertThat(far.isExpired()).isFalse();
    assertThat(far.remaining()).isEqualTo(Duration.ofDays(3650));
  }
}
