package io.github.scalingtoolkit.queue;

import java.time.Instant;

/**
 * A job that has failed for good.
 *
 * @param id its id
 * @param type the name of its type; empty if what Redis holds of the job is damaged
 * @param attempts how often it ran; 0 if that is damaged
 * @param diedAt when it became a dead letter; 1970 if that is damaged
 * @param reason why
 */
public record DeadLetter(JobId id, String type, int attempts, Instant diedAt, String reason) {

  /** Tells whether what Redis holds of the job cannot be read: it can be discarded, and not be retried. */
  public boolean isDamaged() {
    return type.isEmpty();
  }
}
