package io.github.scalingtoolkit.core.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisSentinel;
import io.github.scalingtoolkit.testing.RedisServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisException;

/** What a master's end means to an access: real servers, whose replicas take over. */
class FailoverTest {
  private static final LuaScript INCREMENT =
      LuaScript.of("increment", "return redis.call('INCR', KEYS[1])");

  private final Queue<String> heard = new ConcurrentLinkedQueue<>();

  private final ChannelListener listener = new ChannelListener() {
    @Override
    public void onMessage(byte[] message) {
      heard.add(new String(message, StandardCharsets.UTF_8));
    }

    @Override
    public void onLive() {
      heard.add("live");
    }

    @Override
    public void onGap() {
      heard.add("gap");
    }
  };

  @Test
  void everythingFollowsASentinelsFailoverToTheNewMaster() {
    try (RedisSentinel servers = RedisSentinel.start();
        RedisAccess redis =
            RedisAccess.builder(servers.url()).deadline(Duration.ofSeconds(2)).build();
        ChannelSubscription subscription = redis.subscribe("news", listener)) {
      Await.until("the subscription is live", () -> heard.contains("live"));
      assertThat(increment(redis, "{a}counter")).isEqualTo(1);
      awaitReplicated(servers.master());

      servers.master().kill();

      Await.until("the counter goes on where it was", () -> triesToIncrement(redis, "{a}counter"));
      assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      try (Jedis replica = servers.replica().connect()) {
        assertThat(replica.info("replication")).contains("role:master");
        assertThat(Long.parseLong(replica.get("{a}counter"))).isGreaterThanOrEqualTo(2);
        assertThat(heard).contains("gap");
        Await.until("the new master's messages come", () -> {
          replica.publish("news", "again");
          return heard.contains("again");
        });
      }
    }
  }

  @Test
  void callersOnSharedConnectionsFollowASentinelsFailover() {
    try (RedisSentinel servers = RedisSentinel.start();
        RedisAccess redis =
            RedisAccess.builder(servers.url()).deadline(Duration.ofSeconds(2)).build()) {
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger servedByTheFirst = new AtomicInteger();
      AtomicInteger servedByTheNext = new AtomicInteger();
      AtomicReference<AtomicInteger> serves = new AtomicReference<>(servedByTheFirst);
      Crowd crowd = Crowd.of(32).start(1, (caller, time) -> {
        String key = "own:" + caller;
        while (!done.get()) {
          AtomicInteger by = serves.get();
          try {
            redis.call(client -> client.set(key, key));
            String read = redis.call(client -> client.get(key));
            assertThat(read).isEqualTo(key);
            by.incrementAndGet();
          } catch (JedisException | RejectedException meanwhile) {
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
          }
        }
      });
      try {
        Await.until("they are served", () -> servedByTheFirst.get() > 500);
        try (Jedis first = servers.master().connect()) {
          // Eight who go alone and the lanes share what is open: not one for each of thirty-two.
          assertThat(first.clientList().lines().filter(line -> line.contains(" name=redis ")))
              .hasSizeBetween(2, 16);
        }

        servers.master().kill();
        Await.until("the replica takes over", () -> isMaster(servers.replica()));
        serves.set(servedByTheNext);

        Await.until("all go on", () -> servedByTheNext.get() > 500);
        assertThat(redis.guard().state()).isEqualTo(GuardState.CLOSED);
      } finally {
        done.set(true);
        crowd.join();
      }
    }
  }

  private static boolean isMaster(RedisServer server) {
    try (Jedis jedis = server.connect()) {
      return jedis.info("replication").contains("role:master");
    } catch (JedisException closedAtItsPromotion) {
      return false;
    }
  }

  @Test
  void aReplicaServesTheSlotsOfALostMaster() {
    try (RedisCluster cluster = RedisCluster.startWithReplica();
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(2)).build()) {
      // Slot 3300, which is the first master's.
      String ofTheFirst = "{b}counter";
      assertThat(increment(redis, ofTheFirst)).isEqualTo(1);
      awaitReplicated(cluster.masters().get(0));

      cluster.masters().get(0).kill();

      Await.until("the counter goes on where it was", () -> triesToIncrement(redis, ofTheFirst));
    }
  }

  @Test
  void thirtySubscriptionsFollowAClustersFailoverWithoutAnyCommand() {
    try (RedisCluster cluster = RedisCluster.startWithReplicas();
        RedisAccess redis = RedisAccess.open(cluster.url())) {
      List<Heard> all = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        all.add(new Heard());
        redis.subscribe("news " + i, all.get(i));
      }
      Await.until("all are live", () -> redis.subscriptionsLive() == 30);
      RedisServer next = cluster.replicas().get(0);

      cluster.masters().get(0).kill();
      Await.until("all know of a gap", () -> all.stream().allMatch(each -> each.count("GAP") > 0));
      Await.until("the replica has taken over", () -> isMaster(next));

      Await.until("all are live again", () -> redis.subscriptionsLive() == 30);
      try (Jedis jedis = next.connect()) {
        for (int i = 0; i < 30; i++) {
          Heard heard = all.get(i);
          jedis.publish("news " + i, "again");
          Await.until("the new master is heard", () -> heard.events.contains("again"));
        }
      }
      assertThat(listeners(next)).isEqualTo(1);
      assertThat(listeners(cluster.masters().get(1))).isEqualTo(1);
      assertThat(listeners(cluster.replicas().get(1))).isZero();
    }
  }

  private static long listeners(RedisServer node) {
    try (Jedis jedis = node.connect()) {
      return jedis
          .clientList(ClientType.PUBSUB)
          .lines()
          .filter(line -> !line.isBlank())
          .count();
    }
  }

  private static void awaitReplicated(RedisServer master) {
    try (Jedis jedis = master.connect()) {
      // WAIT is about what its own connection wrote, and so about all before it.
      jedis.set("{b}mark", "here");
      assertThat(jedis.waitReplicas(1, 10_000)).isEqualTo(1);
    }
  }

  private static long increment(RedisAccess redis, String key) {
    return (Long) redis.eval(INCREMENT, List.of(key.getBytes(StandardCharsets.UTF_8)), List.of());
  }

  /** What is lost on the way may have counted, so the counter may be past 2: never back at 1. */
  private static boolean triesToIncrement(RedisAccess redis, String key) {
    try {
      assertThat(increment(redis, key)).isGreaterThanOrEqualTo(2);
      return true;
    } catch (RuntimeException notYet) {
      return false;
    }
  }
}
