package io.github.scalingtoolkit.todo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {
  @Test
  void waitsTwiceAsLongAfterEachEndUpToAMinute() {
    RestartPolicy policy = new RestartPolicy(() -> 0);

    assertThat(IntStream.rangeClosed(1, 10).mapToObj(policy::delayAfter).map(Duration::toMillis))
        .containsExactly(500L, 1000L, 2000L, 4000L, 8000L, 16000L, 32000L, 60000L, 60000L, 60000L);
    assertThat(policy.delayAfter(Integer.MAX_VALUE)).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void takesUpToAFifthOffSoThatNotAllComeBackAtOnce() {
    assertThat(new RestartPolicy(() -> 0.5).delayAfter(2)).isEqualTo(Duration.ofMillis(900));
    assertThat(new RestartPolicy(() -> 0.999).delayAfter(8)).isGreaterThan(Duration.ofSeconds(48));
  }
}
