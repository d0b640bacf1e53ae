package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
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

  @Test
  void aLinearBoundGrowsByItsStepUpToTheLongest() {
    RetryPolicy linear =
        RetryPolicy.linear(Duration.ofSeconds(2), Duration.ofSeconds(5)).jitter(0);

    assertThat(IntStream.of(1, 2, 3, 1_000_000_000).mapToObj(linear::backoff))
        .containsExactly(
            Duration.ofSeconds(2),
            Duration.ofSeconds(4),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5));
  }

  @Test
  void givenWaitsAreTakenInTheirOrderAndTheLastOneIsRepeated() {
    RetryPolicy given = RetryPolicy.given(Duration.ZERO, Duration.ofMinutes(5));

    assertThat(IntStream.of(1, 2, 3, 999).mapToObj(given::backoff))
        .containsExactly(
            Duration.ZERO, Duration.ofMinutes(5), Duration.ofMinutes(5), Duration.ofMinutes(5));
  }

  @Test
  void jitterShortensByUpToItsShare() {
    RetryPolicy little = RetryPolicy.given(Duration.ofSeconds(10)).jitter(0.2);

    long[] waits =
        LongStream.range(0, 2000).map(i -> little.backoff(1).toMillis()).toArray();

    assertThat(Arrays.stream(waits).min().orElseThrow()).isBetween(8000L, 8200L);
    assertThat(Arrays.stream(waits).max().orElseThrow()).isBetween(9800L, 10_000L);
  }

  @Test
  void isReadAsItWasWrittenAndWhatIsOfALaterVersionIsNone() {
    for (RetryPolicy policy : List.of(
        RetryPolicy.defaults(),
        RetryPolicy.linear(Duration.ofMillis(7), Duration.ofDays(3650)).jitter(0.07),
        RetryPolicy.given(Duration.ZERO, Duration.ofMillis(1)))) {
      assertThat(RetryPolicy.read(policy.text())).isEqualTo(policy);
      assertThat(policy.text()).matches("[!-~]+");
    }
    for (String other : List.of("", "e:1", "z:1,2:0", "e:1:0", "e:-1,2:0", "g:1:101", "g::0")) {
      assertThat(RetryPolicy.read(other)).isNull();
    }
  }

  @Test
  void refusesWhatIsOutOfBounds() {
    assertThatIllegalArgumentException().isThrownBy(RetryPolicy::given);
    assertThatIllegalArgumentException().isThrownBy(() -> RetryPolicy.given(Duration.ofMillis(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RetryPolicy.linear(Duration.ZERO, Duration.ofSeconds(1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            RetryPolicy.exponential(Duration.ofSeconds(1), Duration.ofSeconds(Long.MAX_VALUE)));
    assertThatIllegalArgumentException().isThrownBy(() -> RetryPolicy.defaults().jitter(1.01));
  }
}
