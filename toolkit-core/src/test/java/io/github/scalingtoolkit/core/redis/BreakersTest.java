package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.UnifiedJedis;

class BreakersTest {
  private static final HostAndPort BEFORE = new HostAndPort("10.0.0.1", 6379);
  private static final HostAndPort AFTER = new HostAndPort("10.0.0.2", 6379);

  /** Makes the guards, and for the first one is overtaken by another caller. */
  private static final class Overtaken {
    private final List<Guard> kept = new ArrayList<>();
    private final NodeGuards guards = new NodeGuards(this::make, (node, made) -> kept.add(made));
    private boolean overtaken;

    private Guard make(HostAndPort node) {
      if (!overtaken) {
        overtaken = true;
        guards.apply(node);
      }
      return Guard.builder("redis@" + node).build();
    }
  }

  @Test
  void twoCallersAtATimeMakeOneBreakerOfANode() {
    Overtaken overtaken = new Overtaken();

    Guard guard = overtaken.guards.apply(BEFORE);

    assertThat(overtaken.kept).containsExactly(guard);
    assertThat(overtaken.guards.all()).containsExactly(guard);
  }

  @Test
  void aNewMastersPayloadBreakerReplacesTheOldOne() {
    try (Breakers breakers = new Breakers("shop", "its address", false, true, Clock.system())) {
      List<String> events = new ArrayList<>();
      breakers.onGone(guard -> events.add("gone " + guard.name()));
      breakers.payloads().onEach(guard -> events.add("made " + guard.name()));
      breakers.payloads().apply(BEFORE);

      Guard after = breakers.payloads().apply(AFTER);

      assertThat(breakers.payloads().all()).containsExactly(after);
      // In this order, as meters are known by the name.
      assertThat(events)
          .containsExactly("made shop-payloads", "gone shop-payloads", "made shop-payloads");
    }
  }

  @Test
  void aNodeIsRefusingForAsLongAsThereAreConnectionsForIt() {
    try (RedisServer server = RedisServer.start("--requirepass", "right")) {
      RedisAccess redis = PatientRedis.open("redis://:wrong@127.0.0.1:" + server.port());
      try (redis) {
        assertThatThrownBy(() -> redis.call(client -> client.get("key")))
            .hasMessageContaining("WRONGPASS");
        assertThat(redis.nodesRefusing()).isEqualTo(1);
      }

      assertThat(redis.nodesRefusing()).isZero();
    }
  }

  @Test
  void aRecoveryStepThatFailedIsOneWarningAndItsEndIsOneLine() {
    AtomicInteger failures = new AtomicInteger(1);
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        CapturedLog log = CapturedLog.start();
        RedisAccess redis = RedisAccess.open(proxy.redisUrl())) {
      redis.onRecovery(client -> {
        if (failures.getAndDecrement() > 0) {
          throw new IllegalStateException("not yet");
        }
      });
      for (int outage = 0; outage < 2; outage++) {
        proxy.cut();
        Await.until("calls are refused", () -> {
          try {
            redis.call(UnifiedJedis::ping);
          } catch (RuntimeException down) {
            // That is what opens it.
          }
          return redis.guard().state() != GuardState.CLOSED;
        });
        proxy.heal();
        Await.until("it is well", redis::isWell);
      }

      assertThat(log.lines("recovery=incomplete")).hasSize(1);
      assertThat(log.lines("recovery=complete")).hasSize(1);
    }
  }
}
