package io.github.scalingtoolkit.todo.admin;

import io.github.scalingtoolkit.core.health.Health;
import io.github.scalingtoolkit.core.health.HealthRegistry;
import java.util.Map;
import java.util.function.Supplier;

/** Whether this process wants requests: started, not stopping, and with what it cannot do without. */
public final class Readiness {
  private final HealthRegistry health;
  private final Supplier<Map<String, Long>> figures;
  private volatile boolean started;
  private volatile boolean draining;

  /** Judges by {@code health}. */
  public Readiness(HealthRegistry health) {
    this(health, Map::of);
  }

  /** Judges by {@code health}; {@code figures} are told beside it, and decide nothing. */
  public Readiness(HealthRegistry health, Supplier<Map<String, Long>> figures) {
    this.health = health;
    this.figures = figures;
  }

  /** Everything has started. */
  public void started() {
    started = true;
  }

  /** It is about to stop: no new requests, please. */
  public void drain() {
    draining = true;
  }

  boolean isStarted() {
    return started;
  }

  boolean isDraining() {
    return draining;
  }

  boolean isReady() {
    return started && !draining && health.snapshot().status() != Health.Status.DOWN;
  }

  Health health() {
    return health.snapshot();
  }

  Map<String, Long> figures() {
    return figures.get();
  }
}
