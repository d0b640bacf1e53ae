package io.github.scalingtoolkit.queue;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts and times a worker's runs in Micrometer: {@code toolkit.queue.runs{queue,type,outcome}},
 * {@code toolkit.queue.taken.over{queue}}, {@code toolkit.queue.poison{queue}}, {@code toolkit.queue.types.unhandled{queue}},
 * {@code toolkit.queue.slots.missed{queue}} and {@code toolkit.queue.unreachable{queue}}. Needs micrometer-core.
 */
public final class QueueMetrics implements QueueListener {
  private final MeterRegistry registry;
  private final String queue;
  private final Map<String, Timer> runs = new ConcurrentHashMap<>();
  private final Counter takenOver;
  private final Counter unreachable;
  private final Counter poison;
  private final Counter slotsMissed;
  private final AtomicInteger unhandled = new AtomicInteger();

  private QueueMetrics(MeterRegistry registry, String queue) {
    this.registry = registry;
    this.queue = queue;
    takenOver = Counter.builder("toolkit.queue.taken.over")
        .description("Jobs whose worker died or hung")
        .tag("queue", queue)
        .register(registry);
    unreachable = Counter.builder("toolkit.queue.unreachable")
        .description("Calls of the worker that Redis did not answer")
        .tag("queue", queue)
        .register(registry);
    poison = Counter.builder("toolkit.queue.poison")
        .description("Jobs that are dead because their workers ended or hung too often")
        .tag("queue", queue)
        .register(registry);
    slotsMissed = Counter.builder("toolkit.queue.slots.missed")
        .description(
            "Times that slots of a schedule were left out, since none was enqueued in time")
        .tag("queue", queue)
        .register(registry);
    Gauge.builder("toolkit.queue.types.unhandled", unhandled, AtomicInteger::get)
        .description("Types of ready jobs that no worker handles")
        .tag("queue", queue)
        .strongReference(true)
        .register(registry);
  }

  /** Returns a listener for a worker of {@code queue}. */
  public static QueueMetrics of(MeterRegistry registry, String queue) {
    return new QueueMetrics(registry, queue);
  }

  @Override
  public void onRun(String type, String outcome, Duration took) {
    runs.computeIfAbsent(
            type + "|" + outcome,
            key -> Timer.builder("toolkit.queue.runs")
                .description("Runs of jobs")
                .tag("queue", queue)
                .tag("type", type)
                .tag("outcome", outcome)
                .register(registry))
        .record(took);
  }

  @Override
  public void onTakenOver(int jobs) {
    takenOver.increment(jobs);
  }

  @Override
  public void onPoison(int jobs) {
    poison.increment(jobs);
  }

  @Override
  public void onUnhandledTypes(Set<String> types) {
    unhandled.set(types.size());
  }

  @Override
  public void onSlotsMissed(String schedule) {
    slotsMissed.increment();
  }

  @Override
  public void onUnreachable() {
    unreachable.increment();
  }
}
