package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardMetrics;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.MetricConventions;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.UnifiedJedis;

class RedisMetricsTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();

  private double subscriptions(String state) {
    return registry
        .get("toolkit.redis.subscriptions")
        .tags("redis", "shown", "state", state)
        .gauge()
        .value();
  }

  @Test
  void showsTheBreakerAndTheSubscriptionsOfAnAccess() {
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url())
            .name("shown")
            .deadline(Duration.ofSeconds(30))
            .build()) {
      RedisMetrics.bind(registry, redis);
      redis.call(UnifiedJedis::ping);
      redis.subscribe("news", new Heard());

      Await.until("it is live", () -> subscriptions("live") == 1);
      assertThat(subscriptions("down")).isZero();
      assertThat(registry
              .get("resilience4j.circuitbreaker.calls")
              .tags("name", "shown", "kind", "successful")
              .timer()
              .count())
          .isEqualTo(1);
      assertThat(registry.get("toolkit.redis.nodes.refusing").gauge().value()).isZero();
      MetricConventions.assertFollowedBy(registry);

      server.kill();

      Await.until("it is down", () -> subscriptions("down") == 1);
      assertThat(subscriptions("live")).isZero();
    }
  }

  @Test
  void theBreakersOfNodesComeAndGoWithThem() {
    HostAndPort stays = new HostAndPort("10.0.0.1", 6379);
    HostAndPort leaves = new HostAndPort("10.0.0.2", 6379);
    NodeGuards guards =
        new NodeGuards(node -> Guard.builder("redis@" + node).build(), (node, made) -> {});
    guards.onGone(guard -> GuardMetrics.unbind(registry, guard));
    guards.onEach(guard -> GuardMetrics.bind(registry, guard));
    guards.apply(stays);
    Guard before = guards.apply(leaves);
    assertThat(states(leaves)).hasSize(5);

    guards.keepOnly(stays::equals);

    assertThat(states(leaves)).isEmpty();
    assertThat(states(stays)).hasSize(5);

    Guard after = guards.apply(leaves);

    assertThat(after).isNotSameAs(before);
    before.forceOpen();
    assertThat(registry
            .get("resilience4j.circuitbreaker.state")
            .tags("name", "redis@" + leaves, "state", "closed")
            .gauge()
            .value())
        .isEqualTo(1);
  }

  private List<Meter> states(HostAndPort node) {
    return registry.getMeters().stream()
        .filter(meter -> meter.getId().getName().equals("resilience4j.circuitbreaker.state"))
        .filter(meter -> ("redis@" + node).equals(meter.getId().getTag("name")))
        .toList();
  }
}
