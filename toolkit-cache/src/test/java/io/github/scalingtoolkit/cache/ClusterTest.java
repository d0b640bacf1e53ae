package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisCluster;

class ClusterTest {
  @Test
  void allOfItWorksOnKeysSpreadOverThreeMasters() {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis = Fixture.patient(cluster.url())) {
      everythingWorks(redis);
    }
  }

  @Test
  @SuppressWarnings("deprecation") // It is in use all the same.
  void allOfItWorksOnAWrappedJedisCluster() {
    try (RedisCluster cluster = RedisCluster.start();
        JedisCluster commands = new JedisCluster(nodes(cluster));
        JedisCluster blocking = new JedisCluster(nodes(cluster));
        RedisAccess redis = RedisAccess.wrap(commands, blocking)) {
      everythingWorks(redis);
    }
  }

  @Test
  void aKeyOfAnotherTypeIsReplacedByGetAllToo() {
    String name = Fixture.name();
    Noticed noticed = new Noticed();
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis = Fixture.patient(cluster.url())) {
      CacheAside<String, String> cache = texts(redis, name).listener(noticed).build();
      redis.commands().rpush("tc:" + name + ":a", "foreign");
      Map<String, String> values = Map.of("a", "v of a", "b", "v of b");

      assertThat(cache.getAll(List.of("a", "b"), missing -> values)).isEqualTo(values);

      assertThat(cache.lookup("a", key -> "w")).isEqualTo(new Cached<>("v of a", Outcome.L2_HIT));
      assertThat(noticed.problems()).containsExactly(CacheProblem.FOREIGN);
    }
  }

  private static Set<HostAndPort> nodes(RedisCluster cluster) {
    return cluster.masters().stream()
        .map(master -> new HostAndPort("127.0.0.1", master.port()))
        .collect(Collectors.toSet());
  }

  private static void everythingWorks(RedisAccess redis) {
    String name = Fixture.name();
    List<String> keys = IntStream.range(0, 30).mapToObj(i -> "k" + i).toList();
    try (CacheAside<String, String> one = live(localTexts(redis, name).build());
        CacheAside<String, String> two = live(localTexts(redis, name).build())) {
      CacheAside<String, String> remoteOnly = texts(redis, name).build();

      Map<String, String> loaded = one.getAll(
          keys, missing -> missing.stream().collect(Collectors.toMap(key -> key, key -> "v1")));
      assertThat(loaded).hasSize(30);
      assertThat(remoteOnly.getAll(keys, missing -> {
            throw new AssertionError("nothing is missing");
          }))
          .isEqualTo(loaded);

      for (String key : keys) {
        assertThat(two.lookup(key, any -> "v2")).isEqualTo(new Cached<>("v1", Outcome.L2_HIT));
        assertThat(two.peekLocal(key)).isNotNull();
      }
      keys.subList(0, 15).forEach(key -> one.write(key, () -> "saved"));
      keys.subList(15, 30).forEach(one::evict);
      Await.until(
          "every invalidation has arrived",
          () -> keys.stream().allMatch(key -> two.peekLocal(key) == null));
      for (String key : keys) {
        assertThat(remoteOnly.lookup(key, any -> "v2"))
            .isEqualTo(new Cached<>("v2", Outcome.LOADED));
      }
    }
  }
}
