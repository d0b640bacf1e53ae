package io.github.scalingtoolkit.queue;

import java.time.Duration;

/** Renews the worker's leases each third of one, and takes over what others let expire as soon as it has. */
final class Beater {
  private static final Duration AFTER_A_LEASE = Duration.ofMillis(5);

  private final Claims claims;
  private final QueueListener listener;
  private final Duration third;

  Beater(Claims claims, QueueListener listener, Duration lease) {
    this.claims = claims;
    this.listener = listener;
    third = lease.dividedBy(3);
  }

  /** A {@link Loop.Turn}. */
  Duration turn() {
    Claims.Beat beat = claims.beat();
    if (beat.takenOver() > 0) {
      listener.onTakenOver(beat.takenOver());
    }
    Duration firstEnds = beat.untilFirstLeaseEnds().plus(AFTER_A_LEASE);
    return firstEnds.compareTo(third) < 0 ? firstEnds : third;
  }
}
