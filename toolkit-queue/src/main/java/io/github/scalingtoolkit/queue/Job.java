package io.github.scalingtoolkit.queue;

import java.util.function.BooleanSupplier;

/**
 * A job as its handler sees it.
 *
 * @param <P> its payload
 */
public final class Job<P> {
  private final JobId id;
  private final int attempt;
  private final P payload;
  private final BooleanSupplier leaseValid;
  private final BooleanSupplier cancelled;

  Job(JobId id, int attempt, P payload, BooleanSupplier leaseValid, BooleanSupplier cancelled) {
    this.id = id;
    this.attempt = attempt;
    this.payload = payload;
    this.leaseValid = leaseValid;
    this.cancelled = cancelled;
  }

  /** Returns the id: the same at each attempt, so that it can make side effects idempotent. */
  public JobId id() {
    return id;
  }

  /** Returns which run this is, from 1; failures and crashes before it count. */
  public int attempt() {
    return attempt;
  }

  /** Returns the payload. */
  public P payload() {
    return payload;
  }

  /**
   * Tells whether the job is certainly still this worker's. False after a pause longer than the lease or while Redis is
   * out of reach: another worker may run it. Ask before a step that must not be done twice.
   */
  public boolean leaseValid() {
    return leaseValid.getAsBoolean();
  }

  /**
   * Tells whether nobody waits for this run any more: the worker lost its lease, the run took longer than it may, or the
   * worker closes. The handler's thread was interrupted too, and how the run ends changes nothing. One volatile read: ask
   * in loops that do not block.
   */
  public boolean cancelled() {
    return cancelled.getAsBoolean();
  }

  /** Shows no payload. */
  @Override
  public String toString() {
    return "Job[" + id + ", attempt " + attempt + "]";
  }
}
