package io.github.scalingtoolkit.queue;

/**
 * Runs round each handler of a worker: for traces, logging contexts, timing, transactions.
 *
 * <pre>{@code
 * worker.around((job, next) -> {
 *   MDC.put("job", job.id().value());
 *   try {
 *     return next.run();
 *   } finally {
 *     MDC.remove("job");
 *   }
 * })
 * }</pre>
 *
 * <p>Called on many threads at a time, on the thread of the handler, which is interrupted as one. May block.
 */
@FunctionalInterface
public interface JobMiddleware {
  /** The next middleware, or the handler. */
  @FunctionalInterface
  interface Next {
    /**
     * Runs it, and returns what it returned.
     *
     * @throws Exception what it threw
     */
    JobOutcome run() throws Exception;
  }

  /**
   * Runs a job, by {@code next} or without it. Its payload can be read: others do not get here.
   *
   * @return how the run ended
   * @throws Exception to fail the run, as if the handler had thrown it
   */
  JobOutcome around(Job<?> job, Next next) throws Exception;
}
