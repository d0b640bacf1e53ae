package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.time.Instant;

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

  /**
   * Returns the job as bytes, to be kept by an {@link OutboxStore}: all but its id. A delay counts from now on.
   *
   * @throws QueueException if the payload cannot be written
   */
  public byte[] toBytes() {
    return Envelope.write(type, payload, options, System.currentTimeMillis());
  }

  /**
   * Returns the job that {@link #toBytes} was called on, in this process or another one, with {@code id}. Its payload is
   * not read, and is enqueued as it is.
   *
   * @throws IllegalArgumentException if the bytes are not a job
   * @throws QueueException if a newer version of this library wrote them, and this one cannot read all of it: leave them to
   *     a newer process
   */
  public static NewJob<byte[]> of(JobId id, byte[] bytes) {
    Envelope envelope = Envelope.read(bytes);
    Details details = envelope.details();
    if (details.version() == Details.UNKNOWN_VERSION) {
      throw new QueueException(
          "job " + id + " of type " + envelope.type()
              + " was written by a newer version, and this process cannot read all of it: update this process");
    }
    EnqueueOptions options = EnqueueOptions.defaults()
        .id(id)
        .priority(bytes[0] - '0')
        .maxAttempts(envelope.maxAttempts())
        .headers(details.headers());
    if (details.due() > 0) {
      options = options.notBefore(Instant.ofEpochMilli(details.due()));
    }
    if (details.timeLimit() > 0) {
      options = options.timeLimit(Duration.ofMillis(details.timeLimit()));
    }
    if (details.deadline() > 0) {
      options = options.deadline(Instant.ofEpochMilli(details.deadline()));
    }
    RetryPolicy retries = details.retries();
    if (retries != null) {
      options = options.retries(retries);
    }
    JobType<byte[]> type = JobType.of(envelope.type(), PayloadCodec.bytes());
    return new NewJob<>(type.version(details.version()), envelope.payload(), options);
  }
}
