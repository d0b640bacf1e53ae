package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Check;
import java.time.Duration;

/**
 * How long a queue remembers jobs that have ended. Each process forgets by its own retention, so give all processes of a
 * queue the same. Immutable; each method that takes a value returns another one.
 *
 * @param givenIds how long the end of a job is remembered whose id a caller gave: {@link JobQueue#find} tells of it, and the
 *     job is not added again. 1 minute to 365 days; longer than an outbox may be late. Default: 24 h
 * @param madeIds the same for ids that were made, so that an enqueue that the network repeats adds nothing: 10 s to 365
 *     days. Default: 60 s
 * @param deadLetters how long a dead letter is kept, 1 minute to ten years. Default: 7 days
 * @param mostDeadLetters how many are kept, the newest ones, 1 to 1,000,000. Default: 10,000
 */
public record Retention(
    Duration givenIds, Duration madeIds, Duration deadLetters, int mostDeadLetters) {
  private static final Duration YEAR = Duration.ofDays(365);
  private static final int MOST = 1_000_000;
  private static final Retention DEFAULTS =
      new Retention(Duration.ofHours(24), Duration.ofSeconds(60), Duration.ofDays(7), 10_000);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if one is exceeded
   */
  public Retention {
    Check.between("givenIds", givenIds, Duration.ofMinutes(1), YEAR);
    Check.between("madeIds", madeIds, Duration.ofSeconds(10), YEAR);
    Check.between("deadLetters", deadLetters, Duration.ofMinutes(1), Duration.ofDays(3650));
    if (mostDeadLetters < 1 || mostDeadLetters > MOST) {
      throw new IllegalArgumentException(
          "mostDeadLetters must be 1 to " + MOST + " but was " + mostDeadLetters);
    }
  }

  /** Returns the defaults. */
  public static Retention defaults() {
    return DEFAULTS;
  }

  /** Returns one that remembers given ids for another time. */
  public Retention givenIds(Duration kept) {
    return new Retention(kept, madeIds, deadLetters, mostDeadLetters);
  }

  /** Returns one that remembers made ids for another time. */
  public Retention madeIds(Duration kept) {
    return new Retention(givenIds, kept, deadLetters, mostDeadLetters);
  }

  /** Returns one that keeps dead letters for another time, and another number of them. */
  public Retention deadLetters(Duration kept, int most) {
    return new Retention(givenIds, madeIds, kept, most);
  }
}
