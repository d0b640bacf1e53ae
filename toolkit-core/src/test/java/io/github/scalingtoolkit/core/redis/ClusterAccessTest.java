package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.Action;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.CapturedLog;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.MigrateParams;
import redis.clients.jedis.util.JedisClusterCRC16;

/** A cluster that is well while its slots move, and while it refuses a user. */
class ClusterAccessTest {
  private static final LuaScript READ_BOTH =
      LuaScript.of("read-both", "return redis.call('GET', KEYS[1]) .. redis.call('GET', KEYS[2])");
  private static final LuaScript SWAP = LuaScript.of(
      "swap",
      "local before = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) return before");
  private static final String PASSWORD = "right-secret";

  private static RedisCluster cluster;

  @BeforeAll
  static void start() {
    cluster = RedisCluster.start();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void aSlotThatMovesUnderLoadFailsNoCall() {
    int keys = 12;
    int slot = JedisClusterCRC16.getSlot("{moved}");
    RedisServer from = cluster.masters().get(slot * 3 / 16384);
    RedisServer to = cluster.masters().get((slot * 3 / 16384 + 1) % 3);
    try (RedisAccess redis =
        RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(30)).build()) {
      for (int i = 0; i < keys; i++) {
        String key = "{moved}" + i;
        redis.call(client -> client.set(key, "x"));
      }
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger served = new AtomicInteger();
      Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
      Crowd crowd = Crowd.of(6).start(1, (caller, time) -> {
        for (int i = caller; !done.get() && failures.isEmpty(); i++) {
          String key = "{moved}" + i % keys;
          String other = "{moved}" + (i + 1) % keys;
          try {
            redis.call(client -> client.set(key, "x"));
            String read = redis.call(client -> client.get(key));
            assertThat(read).isEqualTo("x");
            List<String> both = redis.call(client -> client.mget(key, other));
            assertThat(both).containsExactly("x", "x");
            redis.eval(READ_BOTH, List.of(key.getBytes(UTF_8), other.getBytes(UTF_8)), List.of());
            redis.evalPayload(
                READ_BOTH, List.of(key.getBytes(UTF_8), other.getBytes(UTF_8)), List.of(), 10);
            served.incrementAndGet();
          } catch (Throwable failed) {
            failures.add(failed);
          }
        }
      });

      try {
        for (int round = 0; round < 2; round++) {
          RedisServer source = round == 0 ? from : to;
          move(slot, source, source == from ? to : from);
          int before = served.get();
          Await.until(
              "all are served at their new place",
              () -> served.get() > before + 20 || !failures.isEmpty());
        }
      } finally {
        done.set(true);
        crowd.join();
      }

      assertThat(failures).isEmpty();
      assertThat(redis.isWell()).isTrue();
    }
  }

  @Test
  void callersWithTooLittleTimeForAScriptOpenNoNodesBreaker() {
    LuaScript slow = LuaScript.of("slow", """
        local function micros() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
        local from = micros()
        while micros() - from < 30000 do end
        return redis.call('GET', KEYS[1])""");
    List<byte[]> key = List.of("slow".getBytes(UTF_8));
    try (RedisAccess redis =
        RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(10)).build()) {
      redis.eval(slow, key, List.of());

      for (int i = 0; i < 8; i++) {
        assertTooLate(() -> redis.eval(slow, key, List.of()));
        assertTooLate(() -> redis.evalPayload(slow, key, List.of(), 0));
      }

      assertThat(redis.guards())
          .allSatisfy(guard -> assertThat(guard.counts().window().failed()).isZero());
    }
  }

  /**
   * A caller that is not even scheduled before its time is over sends nothing, and one that is scheduled late finds the
   * reply: both try again.
   */
  private static void assertTooLate(Action<?, RuntimeException> call) {
    assertThatThrownBy(() -> {
          for (int tries = 0; tries < 100; tries++) {
            try {
              Deadline.after(Duration.ofMillis(10), Clock.system()).call(call);
            } catch (RejectedException notSent) {
              // Again.
            }
          }
        })
        .isInstanceOf(JedisConnectionException.class);
  }

  @Test
  void scriptsThatCarryAndBringMuchGoToTheNodeOfTheirKey() {
    byte[] huge = "h".repeat(1_000_000).getBytes(UTF_8);
    try (RedisAccess redis =
        RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(30)).build()) {
      for (int i = 0; i < 6; i++) {
        List<byte[]> key = List.of(("swapped:" + i).getBytes(UTF_8));
        assertThat(redis.evalPayload(SWAP, key, List.of(huge), 0)).isNull();
        assertThat(redis.evalPayload(SWAP, key, List.of(new byte[0]), huge.length))
            .isEqualTo(huge);
      }
      assertThat(redis.isWell()).isTrue();
    }
  }

  @Test
  void nodesThatSendACallToEachOtherAreNamedAndCountForNoBreaker() {
    int slot = JedisClusterCRC16.getSlot("{lost}");
    RedisServer owner = cluster.masters().get(slot * 3 / 16384);
    RedisServer other = cluster.masters().get((slot * 3 / 16384 + 1) % 3);
    try (RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(30)).build();
        Jedis source = owner.connect();
        Jedis target = other.connect()) {
      // The other one was never told that the slot comes.
      source.clusterSetSlotMigrating(slot, target.clusterMyId());

      assertThatThrownBy(() -> redis.call(client -> client.get("{lost}key")))
          .isExactlyInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("TRYAGAIN slot " + slot + " is moving")
          .hasMessageContaining("sent the call on 5 times")
          .hasMessageMatching(".* last answer: (ASK|MOVED) " + slot + " .*")
          .satisfies(
              failure -> assertThat(RedisFailure.of(failure)).isEqualTo(RedisFailure.COMMAND));
      assertThat(redis.isWell()).isTrue();

      source.clusterSetSlotStable(slot);
      String read = redis.call(client -> client.get("{lost}key"));
      assertThat(read).isNull();
    }
  }

  @Test
  void aCallSentOnUntilItsDeadlineWasNotRunAndCountsForNoBreaker() {
    String moved = "{split}moved";
    String missing = "{split}missing";
    int slot = JedisClusterCRC16.getSlot(moved);
    RedisServer from = cluster.masters().get(slot * 3 / 16384);
    RedisServer to = cluster.masters().get((slot * 3 / 16384 + 1) % 3);
    try (RedisAccess patient = PatientRedis.open(cluster.url());
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofMillis(600)).build();
        Jedis source = from.connect();
        Jedis target = to.connect()) {
      patient.call(client -> client.set(moved, "0"));
      target.clusterSetSlotImporting(slot, source.clusterMyId());
      source.clusterSetSlotMigrating(slot, target.clusterMyId());
      source.migrate("127.0.0.1", to.port(), 30_000, MigrateParams.migrateParams(), moved);
      long before = askAnswers(source);
      List<JedisDataException> ends = new ArrayList<>();

      // The old node has none of the keys, and the new one not all.
      Await.until("a call was sent on until its end", () -> {
        try {
          redis.call(client -> client.msetnx(moved, "1", missing, "1"));
        } catch (JedisDataException sentOn) {
          ends.add(sentOn);
        } catch (JedisConnectionException | RejectedException late) {
          // This machine was too slow for it.
        }
        return !ends.isEmpty();
      });

      assertThat(ends.get(0))
          .isExactlyInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("TRYAGAIN slot " + slot + " is moving")
          .hasMessageContaining("sent the call on until its deadline was over, so it was not run")
          .hasMessageMatching(".* last answer: (ASK|MOVED|TRYAGAIN) .*");
      assertThat(RedisFailure.of(ends.get(0))).isEqualTo(RedisFailure.COMMAND);
      assertThat(RedisFailure.counts(ends.get(0))).isFalse();
      assertThat(askAnswers(source) - before).isGreaterThan(5);

      move(slot, from, to);
      List<String> values = patient.call(client -> client.mget(moved, missing));
      assertThat(values).containsExactly("0", null);
    }
  }

  private static long askAnswers(Jedis node) {
    return node.info("errorstats")
        .lines()
        .filter(line -> line.startsWith("errorstat_ASK:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  /** Moves a slot as redis-cli does, a key at a time, while callers call. */
  private static void move(int slot, RedisServer from, RedisServer to) {
    try (Jedis source = from.connect();
        Jedis target = to.connect()) {
      String sourceId = source.clusterMyId();
      String targetId = target.clusterMyId();
      target.clusterSetSlotImporting(slot, sourceId);
      source.clusterSetSlotMigrating(slot, targetId);
      for (List<String> some = source.clusterGetKeysInSlot(slot, 1);
          !some.isEmpty();
          some = source.clusterGetKeysInSlot(slot, 1)) {
        source.migrate(
            "127.0.0.1",
            to.port(),
            30_000,
            MigrateParams.migrateParams(),
            some.toArray(String[]::new));
      }
      for (RedisServer master : List.of(to, from)) {
        try (Jedis admin = master.connect()) {
          admin.clusterSetSlotNode(slot, targetId);
        }
      }
    }
  }

  @Test
  void aPasswordThatIsWrongIsAskedOfEachNodeOnceASecondAtMost() {
    setPassword(PASSWORD);
    long[] before = connectionsReceived();
    long begun = System.nanoTime();
    try (RedisAccess redis = as("wrong-secret")) {
      Crowd.of(4)
          .each(
              50,
              (caller, time) -> assertThatThrownBy(
                      () -> redis.call(client -> client.get("shop:" + time)))
                  .isInstanceOf(JedisAccessControlException.class)
                  .hasMessageContaining("WRONGPASS")
                  .hasMessageNotContaining("wrong-secret"));

      assertAskedOnceASecond(before, begun);
      assertThat(redis.isWell()).isTrue();
      assertThat(redis.nodesRefusing()).isEqualTo(1);
    }
  }

  @Test
  void aRefreshForWhichThereWasNoThreadDoesNotPreventTheNext() {
    setPassword(PASSWORD);
    AtomicInteger asked = new AtomicInteger();
    HostAndPort seed = new HostAndPort("127.0.0.1", cluster.masters().get(0).port());
    try (ClusterNodes nodes = new ClusterNodes(
        new TopologyLog("redis"),
        Set.of(seed),
        DefaultJedisClientConfig.builder().password(PASSWORD).build(),
        node -> {
          throw new IllegalStateException("no call is made");
        },
        node -> {
          throw new IllegalStateException("no payload is sent");
        },
        there -> {},
        task -> {
          asked.incrementAndGet();
          throw new OutOfMemoryError("unable to create native thread");
        })) {
      assertThatThrownBy(nodes::refreshSoon).isInstanceOf(OutOfMemoryError.class);
      assertThatThrownBy(nodes::refreshSoon).isInstanceOf(OutOfMemoryError.class);
    }

    assertThat(asked.get()).isEqualTo(2);
  }

  @Test
  void slotsThatNoNodeTellsAreOneWarningAndAGaugeUntilTheyAreKnown() {
    setPassword(PASSWORD);
    MeterRegistry registry = new SimpleMeterRegistry();
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = RedisAccess.builder(url(PASSWORD))
            .name("shop-slots")
            .deadline(Duration.ofSeconds(30))
            .build()) {
      RedisMetrics.bind(registry, redis);
      redis.call(client -> client.set("shop:key", "x"));
      assertThat(stale(registry)).isZero();
      changeUser("-cluster");

      // A write that loses its connection has the topology refreshed.
      RedisServer owner = cluster.masters().get(JedisClusterCRC16.getSlot("shop:key") * 3 / 16384);
      Await.until("no node has told the slots", () -> {
        endConnections(owner);
        try {
          redis.call(client -> client.set("shop:key", "x"));
        } catch (JedisConnectionException lost) {
          // Its connection was one that was ended.
        }
        return stale(registry) == 1;
      });
      String read = redis.call(client -> client.get("shop:key"));
      assertThat(read).isEqualTo("x");
      assertThat(redis.isTopologyStale()).isTrue();
      assertThat(redis.nodesRefusing()).isZero();

      changeUser("+cluster");
      Await.until("a node has told them", () -> stale(registry) == 0);
      Await.until("that is told", () -> log.lines("redis=shop-slots topology=").size() == 2);
      assertThat(log.lines("redis=shop-slots topology="))
          .satisfiesExactly(
              line -> assertThat(line)
                  .contains("WARN", "topology=stale", "nodes=3", "NOPERM")
                  .contains("ACL SETUSER <user> +cluster"),
              line -> assertThat(line).contains("INFO", "topology=known"));
    }
  }

  private static double stale(MeterRegistry registry) {
    return registry
        .get("toolkit.redis.topology.stale")
        .tag("redis", "shop-slots")
        .gauge()
        .value();
  }

  @Test
  void nodesThatDidNotTellTheSlotsAreAskedAgainWithoutACall() {
    setPassword(PASSWORD);
    TopologyLog topology = new TopologyLog("shop-again");
    try (ClusterNodes nodes = nodes(topology, there -> {})) {
      changeUser("-cluster");

      assertThat(nodes.refresh()).isFalse();
      assertThat(topology.isStale()).isTrue();
      assertThat(nodes.master(0)).isNotNull();

      changeUser("+cluster");
      Await.until("a node has told them", () -> !topology.isStale());
    }
  }

  @Test
  void aListenerThatThrowsDoesNotMakeANodeUnreachable() {
    setPassword(PASSWORD);
    AtomicInteger told = new AtomicInteger();
    TopologyLog topology = new TopologyLog("shop-listener");
    try (CapturedLog log = CapturedLog.start();
        ClusterNodes nodes = nodes(topology, there -> {
          told.incrementAndGet();
          throw new IllegalStateException("a bug of the listener");
        })) {
      assertThat(nodes.refresh()).isTrue();

      assertThat(told).hasValue(1);
      assertThat(topology.isStale()).isFalse();
      assertThat(log.lines("redis=shop-listener"))
          .singleElement()
          .satisfies(line -> assertThat(line).contains("ERROR", "listener=failed"));
    }
  }

  private static ClusterNodes nodes(
      TopologyLog topology, Consumer<Predicate<HostAndPort>> onRefreshed) {
    return new ClusterNodes(
        topology,
        Set.of(new HostAndPort("127.0.0.1", cluster.masters().get(0).port())),
        DefaultJedisClientConfig.builder().user("shop").password(PASSWORD).build(),
        node -> {
          throw new IllegalStateException("no call is made");
        },
        node -> {
          throw new IllegalStateException("no payload is sent");
        },
        onRefreshed,
        BlockingThreads.platformFactory("shop-topology-"));
  }

  @Test
  void aSlotThatNobodyServesIsAskedForAFewTimes() {
    setPassword(PASSWORD);
    int slot = JedisClusterCRC16.getSlot("shop:orphan");
    RedisServer owner = cluster.masters().get(slot * 3 / 16384);
    try (RedisAccess redis = as(PASSWORD);
        Jedis admin = owner.connect()) {
      redis.call(client -> client.set("shop:orphan", "x"));
      admin.clusterDelSlots(slot);
      try {
        long before = refusals(admin);

        assertThatThrownBy(() -> redis.call(client -> client.get("shop:orphan")))
            .hasMessageContaining("CLUSTERDOWN Hash slot not served");

        assertThat(refusals(admin) - before).isEqualTo(6);
      } finally {
        admin.clusterAddSlots(slot);
      }
      Await.until("it is served again", () -> {
        try {
          return redis.call(client -> client.get("shop:orphan")).equals("x");
        } catch (JedisDataException notYet) {
          return false;
        }
      });
    }
  }

  /** Returns how often the node has answered CLUSTERDOWN. */
  private static long refusals(Jedis admin) {
    return admin
        .info("errorstats")
        .lines()
        .filter(line -> line.startsWith("errorstat_CLUSTERDOWN:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll(".*count=(\\d+).*", "$1")))
        .sum();
  }

  @Test
  void aChangedPasswordCostsEachNodeOneAttemptASecondAndRecovers() {
    setPassword(PASSWORD);
    try (CapturedLog log = CapturedLog.start();
        RedisAccess redis = as(PASSWORD)) {
      for (int i = 0; i < 20; i++) {
        String key = "shop:" + i;
        redis.call(client -> client.set(key, "x"));
      }
      setPassword("another-secret");
      cluster.masters().forEach(ClusterAccessTest::endConnections);
      long[] before = connectionsReceived();
      long begun = System.nanoTime();

      Crowd.of(4)
          .each(
              50,
              (caller, time) -> assertThatThrownBy(
                      () -> redis.call(client -> client.get("shop:" + time)))
                  .isNotInstanceOf(RejectedException.class));

      assertAskedOnceASecond(before, begun);
      assertThat(redis.isWell()).isTrue();
      setPassword(PASSWORD);
      Await.until("it is right again", () -> {
        try {
          return "x".equals(redis.call(client -> client.get("shop:1")));
        } catch (JedisDataException notYet) {
          return false;
        }
      });
      assertThat(log.lines("state=refused")).isNotEmpty();
      assertThat(log.lines("state=accepted")).isNotEmpty();
    }
  }

  private static RedisAccess as(String password) {
    return RedisAccess.builder(url(password)).deadline(Duration.ofSeconds(30)).build();
  }

  private static String url(String password) {
    return cluster.url().replace("redis+cluster://", "redis+cluster://shop:" + password + "@");
  }

  private static void endConnections(RedisServer master) {
    try (Jedis admin = master.connect()) {
      admin.clientKill(new ClientKillParams().user("shop"));
    }
  }

  private static void setPassword(String password) {
    for (RedisServer master : cluster.masters()) {
      try (Jedis admin = master.connect()) {
        admin.aclSetUser("shop", "on", "resetpass", ">" + password, "~shop:*", "+@all");
      }
    }
  }

  private static void changeUser(String rule) {
    for (RedisServer master : cluster.masters()) {
      try (Jedis admin = master.connect()) {
        admin.aclSetUser("shop", rule);
      }
    }
  }

  /** One each second; and at first one of each of four callers, of the topology, and this look's own. */
  private static void assertAskedOnceASecond(long[] before, long begun) {
    long[] after = connectionsReceived();
    long seconds = Duration.ofNanos(System.nanoTime() - begun).toSeconds();
    List<Long> asked = new ArrayList<>();
    for (int i = 0; i < before.length; i++) {
      asked.add(after[i] - before[i]);
    }
    assertThat(asked).allSatisfy(times -> assertThat(times).isLessThanOrEqualTo(seconds + 8));
    assertThat(asked).anySatisfy(times -> assertThat(times).isGreaterThan(1));
  }

  private static long[] connectionsReceived() {
    return cluster.masters().stream()
        .mapToLong(master -> {
          try (Jedis admin = master.connect()) {
            return admin
                .info("stats")
                .lines()
                .filter(line -> line.startsWith("total_connections_received:"))
                .mapToLong(
                    line -> Long.parseLong(line.substring(line.indexOf(':') + 1).trim()))
                .sum();
          }
        })
        .toArray();
  }
}
