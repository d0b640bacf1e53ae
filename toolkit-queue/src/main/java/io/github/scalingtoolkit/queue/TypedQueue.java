package io.github.scalingtoolkit.queue;

import java.util.List;
import java.util.Objects;

/**
 * A {@link JobQueue} for jobs of one type: {@code mail.of(WELCOME).enqueue(new Welcome("ada"))}. Methods take the round
 * trips and throw the exceptions of those of {@link JobQueue}.
 *
 * <p>Immutable, and safe for use by several threads.
 *
 * @param <P> the payload
 */
public final class TypedQueue<P> {
  private final JobQueue queue;
  private final JobType<P> type;
  private final EnqueueOptions options;

  TypedQueue(JobQueue queue, JobType<P> type, EnqueueOptions options) {
    this.queue = queue;
    this.type = Objects.requireNonNull(type, "type");
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * Returns this queue with other defaults for its jobs.
   *
   * @throws IllegalArgumentException if they give an id, which each job has for itself
   */
  public TypedQueue<P> defaults(EnqueueOptions options) {
    if (options.id().isPresent()) {
      throw new IllegalArgumentException("defaults must give no id but gave "
          + options.id().get() + ": each job has one for itself");
    }
    return new TypedQueue<>(queue, type, options);
  }

  /** Returns the defaults, to be changed for one job: {@code mail.enqueue(payload, mail.options().priority(0))}. */
  public EnqueueOptions options() {
    return options;
  }

  /** Enqueues a job with the defaults. */
  public Enqueued enqueue(P payload) {
    return enqueue(payload, options);
  }

  /** Enqueues a job with {@code options} instead of the defaults. */
  public Enqueued enqueue(P payload, EnqueueOptions options) {
    return queue.enqueue(type, payload, options);
  }

  /**
   * Enqueues several jobs with the defaults, as {@link JobQueue#enqueueAll} does.
   *
   * @param payloads at most {@value JobQueue#MOST_AT_ONCE}
   */
  public List<Enqueued> enqueueAll(List<P> payloads) {
    return queue.enqueueAll(payloads.stream()
        .<NewJob<?>>map(payload -> new NewJob<>(type, payload, options))
        .toList());
  }
}
