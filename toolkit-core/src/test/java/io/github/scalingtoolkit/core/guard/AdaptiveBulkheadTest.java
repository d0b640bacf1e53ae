package io.github.scalingtoolkit.core.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

/** Against a model of a dependency that works on so many calls at a time and lets the others queue. */
class AdaptiveBulkheadTest {
  private static final long SERVICE = Duration.ofMillis(10).toNanos();

  private final ManualClock clock = ManualClock.startingAt(Instant.parse("2026-01-01T00:00:00Z"));
  private long now;
  private int highest;

  /** Serves {@code capacity} at a time, {@code serviceNanos} each; callers want {@code demand} under way. */
  private void run(
      AdaptiveBulkhead bulkhead, int capacity, long serviceNanos, int demand, Duration time) {
    PriorityQueue<long[]> underWay = new PriorityQueue<>((a, b) -> Long.compare(a[0], b[0]));
    long[] freeAt = new long[capacity];
    long end = now + time.toNanos();
    highest = 0;
    while (now < end) {
      while (underWay.size() < demand && bulkhead.tryEnter()) {
        int first = 0;
        for (int i = 1; i < capacity; i++) {
          first = freeAt[i] < freeAt[first] ? i : first;
        }
        freeAt[first] = Math.max(now, freeAt[first]) + serviceNanos;
        underWay.add(new long[] {freeAt[first], now});
        highest = Math.max(highest, underWay.size());
      }
      long[] done = underWay.remove();
      clock.advance(Duration.ofNanos(done[0] - now));
      now = done[0];
      bulkhead.leave(Outcome.SUCCESSFUL, now - done[1]);
    }
    while (!underWay.isEmpty()) {
      long[] done = underWay.remove();
      clock.advance(Duration.ofNanos(done[0] - now));
      now = done[0];
      bulkhead.leave(Outcome.IGNORED, 0);
    }
  }

  @Test
  void itFindsWhatTheDependencyWorksOnFromAboveAndFromBelow() {
    AdaptiveBulkhead bulkhead = new AdaptiveBulkhead(1, 1000, clock);

    run(bulkhead, 100, SERVICE, 5000, Duration.ofSeconds(25));
    assertThat(bulkhead.counts().limit()).isBetween(100, 200);

    run(bulkhead, 5, SERVICE, 5000, Duration.ofSeconds(25));
    assertThat(bulkhead.counts().limit()).isBetween(5, 15);
  }

  @Test
  void itStaysAtTheBoundAndProbesWithoutDriftingAway() {
    AdaptiveBulkhead bulkhead = new AdaptiveBulkhead(1, 1000, clock);

    run(bulkhead, 20, SERVICE, 5000, Duration.ofMinutes(10));

    assertThat(highest).isLessThanOrEqualTo(60);
    run(bulkhead, 20, SERVICE, 5000, Duration.ofSeconds(10));
    assertThat(bulkhead.counts().limit()).isBetween(10, 40);
  }

  @Test
  void aDependencySlowerForGoodGetsItsShareBack() {
    AdaptiveBulkhead bulkhead = new AdaptiveBulkhead(1, 1000, clock);
    run(bulkhead, 50, SERVICE, 5000, Duration.ofSeconds(20));

    run(bulkhead, 50, 5 * SERVICE, 5000, Duration.ofMinutes(5));

    assertThat(bulkhead.counts().limit()).isGreaterThanOrEqualTo(45);
  }

  @Test
  void whileLessThanHalfOfItIsUsedItStaysAsItIs() {
    AdaptiveBulkhead bulkhead = new AdaptiveBulkhead(1, 1000, clock);

    run(bulkhead, 100, SERVICE, 4, Duration.ofMinutes(1));

    assertThat(bulkhead.counts()).isEqualTo(new GuardCounts.Bulkhead(20, 20, 0));
  }

  @Test
  void failuresLowerItToItsLeastAndNoFurther() {
    AdaptiveBulkhead bulkhead = new AdaptiveBulkhead(3, 1000, clock);

    for (int second = 0; second < 60; second++) {
      clock.advance(AdaptiveBulkhead.WINDOW);
      for (int i = 0; i < 20; i++) {
        assertThat(bulkhead.tryEnter()).isTrue();
        bulkhead.leave(Outcome.FAILED, 1);
      }
    }

    assertThat(bulkhead.counts().limit()).isEqualTo(3);
  }

  @Test
  void whatIsRefusedByAGuardIsRefusedByItsBulkheadAndSaysSo() {
    Guard guard = Guard.builder("prices").adaptiveBulkhead(1, 2).clock(clock).build();

    assertThat(guard.counts().bulkhead()).isEqualTo(new GuardCounts.Bulkhead(2, 2, 0));
    int refused = guard.call(() -> guard.call(() -> guard.call(() -> 0, third -> 3)));

    assertThat(refused).isEqualTo(3);
    assertThat(guard.counts().bulkhead()).isEqualTo(new GuardCounts.Bulkhead(2, 2, 0));
  }

  @Test
  void boundsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> Guard.builder("a").adaptiveBulkhead(0, 5))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Guard.builder("a").adaptiveBulkhead(5, 4))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
