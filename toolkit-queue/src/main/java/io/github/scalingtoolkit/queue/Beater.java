package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renews the worker's lease every third of it, and takes over the jobs of others as soon as their leases end. */
final class Beater {
  private static final Logger log = LoggerFactory.getLogger(Beater.class);
  private static final Duration AFTER_A_LEASE = Duration.ofMillis(5);

  private final String queue;
  private final Claims claims;
  private final QueueListener listener;
  private final Duration third;
  private final Runnable onTakenOver;
  private Set<String> unhandled = Set.of();

  Beater(
      String queue, Claims claims, QueueListener listener, Duration lease, Runnable onTakenOver) {
    this.queue = queue;
    this.claims = claims;
    this.listener = listener;
    this.onTakenOver = onTakenOver;
    third = lease.dividedBy(3);
  }

  /** A {@link Loop.Step}. */
  Duration turn() {
    Claims.Beat beat = claims.beat();
    if (beat.takenOver() > 0) {
      // The wake-up call in Redis may go to a waiter whose machine is gone.
      onTakenOver.run();
      tell(() -> listener.onTakenOver(beat.takenOver()));
    }
    if (!beat.poison().isEmpty()) {
      log.warn(
          "queue={} jobs={} first={} cause=poison action=\"their workers ended or hung too often: look at the dead letters\"",
          queue,
          beat.poison().size(),
          beat.poison().get(0));
      tell(() -> listener.onPoison(beat.poison().size()));
    }
    if (!beat.unhandled().equals(unhandled)) {
      changed(beat.unhandled());
    }
    Duration nextEnds = beat.untilNextLeaseEnds().plus(AFTER_A_LEASE);
    return nextEnds.compareTo(third) < 0 ? nextEnds : third;
  }

  private void changed(Set<String> now) {
    for (String type : now) {
      if (!unhandled.contains(type)) {
        log.warn(
            "queue={} type={} cause=no-worker action=\"its jobs wait: start a worker that handles the type\"",
            queue,
            type);
      }
    }
    if (now.isEmpty()) {
      log.info("queue={} types=handled", queue);
    }
    unhandled = now;
    tell(() -> listener.onUnhandledTypes(now));
  }

  private void tell(Runnable call) {
    try {
      call.run();
    } catch (Throwable broken) {
      // A failing listener must not count as a failing beat.
      log.warn("queue={} listener=failed cause={}", queue, broken.getClass().getName());
    }
  }
}
