package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** Shows monotonic time to Resilience4j, which measures its open state by an instant, so that wall time may jump. */
final class MonotonicJavaClock extends java.time.Clock {
  private final Clock clock;
  private final Instant anchor;
  private final long anchorNanos;

  MonotonicJavaClock(Clock clock) {
    this.clock = clock;
    anchor = clock.now();
    anchorNanos = clock.nanoTime();
  }

  @Override
  public Instant instant() {
    return anchor.plusNanos(clock.nanoTime() - anchorNanos);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public java.time.Clock withZone(ZoneId zone) {
    return this;
  }
}
