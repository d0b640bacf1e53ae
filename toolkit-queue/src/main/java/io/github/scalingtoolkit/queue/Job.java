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

  Job(JobId id, int attempt, P payload, BooleanSupplier leaseValid) {
    this.id = id;
    this.attempt = attempt;
    this.payload = payload;
    this.leaseValid = leaseValid;
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

  /** Shows no payload. */
  @Override
  public String toString() {
    return "Job[" + id + ", attempt " + attempt + "]";
  }
}
