package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Clock;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows in Micrometer how many jobs of a queue are in each state: {@code toolkit.queue.jobs{queue,state}} with the states
 * waiting, delayed, active and dead; in {@code toolkit.queue.paused{queue}} 1 while an operator has paused it, and in
 * {@code toolkit.queue.version.refused{queue}} 1 while this process neither
 * enqueues nor claims because the data in Redis has another version. Needs micrometer-core.
 *
 * <p>Reading the gauges takes two round trips for all of them, at most every two seconds; while Redis does not answer they
 * are NaN, so that no autoscaler acts on an unknown number. Safe for use by several threads.
 */
public final class QueueDepthMetrics {
  private static final Logger log = LoggerFactory.getLogger(QueueDepthMetrics.class);
  private static final Duration FRESH = Duration.ofSeconds(2);

  private final QueueInspector inspector;
  private final Clock clock;
  private final ReentrantLock reading = new ReentrantLock();
  private @Nullable QueueCounts counts;
  private long readAt;
  private volatile boolean paused;

  QueueDepthMetrics(QueueInspector inspector, Clock clock) {
    this.inspector = inspector;
    this.clock = clock;
    readAt = clock.nanoTime() - FRESH.toNanos();
  }

  /** Registers the gauges of {@code queue} with {@code registry}. */
  public static void bind(MeterRegistry registry, JobQueue queue) {
    new QueueDepthMetrics(QueueInspector.of(queue), Clock.system())
        .register(registry, queue.name());
    bindVersion(registry, queue);
  }

  private void register(MeterRegistry registry, String queue) {
    gauge(registry, queue, "waiting", QueueCounts::waiting);
    gauge(registry, queue, "delayed", QueueCounts::delayed);
    gauge(registry, queue, "active", QueueCounts::active);
    gauge(registry, queue, "dead", QueueCounts::dead);
    Gauge.builder("toolkit.queue.paused", this::readPaused)
        .description("1 while an operator has paused the queue")
        .tag("queue", queue)
        .register(registry);
  }

  private static void bindVersion(MeterRegistry registry, JobQueue queue) {
    Gauge.builder("toolkit.queue.version.refused", queue, of -> of.isOfAnotherVersion() ? 1 : 0)
        .description(
            "1 while this process may not touch the queue's data, which has another version")
        .tag("queue", queue.name())
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry, String queue, String state, ToLongFunction<QueueCounts> count) {
    Gauge.builder("toolkit.queue.jobs", () -> read(count))
        .description("Jobs by state")
        .tag("queue", queue)
        .tag("state", state)
        .register(registry);
  }

  /** Returns one of the numbers, or NaN. */
  double read(ToLongFunction<QueueCounts> count) {
    reading.lock();
    try {
      if (clock.nanoTime() - readAt >= FRESH.toNanos()) {
        readAt = clock.nanoTime();
        counts = ask();
      }
      return counts == null ? Double.NaN : count.applyAsLong(counts);
    } finally {
      reading.unlock();
    }
  }

  private double readPaused() {
    double known = read(QueueCounts::waiting);
    return Double.isNaN(known) ? known : paused ? 1 : 0;
  }

  private @Nullable QueueCounts ask() {
    try {
      paused = inspector.isPaused();
      return inspector.counts();
    } catch (RuntimeException unreachable) {
      log.debug("depth=unknown cause={}", unreachable.getClass().getName());
      return null;
    }
  }
}
