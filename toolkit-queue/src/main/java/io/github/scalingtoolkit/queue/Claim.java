package io.github.scalingtoolkit.queue;

import org.jspecify.annotations.Nullable;

/** A job that this worker holds: the fence of its end, and the time until which it is certainly this worker's. */
final class Claim {
  private final JobId id;
  private final long epoch;
  private final int failures;
  private final int crashes;
  private final Envelope envelope;
  private volatile long leaseEndsNanos;
  private volatile boolean lost;
  private volatile @Nullable Thread runner;

  Claim(JobId id, long epoch, int failures, int crashes, Envelope envelope, long leaseEndsNanos) {
    this.id = id;
    this.epoch = epoch;
    this.failures = failures;
    this.crashes = crashes;
    this.envelope = envelope;
    this.leaseEndsNanos = leaseEndsNanos;
  }

  JobId id() {
    return id;
  }

  long epoch() {
    return epoch;
  }

  int failures() {
    return failures;
  }

  int attempt() {
    return failures + crashes + 1;
  }

  Envelope envelope() {
    return envelope;
  }

  /** Renewed by a beat; {@code endsNanos} is one lease after the beat was sent. */
  void renewed(long endsNanos) {
    leaseEndsNanos = endsNanos;
  }

  void lose() {
    lost = true;
  }

  boolean isLost() {
    return lost;
  }

  boolean validAt(long nanos) {
    return !lost && leaseEndsNanos - nanos > 0;
  }

  boolean leaseOverAt(long nanos) {
    return leaseEndsNanos - nanos <= 0;
  }

  void runBy(@Nullable Thread thread) {
    runner = thread;
  }

  void interrupt() {
    Thread thread = runner;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
