package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.Ports;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One address behind which another master takes over: the connections that are open lead on to the one that was demoted,
 * which serves reads and refuses writes for ever.
 */
class ReadOnlyRedisTest {
  private static final LuaScript WRITE =
      LuaScript.of("write", "return redis.call('SET', KEYS[1], 'x')");
  private static final String HUGE = "h".repeat(100_000);

  /** The ways to write. */
  private enum Write {
    CALL(redis -> redis.call(client -> client.set("key", "x"))),
    SCRIPT(redis -> redis.eval(WRITE, List.of("key".getBytes(UTF_8)), List.of())),
    PAYLOAD(redis -> redis.call(client -> client.set("huge", HUGE))),
    PAYLOAD_SCRIPT(
        redis -> redis.evalPayload(WRITE, List.of("key".getBytes(UTF_8)), List.of(), 100)),
    PIPELINE(redis -> redis.run(client -> {
      try (AbstractPipeline pipeline = client.pipelined()) {
        Response<String> read = pipeline.get("key");
        Response<String> written = pipeline.set("key", "x");
        Response<String> readAgain = pipeline.get("key");
        pipeline.sync();
        read.get();
        readAgain.get();
        written.get();
      }
    })),
    TRANSACTION(redis -> redis.run(client -> {
      try (AbstractTransaction transaction = client.multi()) {
        transaction.set("key", "x");
        transaction.exec();
      }
    }));

    private final Consumer<RedisAccess> to;

    Write(Consumer<RedisAccess> to) {
      this.to = to;
    }
  }

  private static RedisServer first;
  private static RedisServer second;
  private FaultProxy address;
  private RedisAccess redis;

  @BeforeAll
  static void start() {
    first = RedisServer.start();
    second = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    first.close();
    second.close();
  }

  @BeforeEach
  void open() {
    promote(first);
    address = FaultProxy.to(first.port());
    redis =
        RedisAccess.builder(address.redisUrl()).deadline(Duration.ofSeconds(30)).build();
  }

  @AfterEach
  void close() {
    redis.close();
    address.close();
  }

  private void failOver() {
    try (Jedis demoted = first.connect()) {
      // A master that it never finds: it is not to lose its data meanwhile.
      demoted.replicaof("127.0.0.1", Ports.free());
    }
    promote(second);
    address.leadTo(second.port());
  }

  private static void promote(RedisServer server) {
    try (Jedis promoted = server.connect()) {
      promoted.replicaofNoOne();
    }
  }

  @ParameterizedTest
  @EnumSource(Write.class)
  void oneWriteFailsAndTheNextReachesTheNewMaster(Write write) {
    write.to.accept(redis);
    failOver();

    assertThatThrownBy(() -> write.to.accept(redis))
        .isInstanceOf(JedisDataException.class)
        .satisfies(failed -> assertThat(RedisFailure.of(failed)).isEqualTo(RedisFailure.COMMAND));

    for (int i = 0; i < 3; i++) {
      write.to.accept(redis);
    }
    assertThat(redis.isWell()).isTrue();
    assertThat(redis.guard().counts().window().failed()).isZero();
  }

  @Test
  void oneFailedWriteEndsAllConnectionsToThatNode() {
    Crowd.of(24).each(20, (caller, time) -> redis.call(client -> client.get("key:" + caller)));
    redis.call(client -> client.set("huge", HUGE));
    failOver();

    assertThatThrownBy(() -> redis.call(client -> client.set("key", "x")))
        .hasMessageStartingWith("READONLY");

    redis.call(client -> client.set("huge", HUGE));
    Crowd.of(24).each(20, (caller, time) -> redis.call(client -> client.set("key:" + caller, "x")));
    assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void callersOnSharedConnectionsFailOnceOrTwice() {
    Crowd.of(24).each(20, (caller, time) -> redis.call(client -> client.set("key:" + caller, "x")));
    failOver();
    AtomicIntegerArray failed = new AtomicIntegerArray(24);

    Crowd.of(24).each(40, (caller, time) -> {
      try {
        redis.call(client -> client.set("key:" + caller, "x"));
      } catch (JedisDataException readOnly) {
        failed.incrementAndGet(caller);
      }
    });

    int all = 0;
    for (int caller = 0; caller < 24; caller++) {
      assertThat(failed.get(caller)).isLessThanOrEqualTo(2);
      all += failed.get(caller);
    }
    assertThat(all).isPositive();
    assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
  }

  @Test
  void aSubscriptionFollowsTheFirstWriteThatFails() {
    Heard heard = new Heard();
    redis.subscribe("news", heard);
    Await.until("it is live", () -> redis.subscriptionsLive() == 1);
    redis.call(client -> client.set("key", "x"));
    failOver();

    assertThatThrownBy(() -> redis.call(client -> client.set("key", "x")))
        .hasMessageStartingWith("READONLY");

    Await.until("it knows of a gap", () -> heard.count("GAP") == 1);
    Await.until("it is live again", () -> redis.subscriptionsLive() == 1);
    long receivers = redis.call(client -> client.publish("news", "again"));
    assertThat(receivers).isEqualTo(1);
    Await.until("the new master is heard", () -> heard.events.contains("again"));
  }

  @Test
  void aConnectionThatIsInUseMeanwhileIsNotLentAgain() {
    redis.call(client -> client.set("key", "x"));
    try (AbstractPipeline held = redis.commands().pipelined()) {
      Response<String> before = held.get("key");
      held.sync();
      failOver();
      assertThatThrownBy(() -> redis.call(client -> client.set("key", "x")))
          .hasMessageStartingWith("READONLY");
      before.get();
    }

    redis.run(client -> {
      try (AbstractPipeline pipeline = client.pipelined()) {
        Response<String> written = pipeline.set("key", "x");
        pipeline.sync();
        written.get();
      }
    });
  }
}
