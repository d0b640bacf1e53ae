package io.github.scalingtoolkit.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LocalEntriesTest {
  private static final long FAR = Duration.ofHours(1).toNanos();

  private final ManualClock clock = ManualClock.startingAt(Instant.EPOCH);
  private final LocalEntries<String> entries =
      new LocalEntries<>(100, Duration.ofMinutes(1), clock);

  @Test
  void nothingIsPutOrReadUntilItIsLive() {
    entries.install("k", entries.stamp("k"), "v", FAR);
    assertThat(entries.peek("k")).isNull();

    entries.onLive();

    assertThat(entries.peek("k")).isNull();
    entries.install("k", entries.stamp("k"), "v", FAR);
    assertThat(entries.peek("k")).isEqualTo(new Cached<>("v", Outcome.L1_HIT));
  }

  @Test
  void anInvalidationRemovesAndForbidsEarlierStamps() {
    entries.onLive();
    long stamp = entries.stamp("k");
    entries.install("k", stamp, "v1", FAR);

    entries.invalidate("k");
    entries.install("k", stamp, "v1", FAR);

    assertThat(entries.peek("k")).isNull();
  }

  @Test
  void aMessageInvalidatesItsSenderToo() {
    entries.onLive();
    long stamp = entries.stamp("schlüssel");
    entries.install("schlüssel", stamp, "v1", FAR);

    entries.onMessage("123456789012schlüssel".getBytes(UTF_8));

    assertThat(entries.peek("schlüssel")).isNull();
    assertThat(entries.stamp("schlüssel")).isNotEqualTo(stamp);
    entries.onMessage(new byte[3]);
  }

  @Test
  void aGapFlushesAndForbidsStampsFromBeforeAndDuringIt() {
    entries.onLive();
    long before = entries.stamp("k");
    entries.install("k", before, "v1", FAR);

    entries.onGap();
    long during = entries.stamp("k");
    entries.install("k", during, "v1", FAR);
    entries.onLive();
    entries.install("k", before, "v1", FAR);
    entries.install("k", during, "v1", FAR);

    assertThat(entries.peek("k")).isNull();
  }

  @Test
  void aFlushHidesEntriesByTheirGeneration() {
    entries.onLive();
    entries.install("k", entries.stamp("k"), "v", FAR);

    entries.flush();

    assertThat(entries.peek("k")).isNull();
    assertThat(entries.size()).isZero();
  }

  @Test
  void anEntryEndsAtItsDeadlineOrTheCapWhicheverComesFirst() {
    entries.onLive();
    entries.install(
        "deadline", entries.stamp("deadline"), "v", Duration.ofSeconds(5).toNanos());
    entries.install("cap", entries.stamp("cap"), "v", FAR);

    clock.advance(Duration.ofSeconds(5));
    assertThat(entries.peek("deadline")).isNull();
    assertThat(entries.peek("cap")).isNotNull();

    clock.advance(Duration.ofSeconds(55));
    assertThat(entries.peek("cap")).isNull();
  }

  @Test
  void aRefusedInstallLeavesTheNewerEntry() {
    entries.onLive();
    long old = entries.stamp("k");
    entries.invalidate("k");
    entries.install("k", entries.stamp("k"), "v2", FAR);

    entries.install("k", old, "v1", FAR);

    assertThat(entries.peek("k")).isEqualTo(new Cached<>("v2", Outcome.L1_HIT));
  }
}
