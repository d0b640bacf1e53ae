package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryPolicyTest {
  private static final RetryPolicy POLICY =
      RetryPolicy.exponential(Duration.ofMillis(1000), Duration.ofMillis(10_000));

  private static LongStream waits(int failures) {
    return LongStream.range(0, 2000).map(i -> POLICY.backoff(failures).toMillis());
  }

  @ParameterizedTest
  @CsvSource({"1,1000", "2,2000", "3,4000", "4,8000", "5,10000", "6,10000", "1000,10000"})
  void theBoundDoublesWithEachFailureUpToTheLongest(int failures, long bound) {
    // One of 2,000 is in the uppermost twentieth but for one chance in 10^44.
    assertThat(waits(failures).max().orElseThrow()).isBetween(bound - bound / 20, bound);
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "5", "1000"})
  void theWaitIsAtRandomAndNeverLessThanHalfTheFirstBound(int failures) {
    assertThat(waits(failures).min().orElseThrow()).isBetween(500L, 1000L);
    assertThat(waits(failures).distinct().count()).isGreaterThan(100);
  }

  @Test
  void theShortestBoundsStillWait() {
    RetryPolicy shortest = RetryPolicy.exponential(Duration.ofMillis(1), Duration.ofMillis(1));

    assertThat(shortest.backoff(1)).isEqualTo(Duration.ofMillis(1));
    assertThat(shortest.backoff(50)).isEqualTo(Duration.ofMillis(1));
  }
}
