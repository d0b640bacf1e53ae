package io.github.scalingtoolkit.queue;

/**
 * The result of an enqueue.
 *
 * @param id the job's id
 * @param outcome whether it was new
 */
public record Enqueued(JobId id, Outcome outcome) {
  /** Whether a job was new. */
  public enum Outcome {
    /** The job is in the queue now. */
    ADDED,
    /** A job with that id was there already, and is unchanged. */
    PRESENT,
    /** A job with that id has ended already, and does not run again. */
    ENDED
  }
}
