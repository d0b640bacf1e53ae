package io.github.scalingtoolkit.queue;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a job is enqueued. Immutable; each method returns another.
 *
 * @param id the job's id, or null to have one made
 * @param delay how long it waits before it is ready; zero by default
 * @param priority 0 (first) to 9 (last); 5 by default
 * @param maxAttempts how often it may fail before it is dead, 1 to 999; 5 by default
 */
public record EnqueueOptions(@Nullable JobId id, Duration delay, int priority, int maxAttempts) {
  private static final Duration LONGEST = Duration.ofDays(3650);
  private static final EnqueueOptions DEFAULTS = new EnqueueOptions(null, Duration.ZERO, 5, 5);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException if a value is out of bounds
   */
  public EnqueueOptions {
    if (delay.isNegative() || delay.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("delay must be 0 to " + LONGEST + " but was " + delay);
    }
    if (priority < 0 || priority > 9) {
      throw new IllegalArgumentException("priority must be 0 to 9 but was " + priority);
    }
    if (maxAttempts < 1 || maxAttempts > 999) {
      throw new IllegalArgumentException("maxAttempts must be 1 to 999 but was " + maxAttempts);
    }
  }

  /** Returns the defaults. */
  public static EnqueueOptions defaults() {
    return DEFAULTS;
  }

  /** Names the job, which makes it unique. */
  public EnqueueOptions id(JobId id) {
    return new EnqueueOptions(id, delay, priority, maxAttempts);
  }

  /** Makes the job ready only after {@code delay}. */
  public EnqueueOptions delay(Duration delay) {
    return new EnqueueOptions(id, delay, priority, maxAttempts);
  }

  /** Runs the job before jobs with a higher number and after jobs with a lower number. */
  public EnqueueOptions priority(int priority) {
    return new EnqueueOptions(id, delay, priority, maxAttempts);
  }

  /** Lets the job fail this often. */
  public EnqueueOptions maxAttempts(int maxAttempts) {
    return new EnqueueOptions(id, delay, priority, maxAttempts);
  }
}
