package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.time.Clock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows in Micrometer how a queue is:
 *
 * <ul>
 *   <li>{@code toolkit.queue.jobs{queue,state}}: jobs that are waiting, delayed, active and dead
 *   <li>{@code toolkit.queue.latency{queue}}: seconds that the job which waits longest has been ready
 *   <li>{@code toolkit.queue.workers{queue,state}}: workers that are busy and idle
 *   <li>{@code toolkit.queue.throughput{queue,outcome}}: jobs that ended and that died in the last minute, a second
 *   <li>{@code toolkit.queue.schedules.overdue{queue}}: schedules whose slot has been due for more than a minute
 *   <li>{@code toolkit.queue.paused{queue}}: 1 while an operator has paused it
 *   <li>{@code toolkit.queue.eviction{queue,risk}}: 1 while the policy of its Redis evicts jobs and nobody accepted that, or
 *       is unknown
 *   <li>{@code toolkit.queue.effects{queue,outcome}}: side effects that {@link RunOnce} {@code ran} or {@code skipped} in this
 *       process, that {@code failed}, whose record was {@code unread}, and those that ran and are {@code unrecorded}
 *   <li>{@code toolkit.queue.version.refused{queue}}: 1 while this process neither enqueues nor claims because the data in
 *       Redis has another version
 * </ul>
 *
 * <p>Needs micrometer-core. Reading the gauges takes one round trip for all of them, at most every two seconds, and each
 * minute one for the policy; while Redis does not answer, those of the first six lines are NaN, so that no autoscaler acts
 * on an unknown number. Safe for use by several threads.
 */
public final class QueueDepthMetrics {
  private static final Logger log = LoggerFactory.getLogger(QueueDepthMetrics.class);
  private static final Duration FRESH = Duration.ofSeconds(2);

  private final QueueInspector inspector;
  private final Clock clock;
  private final ReentrantLock reading = new ReentrantLock();
  private @Nullable QueueOverview overview;
  private long readAt;

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
    bindEviction(registry, queue, "evicts", Eviction.Risk.EVICTS);
    bindEviction(registry, queue, "unknown", Eviction.Risk.UNKNOWN);
    for (Effects.Outcome outcome : Effects.Outcome.values()) {
      FunctionCounter.builder("toolkit.queue.effects", queue, of -> of.effects().count(outcome))
          .description("Side effects of jobs, by what became of them")
          .tag("queue", queue.name())
          .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }

  private void register(MeterRegistry registry, String queue) {
    Numbers jobs = new Numbers("toolkit.queue.jobs", "Jobs by state", "state");
    number(registry, queue, jobs, "waiting", of -> of.counts().waiting());
    number(registry, queue, jobs, "delayed", of -> of.counts().delayed());
    number(registry, queue, jobs, "active", of -> of.counts().active());
    number(registry, queue, jobs, "dead", of -> of.counts().dead());
    Numbers workers = new Numbers("toolkit.queue.workers", "Workers whose leases hold", "state");
    number(registry, queue, workers, "busy", of -> of.workers() - of.idleWorkers());
    number(registry, queue, workers, "idle", QueueOverview::idleWorkers);
    Numbers throughput =
        new Numbers("toolkit.queue.throughput", "Jobs in the last minute, a second", "outcome");
    number(registry, queue, throughput, "ended", QueueOverview::endedPerSecond);
    number(registry, queue, throughput, "died", QueueOverview::diedPerSecond);
    gauge(
            "toolkit.queue.latency",
            "How long a job has been ready, at most",
            of -> of.latency().toNanos() / 1e9)
        .baseUnit("seconds")
        .tag("queue", queue)
        .register(registry);
    gauge(
            "toolkit.queue.schedules.overdue",
            "Schedules whose slot has been due for more than a minute",
            QueueOverview::overdueSchedules)
        .tag("queue", queue)
        .register(registry);
    gauge(
            "toolkit.queue.paused",
            "1 while an operator has paused the queue",
            of -> of.paused() ? 1 : 0)
        .tag("queue", queue)
        .register(registry);
  }

  /** A gauge of several values of one tag. */
  private record Numbers(String name, String description, String tag) {}

  private void number(
      MeterRegistry registry,
      String queue,
      Numbers of,
      String tagged,
      ToDoubleFunction<QueueOverview> value) {
    gauge(of.name, of.description, value)
        .tag("queue", queue)
        .tag(of.tag, tagged)
        .register(registry);
  }

  private Gauge.Builder<?> gauge(
      String name, String description, ToDoubleFunction<QueueOverview> value) {
    return Gauge.builder(name, () -> read(value)).description(description);
  }

  private static void bindVersion(MeterRegistry registry, JobQueue queue) {
    Gauge.builder("toolkit.queue.version.refused", queue, of -> of.isOfAnotherVersion() ? 1 : 0)
        .description(
            "1 while this process may not touch the queue's data, which has another version")
        .tag("queue", queue.name())
        .register(registry);
  }

  private static void bindEviction(
      MeterRegistry registry, JobQueue queue, String name, Eviction.Risk risk) {
    Gauge.builder("toolkit.queue.eviction", queue, of -> {
          of.eviction().look();
          return of.eviction().risk() == risk ? 1 : 0;
        })
        .description("1 while Redis may evict jobs, or has not told whether it may")
        .tag("queue", queue.name())
        .tag("risk", name)
        .register(registry);
  }

  /** Returns one of the numbers, or NaN. */
  double read(ToDoubleFunction<QueueOverview> value) {
    reading.lock();
    try {
      if (clock.nanoTime() - readAt >= FRESH.toNanos()) {
        readAt = clock.nanoTime();
        overview = ask();
      }
      return overview == null ? Double.NaN : value.applyAsDouble(overview);
    } finally {
      reading.unlock();
    }
  }

  private @Nullable QueueOverview ask() {
    try {
      return inspector.overview();
    } catch (RuntimeException unreachable) {
      log.debug("depth=unknown cause={}", unreachable.getClass().getName());
      return null;
    }
  }
}
