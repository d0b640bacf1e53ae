package io.github.scalingtoolkit.queue;

/**
 * A job to enqueue with others.
 *
 * @param <P> its payload
 * @param type its type
 * @param payload its payload
 * @param options how it is enqueued
 */
public record NewJob<P>(JobType<P> type, P payload, EnqueueOptions options) {
  /** Enqueues with the default options. */
  public NewJob(JobType<P> type, P payload) {
    this(type, payload, EnqueueOptions.defaults());
  }
}
