package io.github.scalingtoolkit.cache;

import static io.github.scalingtoolkit.cache.Fixture.live;
import static io.github.scalingtoolkit.cache.Fixture.localTexts;
import static io.github.scalingtoolkit.cache.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import io.github.scalingtoolkit.testing.Await;
import io.github.scalingtoolkit.testing.RedisCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A cluster that loses a master: for good, with a replica that takes over, or for a while. */
class ClusterFailureTest {
  private final String name = Fixture.name();
  private final List<String> keys =
      IntStream.range(0, 30).mapToObj(i -> "k" + i).toList();

  @Test
  void memoryIsLiveAgainAfterAFailoverWhileNobodySendsCommands() {
    try (RedisCluster cluster = RedisCluster.startWithReplicas();
        RedisAccess oneRedis = Fixture.patient(cluster.url());
        RedisAccess twoRedis = Fixture.patient(cluster.url());
        CacheAside<String, String> one = live(localTexts(oneRedis, name).build());
        CacheAside<String, String> two = live(localTexts(twoRedis, name).build())) {
      cluster.masters().get(0).kill();

      Await.until("the gap is noticed", () -> !one.localLive() && !two.localLive());
      Await.until(
          "memory is live again", Duration.ofSeconds(60), () -> one.localLive() && two.localLive());

      for (String key : keys) {
        Await.until("it is in memory", () -> {
          two.get(key, any -> "v1");
          return two.peekLocal(key) != null;
        });
        one.write(key, () -> {});
      }
      Await.until(
          "every invalidation has arrived",
          () -> keys.stream().noneMatch(key -> two.peekLocal(key) != null));
      assertThat(two.get(keys.get(0), any -> "v2")).isEqualTo("v2");
    }
  }

  @Test
  void aHungMasterCostsGetAllAFewDeadlinesAndNotOneAKey() {
    List<String> many = IntStream.range(0, 90).mapToObj(i -> "k" + i).toList();
    Map<String, String> values =
        many.stream().collect(Collectors.toMap(Function.identity(), key -> "v1"));
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofMillis(500)).build()) {
      CacheAside<String, String> cache = texts(redis, name).build();
      Await.until(
          "it knows the nodes",
          () -> keys.stream()
              .allMatch(key -> cache.lookup(key, any -> "v1").outcome() == Outcome.L2_HIT));
      // As before a breaker has seen enough.
      redis.guards().forEach(Guard::forceClosed);
      cluster.masters().get(0).pause();
      try {
        long began = System.nanoTime();

        assertThat(cache.getAll(many, missing -> values)).isEqualTo(values);

        // About 30 keys are on that master.
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(8));
      } finally {
        cluster.masters().get(0).resume();
      }
    }
  }

  @Test
  void aHungMasterCostsTheKeysOfOthersNothing() {
    try (RedisCluster cluster = RedisCluster.start();
        RedisAccess redis =
            RedisAccess.builder(cluster.url()).deadline(Duration.ofMillis(500)).build()) {
      CacheAside<String, String> cache = texts(redis, name).build();
      Await.until(
          "all are stored",
          () -> keys.stream()
              .allMatch(key -> cache.lookup(key, any -> "v1").outcome() == Outcome.L2_HIT));
      cluster.masters().get(0).pause();
      try {
        Await.until("its breaker is open", () -> {
          keys.forEach(key -> cache.get(key, any -> "v1"));
          return redis.guards().stream().anyMatch(guard -> guard.state() == GuardState.OPEN);
        });

        Set<String> loaded = ConcurrentHashMap.newKeySet();
        Map<String, Outcome> outcomes = keys.stream()
            .collect(Collectors.toMap(
                Function.identity(), key -> cache.lookup(key, any -> "v1").outcome()));
        Map<String, String> all = cache.getAll(keys, missing -> {
          loaded.addAll(missing);
          return missing.stream().collect(Collectors.toMap(Function.identity(), key -> "v1"));
        });

        assertThat(outcomes).containsValue(Outcome.BYPASS).containsValue(Outcome.L2_HIT);
        List<String> ill = new ArrayList<>();
        outcomes.forEach((key, outcome) -> {
          if (outcome == Outcome.BYPASS) {
            ill.add(key);
          }
        });
        assertThat(ill).hasSizeBetween(1, 20);
        assertThat(all).hasSize(30);
        assertThat(loaded).containsExactlyInAnyOrderElementsOf(ill);
        assertThat(redis.guards().stream().filter(guard -> guard.state() != GuardState.CLOSED))
            .hasSize(1);
      } finally {
        cluster.masters().get(0).resume();
      }
      Await.until(
          "all are hits again",
          () -> keys.stream()
              .allMatch(key -> cache.lookup(key, any -> "v1").outcome() == Outcome.L2_HIT));
    }
  }
}
