package io.github.scalingtoolkit.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** Wall and monotonic time that stand still until a test moves them. */
final class ManualClock implements InstantSource {
  private final Instant start;
  private final AtomicLong wallNanos = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();

  ManualClock(Instant start) {
    this.start = start;
  }

  /** Moves both forward. */
  void advance(Duration step) {
    nanos.addAndGet(step.toNanos());
    wallNanos.addAndGet(step.toNanos());
  }

  /** Moves wall time alone, as an operator or NTP would. */
  void jump(Duration by) {
    wallNanos.addAndGet(by.toNanos());
  }

  @Override
  public Instant instant() {
    return start.plusNanos(wallNanos.get());
  }

  long nanoTime() {
    return nanos.get();
  }
}
