package io.github.scalingtoolkit.queue;

/**
 * What an enqueue came to.
 *
 * @param id the job's id
 * @param outcome whether it was new
 */
public record Enqueued(JobId id, Outcome outcome) {
  /** Whether a job was new. */
  public enum Outcome {
    /** It is in the queue now. */
    ADDED,
    /** One of that id was there already, and stays as it is. */
    PRESENT,
    /** One of that id has ended already, and does not run again. */
    ENDED
  }
}
