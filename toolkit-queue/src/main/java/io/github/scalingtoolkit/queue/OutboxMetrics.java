package io.github.scalingtoolkit.queue;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/**
 * Shows in Micrometer how an outbox is:
 *
 * <ul>
 *   <li>{@code toolkit.queue.outbox.sweeps{queue,outcome}}: sweeps that are {@code done}, that {@code kept} entries of ended
 *       jobs because the store refused to remove them, and that {@code failed} because store or Redis did not answer
 *   <li>{@code toolkit.queue.outbox.oldest{queue}}: seconds that the oldest entry has been owed, 0 if none is older than
 *       {@link Outbox.Builder#sweepAfter}
 *   <li>{@code toolkit.queue.outbox.stuck{queue}}: entries that cannot be enqueued or read, so that their jobs do not run
 * </ul>
 *
 * <p>Needs micrometer-core. The gauges tell what the last sweep that worked has seen, and are NaN before the first one and
 * once the outbox is closed. Reading them takes no round trip. Safe for use by several threads.
 */
public final class OutboxMetrics {
  private OutboxMetrics() {}

  /** Registers the meters of {@code outbox} with {@code registry}. */
  public static void bind(MeterRegistry registry, Outbox outbox) {
    OutboxHealth health = outbox.health();
    for (OutboxHealth.Outcome outcome : OutboxHealth.Outcome.values()) {
      FunctionCounter.builder("toolkit.queue.outbox.sweeps", health, of -> of.sweeps(outcome))
          .description("Sweeps by how they ended")
          .tag("queue", outbox.queue())
          .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    Gauge.builder("toolkit.queue.outbox.oldest", health, OutboxHealth::oldestSeconds)
        .description("How long the oldest entry has been owed")
        .baseUnit("seconds")
        .tag("queue", outbox.queue())
        .register(registry);
    Gauge.builder("toolkit.queue.outbox.stuck", health, OutboxHealth::stuck)
        .description("Entries that cannot be enqueued")
        .tag("queue", outbox.queue())
        .register(registry);
  }
}
