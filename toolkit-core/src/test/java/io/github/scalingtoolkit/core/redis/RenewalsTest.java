package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RenewalsTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - SECOND);
  private final Renewals renewals = new Renewals("shop@node", new RefusedWrites(), now::get);

  private long later(long nanos) {
    return now.addAndGet(nanos);
  }

  @Test
  void theFirstAnswerOutdatesAllThatAreOpenAndNoneThatIsMadeLater() {
    long before = later(1);
    later(1);

    renewals.answeredReadOnly(before);

    assertThat(renewals.isOutdated(before)).isTrue();
    assertThat(renewals.isOutdated(later(1))).isFalse();
  }

  @Test
  void aRenewalIsFollowedByTheNextASecondLaterAtTheEarliest() {
    long before = later(1);
    renewals.answeredReadOnly(later(1) - 1);
    assertThat(renewals.isOutdated(before)).isTrue();
    long fresh = later(1);
    long answered = later(1);

    renewals.answeredReadOnly(fresh);

    assertThat(renewals.isOutdated(fresh)).isFalse();
    later(SECOND);
    assertThat(renewals.isOutdated(fresh)).isTrue();
    assertThat(renewals.isOutdated(answered)).isFalse();
  }

  @Test
  void anAnswerOnAConnectionFromBeforeARenewalSaysNothingOfNewOnes() {
    long before = later(1);
    later(1);
    renewals.answeredReadOnly(before);
    long fresh = later(1);

    renewals.answeredReadOnly(before);

    later(2 * SECOND);
    assertThat(renewals.isOutdated(fresh)).isFalse();
  }

  @Test
  void aServerThatIsMeantToBeReadOnlyLosesItsConnectionsOnceASecond() {
    int renewed = 0;
    long open = later(1);
    for (int i = 0; i < 50; i++) {
      later(SECOND / 10);
      renewals.answeredReadOnly(now.get() - 1);
      if (renewals.isOutdated(open)) {
        renewed++;
        open = now.get();
      }
    }

    assertThat(renewed).isBetween(4, 6);
  }
}
