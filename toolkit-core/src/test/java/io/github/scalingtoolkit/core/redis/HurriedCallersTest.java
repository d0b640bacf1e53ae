package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.guard.RejectedException.Reason;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;

/** Many callers whose requests have little time left, and a Redis that is well. */
class HurriedCallersTest {
  private static final int CALLERS = 200;

  @ParameterizedTest
  @CsvSource({"500, true", "3000, true", "3000, false"})
  void nothingButTheirOwnDeadlineFailsThem(int clientMillis, boolean coalesced) {
    CopyOnWriteArrayList<GuardState> states = new CopyOnWriteArrayList<>();
    Queue<Throwable> notTheirOwn = new ConcurrentLinkedQueue<>();
    AtomicInteger served = new AtomicInteger();
    try (RedisServer server = RedisServer.start();
        RedisAccess redis = RedisAccess.builder(server.url())
            .deadline(Duration.ofMillis(clientMillis))
            .connectTimeout(Duration.ofSeconds(10))
            .coalesced(coalesced)
            .build()) {
      redis.guard().onStateChange(states::add);

      Crowd.of(CALLERS).each(3, (caller, time) -> {
        // From 50 ms to 5 s, evenly among the orders of magnitude.
        long millis = Math.round(50 * Math.pow(100, caller / (CALLERS - 1.0)));
        Deadline own = Deadline.after(Duration.ofMillis(millis), Clock.system());
        try {
          own.call(() -> {
            for (int i = 0; i < 5; i++) {
              redis.call(client -> client.incr("count:" + caller));
              redis.call(client -> client.get("count:" + caller));
            }
            return true;
          });
          served.incrementAndGet();
        } catch (RejectedException refused) {
          if (refused.reason() != Reason.DEADLINE) {
            notTheirOwn.add(refused);
          }
        } catch (RuntimeException failed) {
          long left = own.remainingNanos();
          if (left > 0) {
            failed.addSuppressed(new IllegalStateException(left + " ns left of " + millis + " ms"));
            notTheirOwn.add(failed);
          }
        }
      });

      assertThat(states).isEmpty();
      assertThat(notTheirOwn)
          .noneMatch(failure -> failure instanceof NoConnectionException)
          .noneMatch(failure -> failure instanceof RejectedException);
      // A machine that does other things as well may keep Redis itself from answering for 500 ms.
      assertThat(notTheirOwn)
          .as(() -> notTheirOwn.stream()
              .map(failure -> failure + " " + Arrays.toString(failure.getSuppressed()))
              .toList()
              .toString())
          .hasSizeLessThan(clientMillis < 1000 ? CALLERS / 10 : 1);
      assertThat(served.get()).isGreaterThan(CALLERS);
    }
  }

  /** Opening a connection takes two round trips here: more than the first has time for, and all that the second has. */
  @ParameterizedTest
  @CsvSource({"60, true", "60, false", "100, true", "100, false"})
  void aCallerInAHurryUsesAConnectionOpenedMeanwhile(int callerMillis, boolean coalesced) {
    try (RedisServer server = RedisServer.start();
        FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = RedisAccess.builder(proxy.redisUrl())
            .deadline(Duration.ofSeconds(2))
            .coalesced(coalesced)
            .build()) {
      proxy.delay(Duration.ofMillis(40));

      Await.until("one is served", Duration.ofSeconds(20), () -> {
        try {
          return Deadline.after(Duration.ofMillis(callerMillis), Clock.system())
              .call(() -> redis.call(UnifiedJedis::ping))
              .equals("PONG");
        } catch (JedisException | RejectedException late) {
          return false;
        }
      });

      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
    }
  }
}
