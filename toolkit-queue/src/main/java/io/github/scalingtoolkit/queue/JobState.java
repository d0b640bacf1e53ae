package io.github.scalingtoolkit.queue;

/** Where a job is. */
public enum JobState {
  /** Ready, for whoever is free. */
  WAITING,
  /** Not ready yet, by the wish of whoever enqueued it. */
  DELAYED,
  /** Being run. */
  ACTIVE,
  /** Waiting after a failure. */
  RETRY,
  /** Done, and remembered for a while. */
  COMPLETED,
  /** Given up: a dead letter. */
  DEAD
}
