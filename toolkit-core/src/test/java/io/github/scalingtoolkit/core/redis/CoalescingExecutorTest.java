package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.FaultProxy;
import io.github.scalingtoolkit.testing.RedisServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.PooledObjectFactory;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ClientPauseMode;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ClientKillParams.SkipMe;
import redis.clients.jedis.providers.ConnectionProvider;
import redis.clients.jedis.providers.PooledConnectionProvider;

/** What callers of one client see who share connections, on a real server. */
@Tag("slow")
class CoalescingExecutorTest {
  private static final int MANY = 48;
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final LuaScript OWN_ARGUMENT = LuaScript.of("own", "return KEYS[1] .. ARGV[1]");

  private static RedisServer server;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RedisAccess open(String url, Duration deadline) {
    return RedisAccess.builder(url).deadline(deadline).poolSize(32).build();
  }

  @Test
  void eachCallerGetsTheReplyToItsOwnCommand() {
    try (RedisAccess redis = open(server.url(), LONG)) {
      UnifiedJedis client = redis.commands();
      client.set("text", "x");
      client.set("big", "b".repeat(200_000));

      Crowd.of(MANY).each(300, (caller, time) -> {
        String key = "own:" + caller;
        String value = caller + "/" + time;
        client.set(key, value);
        assertThat(client.get(key)).isEqualTo(value);
        assertThat(client.mget(key, "text", "none:" + caller)).containsExactly(value, "x", null);
        assertThat(Scripts.run(client, OWN_ARGUMENT, List.of(bytes(key)), List.of(bytes(value))))
            .isEqualTo(bytes(key + value));
        if (time % 10 == 0) {
          assertThat(client.get("big")).hasSize(200_000);
          assertThatThrownBy(() -> client.incr("text"))
              .isInstanceOf(JedisDataException.class)
              .hasStackTraceContaining(CoalescingExecutorTest.class.getName());
        }
      });
    }
  }

  @Test
  void manyCallersShareFewConnectionsThatReturnToThePoolWhenIdle() {
    JedisClientConfig config = config();
    try (PooledConnectionProvider unshared = pool(21, config);
        PooledConnectionProvider shared = pool(CoalescingExecutor.shared(32), config);
        RedisClient client = client(unshared, shared)) {
      AtomicInteger most = new AtomicInteger();

      Crowd.of(MANY).each(500, (caller, time) -> {
        client.get("own:" + caller);
        if (caller == 0 && time % 50 == 0) {
          most.accumulateAndGet(shared.getPool().getNumActive(), Math::max);
        }
      });

      // Eight who go alone, two lanes, and the one for what is large.
      assertThat(most.get()).isBetween(1, 11);
      assertThat(shared.getPool().getNumIdle()).isBetween(1, 11);
      assertThat(shared.getPool().getNumActive()).isZero();
      // The builder's, who asks the server for its protocol.
      assertThat(unshared.getPool().getCreatedCount()).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void fewCallersGoAloneAndShortRepliesAreNotSharedWithLargeOnes() {
    Queue<Trip> trips = new ConcurrentLinkedQueue<>();
    PooledObjectFactory<Connection> factory = new BasePooledObjectFactory<>() {
      @Override
      public Connection create() {
        return new Observed(node(), config(), trips);
      }

      @Override
      public PooledObject<Connection> wrap(Connection connection) {
        return new DefaultPooledObject<>(connection);
      }
    };
    try (PooledConnectionProvider unshared = pool(21, config());
        PooledConnectionProvider shared =
            new PooledConnectionProvider(factory, poolConfig(CoalescingExecutor.shared(32)));
        RedisClient client = client(unshared, shared)) {
      for (int time = 0; time < 20; time++) {
        client.get("own");
      }
      assertThat(trips).hasSize(20).allMatch(Trip::alone);
      trips.clear();

      String large = "l".repeat(10_000);
      Crowd.of(MANY).each(200, (caller, time) -> {
        if (caller % 2 == 0) {
          client.get("own:" + caller);
        } else {
          client.append("large:" + caller % 4, large);
          client.del("large:" + caller % 4);
        }
      });

      assertThat(trips).anyMatch(trip -> !trip.alone() && trip.large() > 1);
      assertThat(trips).anyMatch(trip -> !trip.alone() && trip.small() > 1);
      assertThat(trips).noneMatch(trip -> trip.large() > 0 && trip.small() > 0);
    }
  }

  @Test
  void transactionsThatHoldAllTheirConnectionsDoNotBlockOthers() {
    try (RedisAccess redis = RedisAccess.builder(server.url())
        .deadline(Duration.ofSeconds(3))
        .poolSize(8)
        .build()) {
      UnifiedJedis client = redis.commands();
      List<AbstractTransaction> held = new ArrayList<>();
      assertThatThrownBy(() -> {
            for (int i = 0; i < 9; i++) {
              held.add(client.multi());
            }
          })
          .isInstanceOf(JedisException.class);

      assertThat(held).isNotEmpty();
      assertThat(client.get("none")).isNull();
      Crowd.of(MANY).each(20, (caller, time) -> assertThat(client.get("none")).isNull());
      held.forEach(AbstractTransaction::close);
    }
  }

  @Test
  void withoutCoalescingEachCallerHasItsOwnConnection() {
    try (RedisAccess redis = RedisAccess.builder(server.url())
            .deadline(LONG)
            .poolSize(32)
            .coalesced(false)
            .build();
        RedisAccess sibling = redis.sibling("other", LONG)) {
      for (RedisAccess each : List.of(redis, sibling)) {
        CountDownLatch all = new CountDownLatch(20);
        AtomicInteger most = new AtomicInteger();
        Crowd.of(20).each(1, (caller, time) -> {
          all.countDown();
          await(all);
          for (int i = 0; i < 200; i++) {
            each.commands().get("own:" + caller);
            most.accumulateAndGet(
                each.pools().values().iterator().next().getNumActive(), Math::max);
          }
        });
        assertThat(each.pools().values().iterator().next().getNumIdle()).isGreaterThan(11);
      }
    }
  }

  @Test
  void blockingAndStatefulCommandsKeepTheirOwnConnection() {
    try (RedisAccess redis = open(server.url(), LONG)) {
      UnifiedJedis client = redis.commands();

      Crowd.of(20).each(20, (caller, time) -> {
        String key = "{" + caller + "}";
        client.rpush(key + "jobs", "job" + time);
        assertThat(redis.blocking().blpop(10, key + "jobs"))
            .containsExactly(key + "jobs", "job" + time);
        try (AbstractTransaction transaction = client.multi()) {
          Response<Long> first = transaction.incr(key + "count");
          transaction.exec();
          assertThat(first.get()).isEqualTo(time + 1L);
        }
        try (var pipeline = client.pipelined()) {
          Response<String> read = pipeline.get(key + "count");
          pipeline.sync();
          assertThat(read.get()).isEqualTo("" + (time + 1));
        }
      });
    }
  }

  @Test
  void aHungServerFreesEveryCallerAndNoLateReplyReachesAnother() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = open(proxy.redisUrl(), Duration.ofMillis(250))) {
      UnifiedJedis client = redis.commands();
      try (Jedis admin = server.connect()) {
        for (int caller = 0; caller < MANY; caller++) {
          admin.set("own:" + caller, "value:" + caller);
        }
      }
      AtomicInteger failed = new AtomicInteger();
      AtomicBoolean healed = new AtomicBoolean();

      Crowd crowd = Crowd.of(MANY).start(40, (caller, time) -> {
        if (time == 5 && caller == 0) {
          proxy.hang();
        }
        if (time == 7 && caller == 1) {
          // Those who were on the hung connections have been told by now, or will be.
          Await.until("somebody failed", () -> failed.get() > 0 || healed.get());
          proxy.heal();
          healed.set(true);
        }
        try {
          assertThat(client.get("own:" + caller)).isEqualTo("value:" + caller);
        } catch (JedisException late) {
          failed.incrementAndGet();
          if (failed.get() > 200) {
            proxy.heal();
            healed.set(true);
          }
        }
      });
      crowd.join();

      assertThat(failed.get()).isPositive();
      Await.until("it is served again", () -> {
        try {
          return "value:3".equals(client.get("own:3"));
        } catch (JedisException notYet) {
          return false;
        }
      });
    }
  }

  @Test
  void aWriteOnALostConnectionIsUnknownAndAReadIsSentAgain() {
    try (RedisAccess redis = open(server.url(), LONG);
        Jedis admin = server.connect()) {
      UnifiedJedis client = redis.commands();
      client.set("lost:reads", "there");
      AtomicInteger unknown = new AtomicInteger();
      AtomicInteger written = new AtomicInteger();
      AtomicInteger readsFailed = new AtomicInteger();
      admin.clientPause(60_000, ClientPauseMode.WRITE);

      Crowd.Act write = (caller, time) -> {
        try {
          client.incr("lost:writes");
          written.incrementAndGet();
        } catch (UnknownOutcomeException lost) {
          unknown.incrementAndGet();
          assertThat(lost).hasMessageContaining("may have taken effect");
        }
      };
      Crowd alone = Crowd.of(8).start(1, write);
      Await.until("eight wait alone", () -> held(admin) == 8);
      Crowd crowd = Crowd.of(MANY).start(1, (caller, time) -> {
        if (caller / 2 % 2 == 0) {
          write.run(caller, time);
          return;
        }
        try {
          assertThat(client.get("lost:reads")).isEqualTo("there");
        } catch (UnknownOutcomeException lost) {
          readsFailed.incrementAndGet();
        }
      });
      Await.until("a write waits in each of two lanes", () -> held(admin) == 10);
      admin.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(SkipMe.YES));
      admin.clientUnpause();
      alone.join();
      crowd.join();

      assertThat(readsFailed.get()).isZero();
      assertThat(unknown.get()).isGreaterThanOrEqualTo(10);
      assertThat(written.get() + unknown.get()).isEqualTo(8 + MANY / 2);
      assertThat(client.get("lost:writes"))
          .isEqualTo(written.get() == 0 ? null : "" + written.get());
    }
  }

  @Test
  void anInterruptedCallerGetsItsReplyAndKeepsItsFlag() {
    try (RedisAccess redis = open(server.url(), LONG)) {
      UnifiedJedis client = redis.commands();

      Crowd.of(MANY).onPlatformThreads().each(50, (caller, time) -> {
        client.set("own:" + caller, "v" + time);
        Thread.currentThread().interrupt();
        try {
          String read = client.get("own:" + caller);
          assertThat(read).isEqualTo("v" + time);
          assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } catch (JedisException borrowingWasInterrupted) {
          // Who goes alone asks the pool, which does not lend to the interrupted.
          assertThat(borrowingWasInterrupted).hasRootCauseInstanceOf(InterruptedException.class);
        } finally {
          Thread.interrupted();
        }
      });
    }
  }

  @Test
  void noCallerIsStuckWhenTheServerEndsAndTheClientCloses() {
    RedisServer mortal = RedisServer.start();
    RedisAccess redis = open(mortal.url(), Duration.ofSeconds(2));
    UnifiedJedis client = redis.commands();
    AtomicInteger failed = new AtomicInteger();
    Crowd crowd = Crowd.of(MANY).start(60, (caller, time) -> {
      if (caller == 0 && time == 10) {
        mortal.kill();
      }
      if (caller == 0 && time == 20) {
        redis.close();
      }
      try {
        client.incr("count");
      } catch (JedisException gone) {
        failed.incrementAndGet();
      }
    });

    crowd.join();

    assertThat(failed.get()).isPositive();
    mortal.close();
  }

  @Test
  void whatIsHugeOrOfALargeKeyTravelsApartAndIsRight() {
    try (RedisAccess redis = open(server.url(), LONG)) {
      UnifiedJedis client = redis.commands();
      String huge = "h".repeat(1_000_000);
      String large = "l".repeat(20_000);

      Crowd.of(MANY).each(20, (caller, time) -> {
        String own = caller % 4 == 0 ? huge : caller % 4 == 1 ? large : "small" + caller;
        client.set("size:" + caller, own);
        assertThat(client.get("size:" + caller)).isEqualTo(own);
      });
    }
  }

  @Test
  void noCallerStarves() {
    try (RedisAccess redis = open(server.url(), LONG)) {
      UnifiedJedis client = redis.commands();
      int[] done = new int[MANY];
      long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();

      Crowd.of(MANY).each(1, (caller, time) -> {
        while (System.nanoTime() < end) {
          client.get("own:" + caller);
          done[caller]++;
        }
      });

      int[] sorted = done.clone();
      java.util.Arrays.sort(sorted);
      assertThat(sorted[0]).isGreaterThan(sorted[MANY / 2] / 10);
    }
  }

  @Test
  void aCallerWithAnEarlierDeadlineDoesNotCutOthersRepliesShort() {
    try (FaultProxy proxy = FaultProxy.to(server.port());
        RedisAccess redis = open(proxy.redisUrl(), Duration.ofSeconds(10))) {
      UnifiedJedis client = redis.commands();
      client.set("greeting", "hello");
      proxy.delay(Duration.ofMillis(60));
      AtomicInteger cut = new AtomicInteger();
      AtomicReference<Throwable> patientFailure = new AtomicReference<>();

      Crowd.of(MANY).each(3, (caller, time) -> {
        if (caller % 2 == 0) {
          try {
            Deadline.after(Duration.ofMillis(20), Clock.system())
                .call(() -> client.get("greeting"));
          } catch (JedisException tooLate) {
            cut.incrementAndGet();
          }
        } else {
          try {
            assertThat(client.get("greeting")).isEqualTo("hello");
          } catch (JedisException wrong) {
            patientFailure.set(wrong);
          }
        }
      });

      assertThat(cut.get()).isPositive();
      assertThat(patientFailure.get()).isNull();
    }
  }

  private static long held(Jedis admin) {
    return admin
        .clientList()
        .lines()
        .filter(client -> client.contains(" flags=b "))
        .count();
  }

  private static JedisClientConfig config() {
    return DefaultJedisClientConfig.builder()
        .resp2()
        .timeoutMillis((int) LONG.toMillis())
        .build();
  }

  private static PooledConnectionProvider pool(int size, JedisClientConfig config) {
    return new PooledConnectionProvider(node(), config, poolConfig(size));
  }

  private static HostAndPort node() {
    return new HostAndPort("127.0.0.1", server.port());
  }

  private static ConnectionPoolConfig poolConfig(int size) {
    ConnectionPoolConfig config = new ConnectionPoolConfig();
    config.setMaxTotal(size);
    config.setMaxIdle(size);
    return config;
  }

  private static RedisClient client(ConnectionProvider unshared, ConnectionProvider shared) {
    return RedisClient.builder()
        .connectionProvider(unshared)
        .commandExecutor(new CoalescingExecutor(unshared, shared, 32, LONG))
        .build();
  }

  /** What was sent over a connection at once. */
  private record Trip(boolean alone, int small, int large) {}

  private static final class Observed extends Connection {
    private final Queue<Trip> trips;
    private boolean alone;
    private int small;
    private int large;

    Observed(HostAndPort node, JedisClientConfig config, Queue<Trip> trips) {
      super(node, config);
      this.trips = trips;
      small = 0;
    }

    @Override
    public <T> T executeCommand(CommandObject<T> command) {
      alone = true;
      try {
        return super.executeCommand(command);
      } finally {
        alone = false;
      }
    }

    @Override
    public void sendCommand(CommandArguments command) {
      if (SharedCommands.bytes(command) > SharedCommands.LARGE_BYTES) {
        large++;
      } else if (command.getCommand() != Command.DEL) {
        small++;
      }
      super.sendCommand(command);
    }

    @Override
    protected void flush() {
      // Null during the greetings.
      if (trips != null) {
        trips.add(new Trip(alone, small, large));
        small = 0;
        large = 0;
      }
      super.flush();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
