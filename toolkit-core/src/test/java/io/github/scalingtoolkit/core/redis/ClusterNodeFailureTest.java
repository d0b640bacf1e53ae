package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.PatientRedis;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisClusterException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisClusterCRC16;

/** A cluster of three masters of which one is gone: what its own keys cost, and that the others' cost nothing. */
class ClusterNodeFailureTest {
  private static final LuaScript WRITE =
      LuaScript.of("write", "return redis.call('SET', KEYS[1], 'x')");

  private static RedisCluster cluster;

  private enum Fault {
    KILLED(RedisServer::kill, RedisServer::restart),
    HUNG(RedisServer::pause, RedisServer::resume);

    private final Consumer<RedisServer> begins;
    private final Consumer<RedisServer> ends;

    Fault(Consumer<RedisServer> begins, Consumer<RedisServer> ends) {
      this.begins = begins;
      this.ends = ends;
    }
  }

  @BeforeAll
  static void start() {
    cluster = RedisCluster.start();
  }

  @AfterAll
  static void stop() {
    cluster.masters().forEach(RedisServer::resume);
    cluster.close();
  }

  @AfterEach
  void whole() {
    for (RedisServer master : cluster.masters()) {
      Await.until("the cluster is whole at port " + master.port(), () -> {
        try (Jedis admin = master.connect()) {
          return admin.clusterInfo().contains("cluster_state:ok");
        } catch (JedisException starting) {
          return false;
        }
      });
    }
  }

  private static void configure(String setting, String value) {
    for (RedisServer master : cluster.masters()) {
      try (Jedis admin = master.connect()) {
        admin.configSet(setting, value);
      }
    }
  }

  /** Returns a key of the first, second or third master. */
  private static String keyOf(int master, String name) {
    for (int i = 0; ; i++) {
      String key = name + ":" + i;
      if (JedisClusterCRC16.getSlot(key) * 3 / 16384 == master) {
        return key;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"KILLED, yes", "KILLED, no", "HUNG, yes", "HUNG, no"})
  void aLostMasterCostsOnlyItsOwnKeysAFewCalls(Fault fault, String fullCoverage) {
    // Longer than this takes: what the cluster makes of it is another test's.
    configure("cluster-node-timeout", "60000");
    configure("cluster-require-full-coverage", fullCoverage);
    RedisServer gone = cluster.masters().get(0);
    try (RedisAccess redis = RedisAccess.builder(cluster.url())
        .deadline(Duration.ofMillis(600))
        .connectTimeout(Duration.ofSeconds(2))
        .build()) {
      Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
      AtomicInteger served = new AtomicInteger();
      Crowd.of(6).each(4, (caller, time) -> ofTheOthers(redis, caller, served, failures));
      PatientRedis.reach(redis, client -> client.set(keyOf(0, "key"), "x"));
      AtomicBoolean done = new AtomicBoolean();
      fault.begins.accept(gone);

      Crowd others = Crowd.of(6).start(1, (caller, time) -> {
        while (!done.get() && failures.isEmpty()) {
          ofTheOthers(redis, caller, served, failures);
        }
      });
      int paid = callsUntilRefused(redis);
      int before = served.get();
      for (int i = 0; i < 200; i++) {
        assertThatThrownBy(() -> redis.call(client -> client.get(keyOf(0, "key"))))
            .isInstanceOf(RejectedException.class);
        redis.call(client -> client.publish("news", "to any node"));
      }
      assertThatThrownBy(() -> redis.call(client -> client.mget(keyOf(0, "key"), keyOf(1, "key"))))
          .isInstanceOf(RejectedException.class);
      Await.until(
          "the others are served meanwhile",
          () -> served.get() > before + 100 || !failures.isEmpty());
      assertThat(redis.guards())
          .filteredOn(guard -> guard.state() != GuardState.CLOSED)
          .singleElement()
          .satisfies(open -> assertThat(open.name()).endsWith(":" + gone.port()));
      assertThat(redis.isWell()).isFalse();
      fault.ends.accept(gone);
      Await.until("its keys are served again", () -> {
        try {
          return redis.call(client -> client.set(keyOf(0, "key"), "x")).equals("OK");
        } catch (RuntimeException notYet) {
          return false;
        }
      });
      done.set(true);
      others.join();

      assertThat(paid).isBetween(1, 10);
      assertThat(failures).isEmpty();
      Await.until("every breaker is closed", redis::isWell);
    }
  }

  /** Whatever there is to call, at the second and at the third master. */
  private static void ofTheOthers(
      RedisAccess redis, int caller, AtomicInteger served, Queue<Throwable> failures) {
    String key = keyOf(1 + caller % 2, "key" + caller);
    List<byte[]> keys = List.of(key.getBytes(UTF_8));
    try {
      redis.call(client -> client.set(key, "x"));
      redis.callIdempotent(client -> client.get(key));
      redis.eval(WRITE, keys, List.of());
      redis.evalPayload(WRITE, keys, List.of(), 1_000);
      redis.evalAll(
          List.of(new ScriptCall(WRITE, keys, List.of()), new ScriptCall(WRITE, keys, List.of())));
      served.incrementAndGet();
    } catch (RuntimeException failed) {
      failures.add(failed);
    }
  }

  private static int callsUntilRefused(RedisAccess redis) {
    for (int paid = 0; paid < 50; paid++) {
      try {
        redis.call(client -> client.get(keyOf(0, "key")));
      } catch (RejectedException refused) {
        return paid;
      } catch (JedisException paidFor) {
        // Until it is known.
      }
    }
    return 50;
  }

  @Test
  void aClusterThatIsDownServesTheReadsItAllows() {
    configure("cluster-node-timeout", "1000");
    configure("cluster-require-full-coverage", "yes");
    configure("cluster-allow-reads-when-down", "yes");
    RedisServer gone = cluster.masters().get(0);
    String key = keyOf(1, "key");
    try (RedisAccess redis =
        RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(2)).build()) {
      redis.call(client -> client.set(key, "x"));
      gone.kill();
      AtomicInteger refused = new AtomicInteger();
      Await.until("20 writes were refused", () -> {
        try {
          redis.call(client -> client.set(key, "x"));
        } catch (JedisClusterException down) {
          assertThat(down).hasMessageStartingWith("CLUSTERDOWN");
          refused.incrementAndGet();
        }
        String read = redis.call(client -> client.get(key));
        assertThat(read).isEqualTo("x");
        return refused.get() >= 20;
      });
      assertThat(redis.isWell()).isTrue();

      try (Jedis admin = cluster.masters().get(1).connect()) {
        admin.configSet("cluster-allow-reads-when-down", "no");
      }
      Await.until("nobody is asked any more", () -> {
        try {
          redis.call(client -> client.get(key));
          return false;
        } catch (JedisClusterException down) {
          return false;
        } catch (RejectedException open) {
          return true;
        }
      });
      gone.restart();

      Await.until("it is served again", () -> {
        try {
          return redis.call(client -> client.set(key, "x")).equals("OK");
        } catch (RuntimeException notYet) {
          return false;
        }
      });
      configure("cluster-allow-reads-when-down", "no");
    }
  }

  @Test
  void anUnservedSlotSaysNothingAboutTheNodeThatHadIt() {
    String key = keyOf(1, "key");
    String other = keyOf(1, "other");
    int slot = JedisClusterCRC16.getSlot(key);
    configure("cluster-require-full-coverage", "no");
    try (RedisAccess redis =
        RedisAccess.builder(cluster.url()).deadline(Duration.ofSeconds(30)).build()) {
      redis.call(client -> client.set(other, "x"));
      for (RedisServer master : cluster.masters()) {
        try (Jedis admin = master.connect()) {
          admin.clusterDelSlots(slot);
        }
      }

      for (int i = 0; i < 20; i++) {
        assertThatThrownBy(() -> redis.call(client -> client.get(key)))
            .isInstanceOf(JedisException.class)
            .isNotInstanceOf(RejectedException.class);
        String read = redis.call(client -> client.get(other));
        assertThat(read).isEqualTo("x");
      }

      assertThat(redis.isWell()).isTrue();
    } finally {
      try (Jedis admin = cluster.masters().get(1).connect()) {
        admin.clusterAddSlots(slot);
      }
    }
  }
}
