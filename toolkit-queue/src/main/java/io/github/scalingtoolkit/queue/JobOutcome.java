package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.Objects;

/** How a run of a job ended, as reported by its handler. An exception means {@link #retry()}. */
public sealed interface JobOutcome {
  /** It is done. */
  record Done() implements JobOutcome {
    private static final Done INSTANCE = new Done();
  }

  /** It failed: again after the policy's backoff, unless it has failed too often. */
  record Retry() implements JobOutcome {}

  /** It failed: again after {@code delay}, unless it has failed too often. */
  record RetryIn(Duration delay) implements JobOutcome {
    /** @throws IllegalArgumentException if {@code delay} is not 0 to ten years */
    public RetryIn {
      requireDelay(delay);
    }
  }

  /** It is not time: again after {@code delay}, which counts as no failure. */
  record Snooze(Duration delay) implements JobOutcome {
    /** @throws IllegalArgumentException if {@code delay} is not 0 to ten years */
    public Snooze {
      requireDelay(delay);
    }
  }

  /** It will never succeed: a dead letter, with a reason for people to read, which must not contain a secret. */
  record Dead(String reason) implements JobOutcome {
    /** @throws NullPointerException if {@code reason} is null */
    public Dead {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /** It is done. */
  static JobOutcome done() {
    return Done.INSTANCE;
  }

  /** It failed: again after the policy's backoff. */
  static JobOutcome retry() {
    return new Retry();
  }

  /** It failed: again after {@code delay}. */
  static JobOutcome retryIn(Duration delay) {
    return new RetryIn(delay);
  }

  /** It is not time: again after {@code delay}. */
  static JobOutcome snooze(Duration delay) {
    return new Snooze(delay);
  }

  /** It will never succeed. */
  static JobOutcome dead(String reason) {
    return new Dead(reason);
  }

  private static void requireDelay(Duration delay) {
    if (delay.isNegative() || delay.compareTo(Duration.ofDays(3650)) > 0) {
      throw new IllegalArgumentException("delay must be 0 to ten years but was " + delay);
    }
  }
}
