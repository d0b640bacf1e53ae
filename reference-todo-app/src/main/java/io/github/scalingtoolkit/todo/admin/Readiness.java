package io.github.scalingtoolkit.todo.admin;

import io.github.scalingtoolkit.core.health.Health;
import io.github.scalingtoolkit.core.health.HealthRegistry;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Whether this process accepts requests: it has started, is not stopping, and what it cannot serve without is up. A process
 * that has once reached MongoDB stays ready without it.
 */
public final class Readiness {
  private final HealthRegistry health;
  private final Supplier<Map<String, Long>> figures;
  private volatile boolean started;
  private volatile boolean draining;

  /** Decides by {@code health}. */
  public Readiness(HealthRegistry health) {
    this(health, Map::of);
  }

  /** Decides by {@code health}; {@code figures} are shown beside it, and decide nothing. */
  public Readiness(HealthRegistry health, Supplier<Map<String, Long>> figures) {
    this.health = health;
    this.figures = figures;
  }

  /** Everything has started. */
  public void started() {
    started = true;
  }

  /** This process is about to stop and wants no new requests. */
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
