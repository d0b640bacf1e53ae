package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class MissedRunsTest {
  private static final Timing HOURLY = Timing.every(Duration.ofHours(1));
  private static final Instant SLOT = Instant.parse("2026-12-01T08:00:00Z");

  private static List<String> run(MissedRuns policy, Timing timing, Duration late) {
    return policy.of(timing, SLOT, SLOT.plus(late)).stream()
        .map(Instant::toString)
        .toList();
  }

  @Test
  void whatIsInTimeRunsUnderEachPolicy() {
    for (MissedRuns policy : List.of(MissedRuns.skip(), MissedRuns.latest(), MissedRuns.all(5))) {
      assertThat(run(policy, HOURLY, Duration.ZERO)).containsExactly("2026-12-01T08:00:00Z");
      assertThat(run(policy, HOURLY, Duration.ofSeconds(30)))
          .containsExactly("2026-12-01T08:00:00Z");
    }
  }

  @Test
  void afterAnOutageEachPolicyRunsWhatItSays() {
    Duration outage = Duration.ofHours(3).plusMinutes(20);

    assertThat(run(MissedRuns.skip(), HOURLY, outage)).isEmpty();
    assertThat(run(MissedRuns.latest(), HOURLY, outage)).containsExactly("2026-12-01T11:00:00Z");
    assertThat(run(MissedRuns.all(3), HOURLY, outage))
        .containsExactly("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z");
    assertThat(run(MissedRuns.all(100), HOURLY, outage))
        .containsExactly(
            "2026-12-01T08:00:00Z",
            "2026-12-01T09:00:00Z",
            "2026-12-01T10:00:00Z",
            "2026-12-01T11:00:00Z");
  }

  @Test
  void skipsWhatIsOldAndRunsTheOneThatIsInTime() {
    assertThat(run(MissedRuns.skip(), HOURLY, Duration.ofHours(2).plusSeconds(10)))
        .containsExactly("2026-12-01T10:00:00Z");
    assertThat(run(MissedRuns.skip(), HOURLY, Duration.ofSeconds(31))).isEmpty();
  }

  @Test
  void aSlotThatTheTimingDoesNotKnowIsRunAsItStands() {
    Timing daily = Timing.cron("0 9 * * *", "UTC");

    assertThat(run(MissedRuns.all(5), daily, Duration.ofHours(2)))
        .containsExactly("2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z");
  }

  @Test
  void aYearOfSecondsIsDecidedAboutAtOnce() {
    Timing timing = Timing.cron("* * * * * *", "UTC");

    assertThat(run(MissedRuns.all(100), timing, Duration.ofDays(365)))
        .hasSize(100)
        .startsWith("2027-12-01T07:58:21Z")
        .endsWith("2027-12-01T08:00:00Z");
  }

  @Test
  void isReadAgainAndRefusesWhatIsOutOfBounds() {
    for (MissedRuns policy : List.of(MissedRuns.skip(), MissedRuns.latest(), MissedRuns.all(7))) {
      assertThat(MissedRuns.read(policy.text())).isEqualTo(policy).hasSameHashCodeAs(policy);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MissedRuns.all(0))
        .withMessage("most must be 1 to 100 but was 0");
    assertThatIllegalArgumentException().isThrownBy(() -> MissedRuns.all(101));
    assertThatIllegalArgumentException().isThrownBy(() -> MissedRuns.read("later"));
  }
}
