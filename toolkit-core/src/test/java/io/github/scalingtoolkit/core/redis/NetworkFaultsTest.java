package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;

/** What a network can do between an access and its Redis, by one caller and by many who share connections. */
class NetworkFaultsTest {
  /** A fault that lasts until it is healed. */
  private enum Lasting {
    LATENCY(proxy -> proxy.delay(Duration.ofSeconds(2))),
    LOST_REPLIES(FaultProxy::dropReplies),
    HALF_OPEN(FaultProxy::hang),
    REFUSED(FaultProxy::cut);

    private final Consumer<FaultProxy> begins;

    Lasting(Consumer<FaultProxy> begins) {
      this.begins = begins;
    }
  }

  private static RedisAccess through(FaultProxy proxy) {
    return RedisAccess.builder(proxy.redisUrl())
        .deadline(Duration.ofMillis(250))
        .connectTimeout(Duration.ofSeconds(1))
        .build();
  }

  @ParameterizedTest
  @EnumSource(Lasting.class)
  void aLastingFaultHasCallsRefusedAtOnceUntilItIsOver(Lasting fault) {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = through(proxy)) {
      PatientRedis.reach(redis, client -> client.set("greeting", "hello"));
      fault.begins.accept(proxy);
      AtomicInteger refused = new AtomicInteger();

      Crowd.of(24).each(10, (caller, time) -> {
        try {
          redis.call(client -> client.get("greeting"));
        } catch (RejectedException open) {
          refused.incrementAndGet();
        } catch (JedisException paid) {
          assertThat(paid).hasMessageNotContaining("hello");
        }
      });

      assertThat(refused.get()).isPositive();
      assertThat(redis.guard().state()).isNotEqualTo(GuardState.CLOSED);
      proxy.heal();
      Await.until("calls pass again", () -> {
        try {
          return "hello".equals(redis.call(client -> client.get("greeting")));
        } catch (RuntimeException notYet) {
          return false;
        }
      });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 24})
  void retryingCallersDoNotNoticeResetConnections(int callers) {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(30))
            .build()) {
      PatientRedis.reach(redis, client -> client.set("greeting", "hello"));

      // A reset at a time: a second one may meet the retry.
      for (int reset = 0; reset < 5; reset++) {
        Crowd.of(callers).each(20, (caller, time) -> {
          String read = redis.callIdempotent(client -> client.get("greeting"));
          assertThat(read).isEqualTo("hello");
        });
        proxy.resetConnections();
      }

      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      assertThat(redis.callIdempotent(UnifiedJedis::ping)).isEqualTo("PONG");
    }
  }

  @Test
  void aPauseOfThisProcessIsNotHeldAgainstARedisThatIsWell() {
    // A busy machine keeps a thread waiting for half a second, between the pauses, too.
    Duration deadline = Duration.ofSeconds(1);
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url()).deadline(deadline).build()) {
      PatientRedis.reach(redis, client -> client.set("greeting", "hello"));
      AtomicBoolean done = new AtomicBoolean();
      Queue<RuntimeException> failures = new ConcurrentLinkedQueue<>();
      AtomicLong answers = new AtomicLong();
      Crowd crowd = Crowd.of(32).start(1, (caller, time) -> {
        while (!done.get()) {
          try {
            redis.call(client -> client.get("greeting"));
            answers.incrementAndGet();
          } catch (RuntimeException failed) {
            failures.add(failed);
          }
        }
      });

      try {
        for (int pause = 0; pause < 3; pause++) {
          // Longer than anybody has patience.
          OwnProcess.pause(deadline.multipliedBy(5).dividedBy(2));
          // Pauses without anything between them are one that is longer.
          long before = answers.get();
          Await.until("callers were answered", () -> answers.get() > before + 1_000);
        }
      } finally {
        done.set(true);
        crowd.join();
      }

      assertThat(failures).isEmpty();
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }
}
