package io.github.scalingtoolkit.queue;

/** Runs jobs of one type. Called on many threads at a time; may block; is interrupted when the worker gives up on it. */
@FunctionalInterface
public interface JobHandler<P> {
  /**
   * Runs a job.
   *
   * @throws Exception to run the job again by the retry policy; its class is logged, its message and topmost frames are
   *     kept with the job ({@link WorkerBuilder#redactMessages})
   */
  JobOutcome handle(Job<P> job) throws Exception;
}
