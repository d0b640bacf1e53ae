package io.github.scalingtoolkit.core.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.providers.PooledConnectionProvider;

/** Any Jedis client is taken for what it is, or refused. */
@SuppressWarnings("deprecation") // JedisCluster is in use all the same.
class WrappedClientTest {
  private static Set<HostAndPort> nodes(RedisCluster cluster) {
    return cluster.masters().stream()
        .map(master -> new HostAndPort("127.0.0.1", master.port()))
        .collect(Collectors.toSet());
  }

  @Test
  void aJedisClusterIsACluster() {
    LuaScript publish =
        LuaScript.of("publish", "redis.call('PUBLISH', ARGV[1], KEYS[1]) return KEYS[1]");
    try (RedisCluster cluster = RedisCluster.start();
        JedisCluster commands = new JedisCluster(nodes(cluster));
        JedisCluster blocking = new JedisCluster(nodes(cluster));
        RedisAccess redis = RedisAccess.wrap(commands, blocking)) {
      List<String> heard = new CopyOnWriteArrayList<>();
      ChannelSubscription subscription = redis.subscribe("ch", new ChannelListener() {
        @Override
        public void onMessage(byte[] message) {
          heard.add(new String(message, UTF_8));
        }

        @Override
        public void onLive() {}

        @Override
        public void onGap() {}
      });

      assertThat(redis.isCluster()).isTrue();
      Await.until("it is live", subscription::live);
      List<ScriptCall> calls = IntStream.range(0, 30)
          .mapToObj(i -> new ScriptCall(
              publish, List.of(("k" + i).getBytes(UTF_8)), List.of("ch".getBytes(UTF_8))))
          .toList();
      assertThat(redis.evalAll(calls))
          .allSatisfy(reply -> assertThat(reply.failure()).isNull());
      Await.until("all are heard", () -> Set.copyOf(heard).size() == 30);
    }
  }

  @Test
  void aClientOverAPoolIsOneServer() {
    try (RedisServer server = RedisServer.start();
        UnifiedJedis mine = new UnifiedJedis(
            new PooledConnectionProvider(new HostAndPort("127.0.0.1", server.port())),
            1,
            Duration.ofSeconds(1));
        RedisAccess redis = RedisAccess.wrap(mine)) {
      assertThat(redis.isCluster()).isFalse();
      redis.run(UnifiedJedis::ping);
    }
  }

  @Test
  void whatCannotWorkIsRefusedWithWhatToWrapInstead() {
    try (RedisCluster cluster = RedisCluster.start();
        JedisCluster ofCluster = new JedisCluster(nodes(cluster));
        RedisClient ofOne =
            RedisClient.create("127.0.0.1", cluster.masters().get(0).port());
        UnifiedJedis unrouted = new UnifiedJedis(
            new ClusterConnectionProvider(
                nodes(cluster), DefaultJedisClientConfig.builder().build()),
            1,
            Duration.ofSeconds(1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RedisAccess.wrap(unrouted))
          .withMessageContaining("wrap a RedisClusterClient");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RedisAccess.wrap(ofCluster, ofOne))
          .withMessage("commands and blocking must lead to the same Redis but are a JedisCluster"
              + " and a RedisClient");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RedisAccess.wrap(ofOne, unrouted))
          .withMessageContaining("wrap a RedisClusterClient");
    }
  }
}
