package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How long a failed job waits before its next attempt: a bound that depends on how often it has failed, less a random share
 * of it (jitter), so that jobs that failed together do not come back together. Snoozes and crashes of workers do not
 * count.
 *
 * <p>Immutable.
 */
public final class RetryPolicy {
  private static final Duration LONGEST = Duration.ofDays(3650);
  private static final int MOST_GIVEN = 50;
  private static final RetryPolicy DEFAULT =
      exponential(Duration.ofSeconds(1), Duration.ofMinutes(10));

  private final Kind kind;
  private final List<Duration> waits;
  private final int jitterPercent;

  private enum Kind {
    EXPONENTIAL('e'),
    LINEAR('l'),
    GIVEN('g');

    private final char letter;

    Kind(char letter) {
      this.letter = letter;
    }
  }

  private RetryPolicy(Kind kind, List<Duration> waits, int jitterPercent) {
    this.kind = kind;
    this.waits = waits;
    this.jitterPercent = jitterPercent;
  }

  /**
   * Returns a bound that doubles with each failure, with full jitter (Marc Brooker, Exponential Backoff and Jitter, 2015):
   * any time up to the bound, but never less than half of {@code first}.
   *
   * @param first the bound after the first failure, 1 ms or more
   * @param longest the largest bound, {@code first} to ten years
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public static RetryPolicy exponential(Duration first, Duration longest) {
    return new RetryPolicy(Kind.EXPONENTIAL, bounds(first, longest), 100);
  }

  /**
   * Returns a bound that grows by {@code step} with each failure, with full jitter as in {@link #exponential}.
   *
   * @param step the bound after the first failure, 1 ms or more
   * @param longest the largest bound, {@code step} to ten years
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public static RetryPolicy linear(Duration step, Duration longest) {
    return new RetryPolicy(Kind.LINEAR, bounds(step, longest), 100);
  }

  /**
   * Returns these waits, one after each failure, without jitter. The last one is repeated.
   *
   * @param waits 1 to 50, each 0 to ten years
   * @throws IllegalArgumentException if there are more or fewer, or one is out of bounds
   */
  public static RetryPolicy given(Duration... waits) {
    if (waits.length < 1 || waits.length > MOST_GIVEN) {
      throw new IllegalArgumentException(
          "there must be 1 to " + MOST_GIVEN + " waits but were " + waits.length);
    }
    for (Duration wait : waits) {
      Check.between("a wait", wait, Duration.ZERO, LONGEST);
    }
    return new RetryPolicy(Kind.GIVEN, List.of(waits), 0);
  }

  /** Returns {@link #exponential} from 1 s to 10 min. */
  public static RetryPolicy defaults() {
    return DEFAULT;
  }

  /**
   * Returns this policy with waits that are shorter than their bound by up to {@code share} of it, at random.
   *
   * @param share 0 (the bound itself) to 1 (anything up to it), kept in whole percents
   * @throws IllegalArgumentException if it is out of bounds
   */
  public RetryPolicy jitter(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("jitter must be 0 to 1 but was " + share);
    }
    return new RetryPolicy(kind, waits, (int) Math.round(share * 100));
  }

  private static List<Duration> bounds(Duration first, Duration longest) {
    if (first.toMillis() < 1 || longest.compareTo(first) < 0 || longest.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "backoff must be >= 1 ms and not longer than its bound, and that at most ten years, but was "
              + first + " up to " + longest);
    }
    return List.of(first, longest);
  }

  /** Returns the wait after the {@code failures}th failure, which counts from 1. */
  Duration backoff(int failures) {
    long bound = bound(failures);
    long least = bound - bound * jitterPercent / 100;
    if (kind != Kind.GIVEN) {
      least = Math.min(bound, Math.max(least, Math.max(1, waits.get(0).toMillis() / 2)));
    }
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(least, bound + 1));
  }

  private long bound(int failures) {
    return switch (kind) {
      case EXPONENTIAL ->
        Backoff.doubling(waits.get(0), waits.get(1)).ceiling(failures).toMillis();
      case LINEAR -> {
        long step = waits.get(0).toMillis();
        long longest = waits.get(1).toMillis();
        yield failures > longest / step ? longest : step * failures;
      }
      case GIVEN -> waits.get(Math.min(failures, waits.size()) - 1).toMillis();
    };
  }

  /** Returns this as an envelope keeps it: kind, waits in ms, and jitter in percent. */
  String text() {
    return kind.letter
        + waits.stream()
            .map(wait -> Long.toString(wait.toMillis(), 36))
            .collect(Collectors.joining(",", ":", ":"))
        + jitterPercent;
  }

  /** Reads what {@link #text} wrote; null for what another version may have written. */
  static @Nullable RetryPolicy read(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3) {
      return null;
    }
    for (Kind kind : Kind.values()) {
      if (parts[0].equals(String.valueOf(kind.letter))) {
        return read(kind, parts[1].split(","), parts[2]);
      }
    }
    return null;
  }

  private static @Nullable RetryPolicy read(Kind kind, String[] millis, String percent) {
    try {
      List<Duration> waits = new ArrayList<>();
      for (String wait : millis) {
        waits.add(Duration.ofMillis(Long.parseLong(wait, 36)));
      }
      RetryPolicy policy = switch (kind) {
        case EXPONENTIAL -> exponential(waits.get(0), waits.get(1));
        case LINEAR -> linear(waits.get(0), waits.get(1));
        case GIVEN -> given(waits.toArray(new Duration[0]));
      };
      return policy.jitter(Integer.parseInt(percent) / 100.0);
    } catch (IllegalArgumentException | IndexOutOfBoundsException unknown) {
      return null;
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RetryPolicy policy && text().equals(policy.text());
  }

  @Override
  public int hashCode() {
    return text().hashCode();
  }

  /** Shows kind, waits and jitter. */
  @Override
  public String toString() {
    return "RetryPolicy[" + kind + " " + Arrays.toString(waits.toArray()) + ", jitter "
        + jitterPercent + " %]";
  }
}
