package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the worker's lease every third of it, a little less often while the worker holds nothing; looks for jobs with each
 * beat; takes over the jobs of others as soon as their leases end.
 */
final class Beater {
  private static final Logger log = LoggerFactory.getLogger(Beater.class);
  private static final Duration LONG_LEASE = Duration.ofSeconds(10);
  private static final Duration AFTER_A_LEASE = Duration.ofMillis(5);

  private final String queue;
  private final Claims claims;
  private final QueueListener listener;
  private final Runnable onWork;
  private final BooleanSupplier hasFreeSlots;
  private final Consumer<Duration> onSlot;
  private final Duration third;
  private final Duration idle;
  private final Once paused = new Once();
  private Set<String> unhandled = Set.of();

  /**
   * Makes one.
   *
   * @param look how often it looks for jobs at least, while there are free slots
   * @param onSlot is told, with each beat, how long it is until the next slot of a schedule
   */
  Beater(
      String queue,
      Claims claims,
      QueueListener listener,
      Duration lease,
      Duration look,
      BooleanSupplier hasFreeSlots,
      Runnable onWork,
      Consumer<Duration> onSlot) {
    this.queue = queue;
    this.claims = claims;
    this.listener = listener;
    this.onWork = onWork;
    this.hasFreeSlots = hasFreeSlots;
    this.onSlot = onSlot;
    third = shorter(lease.dividedBy(3), look);
    // Without claims a lease is only a registration. A beat must not come so late, on a busy
    // machine, that its worker
    // seems to have been cut off.
    boolean isLong = lease.compareTo(LONG_LEASE) >= 0;
    idle = isLong ? shorter(lease.multipliedBy(2).dividedBy(5), look) : third;
  }

  /** A {@link Loop.Step}. */
  Duration turn() {
    Claims.Beat beat = claims.beat(hasFreeSlots.getAsBoolean());
    if (beat.takenOver() > 0 || beat.ready()) {
      // A wake-up call in Redis may go to a waiter whose machine is gone, or lie on a connection
      // that is half open.
      onWork.run();
    }
    if (beat.takenOver() > 0) {
      tell(() -> listener.onTakenOver(beat.takenOver()));
    }
    if (!beat.poison().isEmpty()) {
      log.warn(
          "queue={} jobs={} first={} cause=poison action=\"their workers ended or hung too often: look at the dead letters\"",
          queue,
          beat.poison().size(),
          logged(beat.poison().get(0)));
      tell(() -> listener.onPoison(beat.poison().size()));
    }
    if (!beat.unhandled().equals(unhandled)) {
      changed(beat.unhandled());
    }
    if (beat.paused()) {
      paused.tell(() -> log.warn(
          "queue={} state=paused by=operator action=\"its jobs wait: resume it when what it was paused for is over\"",
          queue));
    } else {
      paused.over(() -> log.info("queue={} state=resumed", queue));
    }
    onSlot.accept(beat.untilNextSlot());
    Duration nextEnds = beat.untilNextLeaseEnds().plus(AFTER_A_LEASE);
    return shorter(nextEnds, claims.held().isEmpty() ? idle : third);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** It may be no id: others write to Redis, too. */
  private static String logged(String id) {
    return JobId.isValid(id) ? id : Texts.escaped(Scripts.bytes(id));
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
