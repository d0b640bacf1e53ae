package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.testing.RedisCluster;
import io.github.scalingtoolkit.testing.RedisServer;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.MigrateParams;

/** Moves a queue's slot from its master to another, as redis-cli does it. */
final class Move implements AutoCloseable {
  private static final int SLOTS = 16384;

  private final int slot;
  private final RedisServer targetServer;
  private final Jedis source;
  private final Jedis target;
  private final Jedis third;

  Move(RedisCluster cluster, JobQueue queue) {
    List<RedisServer> masters = cluster.masters();
    try (Jedis any = masters.get(0).connect()) {
      slot = (int) any.clusterKeySlot(queue.key(""));
    }
    int owner = 0;
    while (slot >= SLOTS * (owner + 1) / 3) {
      owner++;
    }
    targetServer = masters.get((owner + 1) % 3);
    source = masters.get(owner).connect();
    target = targetServer.connect();
    third = masters.get((owner + 2) % 3).connect();
    target.clusterSetSlotImporting(slot, source.clusterMyId());
    source.clusterSetSlotMigrating(slot, target.clusterMyId());
  }

  /** Moves every second key, so that lists and jobs lie apart. */
  void half() {
    List<String> keys = source.clusterGetKeysInSlot(slot, 1000);
    for (int i = 0; i < keys.size(); i += 2) {
      migrate(keys.get(i));
    }
  }

  /** Moves the rest, and the slot with it. */
  void rest() {
    source.clusterGetKeysInSlot(slot, 1000).forEach(this::migrate);
    for (Jedis node : List.of(target, source, third)) {
      node.clusterSetSlotNode(slot, target.clusterMyId());
    }
  }

  private void migrate(String key) {
    String answer =
        source.migrate("127.0.0.1", targetServer.port(), 10_000, new MigrateParams(), key);
    assertThat(answer).as(key).isIn("OK", "NOKEY");
  }

  @Override
  public void close() {
    source.close();
    target.close();
    third.close();
  }
}
