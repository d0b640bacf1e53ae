package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.time.Instant;

/** Slots at {@code first} and each {@code interval} after it, both in whole milliseconds. */
final class Interval extends Timing {
  private final Duration interval;
  private final Instant first;

  Interval(Duration interval, Instant first) {
    this.interval = interval;
    this.first = first;
  }

  @Override
  public Instant next(Instant time) {
    if (time.isBefore(first)) {
      return first;
    }
    long millis = interval.toMillis();
    long passed = time.toEpochMilli() - first.toEpochMilli();
    return first.plusMillis((passed / millis + 1) * millis);
  }

  @Override
  String text() {
    return "every " + interval.toMillis() + " " + first.toEpochMilli();
  }

  @Override
  public String toString() {
    return "every " + interval + (first.equals(Instant.EPOCH) ? "" : " from " + first);
  }
}
