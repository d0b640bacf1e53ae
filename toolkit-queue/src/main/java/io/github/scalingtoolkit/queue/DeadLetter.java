package io.github.scalingtoolkit.queue;

import java.time.Instant;

/**
 * A job that has failed for good.
 *
 * @param id its id; if Redis holds a dead letter under what is no id, {@code damaged:} and that, escaped
 * @param type the name of its type; empty if what Redis holds of the job is damaged
 * @param attempts how often it ran; 0 if that is damaged
 * @param diedAt when it became a dead letter; 1970 if that is damaged
 * @param cause what kind of end it was
 * @param reason why, for people
 */
public record DeadLetter(
    JobId id, String type, int attempts, Instant diedAt, Cause cause, String reason) {
  /** Kinds of ends of a job that is dead. */
  public enum Cause {
    /** Its runs failed too often, or its handler gave up. */
    FAILED,
    /** Its workers ended or hung too often while they ran it. */
    POISON,
    /** Its deadline was over, or left no time for another attempt. */
    EXPIRED,
    /** What Redis holds of it cannot be read. */
    DAMAGED
  }

  /** Tells whether what Redis holds of the job cannot be read: it can be discarded, and not be retried. */
  public boolean isDamaged() {
    return cause == Cause.DAMAGED;
  }
}
