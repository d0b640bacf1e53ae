package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A job as its handler sees it. Safe for use by several threads.
 *
 * @param <P> its payload
 */
public final class Job<P> {
  private final String queue;
  private final JobId id;
  private final P payload;
  private final Claim claim;
  private final Clock clock;

  Job(String queue, JobId id, P payload, Claim claim, Clock clock) {
    this.queue = queue;
    this.id = id;
    this.payload = payload;
    this.claim = claim;
    this.clock = clock;
  }

  /** Returns the id: the same at each attempt, so that it can make side effects idempotent. */
  public JobId id() {
    return id;
  }

  /** Returns the name of its queue. */
  public String queue() {
    return queue;
  }

  /** Returns the name of its type. */
  public String type() {
    return claim.envelope().type();
  }

  /**
   * Returns a text that is the same at each attempt of this job, and no other job has, in any queue: for the idempotency key
   * of an HTTP call, or a unique column. At most 210 visible ASCII characters for a queue with a plain name.
   */
  public String idempotencyKey() {
    // An id may have a slash, too: the first one ends the queue.
    return Texts.escaped(Scripts.bytes(queue)).replace("/", "%2F") + "/" + id.value();
  }

  /** Returns which run this is, from 1; failures and crashes before it count, snoozes do not. */
  public int attempt() {
    return claim.attempt();
  }

  /** Returns whether a failure of this run is the last one that the job may have: it is dead then. */
  public boolean isLastAttempt() {
    return claim.isLastAttempt();
  }

  /** Returns the payload. */
  public P payload() {
    return payload;
  }

  /** Returns the headers that it was enqueued with, by name. */
  public Map<String, String> headers() {
    return claim.envelope().details().headers();
  }

  /** Returns when it was enqueued, to the millisecond, by the clock of the process that did so. */
  public Instant enqueuedAt() {
    long known = claim.envelope().details().enqueuedAt();
    return Instant.ofEpochMilli(known == 0 ? id.madeAt() : known);
  }

  /** Returns the time from which on it is useless, if there is one: its run is interrupted then. */
  public Optional<Instant> deadline() {
    long deadline = claim.envelope().details().deadline();
    return deadline == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(deadline));
  }

  /**
   * Tells whether the job is certainly still this worker's. False after a pause longer than the lease or while Redis is
   * out of reach: another worker may run it. Ask before a step that must not be done twice.
   */
  public boolean leaseValid() {
    return claim.validAt(clock.nanoTime());
  }

  /**
   * Tells whether nobody waits for this run any more: the worker lost its lease, the run took longer than it may, or the
   * worker closes. The handler's thread was interrupted too, and how the run ends changes nothing. One volatile read: ask
   * in loops that do not block.
   */
  public boolean cancelled() {
    return claim.isCancelled();
  }

  /** Shows no payload. */
  @Override
  public String toString() {
    return "Job[" + id + ", attempt " + attempt() + "]";
  }
}
