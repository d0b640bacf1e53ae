package io.github.scalingtoolkit.queue;

/** Where a job is. */
public enum JobState {
  /** Ready to be claimed by a worker. */
  WAITING,
  /** Not ready yet, because it was enqueued with a delay. */
  DELAYED,
  /** Being run. */
  ACTIVE,
  /** Waiting after a failure. */
  RETRY,
  /** Done, and remembered for a while. */
  COMPLETED,
  /** Ended by an operator before it was done, and remembered for a while. */
  CANCELLED,
  /** Failed for good: a dead letter, or one that was dropped and is remembered for a while. */
  DEAD
}
