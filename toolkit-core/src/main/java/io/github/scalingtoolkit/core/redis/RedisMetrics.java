package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.GuardMetrics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/**
 * The state of an access to Redis as metrics. Reading them makes no call.
 *
 * <ul>
 *   <li>each of its breakers, as in {@link GuardMetrics}. Those of a cluster's nodes appear when a node is first called
 *       and disappear when it leaves the cluster
 *   <li>{@code toolkit.redis.subscriptions{redis,state=live|down}}: how many subscriptions are live, and how many are not
 *   <li>{@code toolkit.redis.nodes.refusing{redis}}: how many nodes refuse its user or password. It is 1 if a cluster or
 *       sentinels refuse from the start, so that the nodes are not known
 *   <li>{@code toolkit.redis.writes.refusing{redis}}: how many nodes refused a write within the last minute and serve reads:
 *       full, or without disk or replicas
 *   <li>{@code toolkit.redis.topology.stale{redis}}: 1 while no node of a cluster tells its slots, else 0
 * </ul>
 */
public final class RedisMetrics {
  private RedisMetrics() {}

  /** Registers the meters of {@code redis}; two accesses of a registry need two names. */
  public static void bind(MeterRegistry registry, RedisAccess redis) {
    redis.onGuardGone(guard -> GuardMetrics.unbind(registry, guard));
    redis.onGuard(guard -> GuardMetrics.bind(registry, guard));
    subscriptions(registry, redis, "live", RedisAccess::subscriptionsLive);
    subscriptions(registry, redis, "down", RedisAccess::subscriptionsDown);
    Gauge.builder("toolkit.redis.nodes.refusing", redis, RedisAccess::nodesRefusing)
        .description("Nodes that refuse the user or the password")
        .tag("redis", redis.name())
        .register(registry);
    Gauge.builder("toolkit.redis.writes.refusing", redis, RedisAccess::nodesRefusingWrites)
        .description("Nodes that refused a write within the last minute")
        .tag("redis", redis.name())
        .register(registry);
    Gauge.builder("toolkit.redis.topology.stale", redis, access -> access.isTopologyStale() ? 1 : 0)
        .description("Whether no node of the cluster tells its slots")
        .tag("redis", redis.name())
        .register(registry);
  }

  private static void subscriptions(
      MeterRegistry registry,
      RedisAccess redis,
      String state,
      ToDoubleFunction<RedisAccess> count) {
    Gauge.builder("toolkit.redis.subscriptions", redis, count)
        .description("Subscriptions by whether they receive messages")
        .tags("redis", redis.name(), "state", state)
        .register(registry);
  }
}
