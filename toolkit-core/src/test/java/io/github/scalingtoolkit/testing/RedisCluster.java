package io.github.scalingtoolkit.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;

/** A real Redis Cluster of three masters, without replicas unless asked for one, on the loopback address. */
public final class RedisCluster implements AutoCloseable {
  private static final int SLOTS = 16384;

  private final List<RedisServer> masters;
  private final List<RedisServer> replicas = new ArrayList<>();

  private RedisCluster(List<RedisServer> masters) {
    this.masters = masters;
  }

  /** Starts the masters, joins them and returns once each sees, and has a link to, the whole cluster. */
  public static RedisCluster start() {
    return start(5000);
  }

  /** As {@link #start}, with a replica of the first master that takes over soon after that one is gone. */
  public static RedisCluster startWithReplica() {
    return start(1000).withReplicas(1);
  }

  /** As {@link #startWithReplica}, with a replica of each master. */
  public static RedisCluster startWithReplicas() {
    return start(1000).withReplicas(3);
  }

  private RedisCluster withReplicas(int count) {
    for (RedisServer master : masters.subList(0, count)) {
      RedisServer replica = node(Ports.free(), 1000);
      replicas.add(replica);
      try (Jedis jedis = replica.connect();
          Jedis followed = master.connect()) {
        String id = followed.clusterMyId();
        jedis.clusterMeet("127.0.0.1", master.port());
        Await.until("the replica knows its master", () -> jedis.clusterNodes().contains(id));
        jedis.clusterReplicate(id);
        Await.until(
            "the replica follows its master",
            () -> followed.info("replication").contains("state=online"));
      }
    }
    // The replicas too have to know every master: they take over by the votes of those they know.
    List<RedisServer> all = new ArrayList<>(masters);
    all.addAll(replicas);
    for (RedisServer node : all) {
      Await.until("the cluster with its replicas is whole at port " + node.port(), () -> {
        try (Jedis jedis = node.connect()) {
          return jedis.clusterInfo().contains("cluster_known_nodes:" + all.size())
              && jedis
                      .clusterNodes()
                      .lines()
                      .filter(line -> line.contains("slave"))
                      .count()
                  == count
              && linkedWithAll(jedis);
        }
      });
    }
    return this;
  }

  private static RedisServer node(int port, int timeoutMillis) {
    return RedisServer.startAt(
        port,
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        Integer.toString(timeoutMillis),
        // However long a busy machine takes for it: a replica that has waited too long never takes
        // over.
        "--cluster-replica-validity-factor",
        "0",
        "--cluster-require-full-coverage",
        "no");
  }

  /** A node may know another for 0.1 s before it has a link: what is published at it meanwhile, the other never hears. */
  private static boolean linkedWithAll(Jedis node) {
    return !node.clusterNodes().contains(" disconnected");
  }

  private static RedisCluster start(int timeoutMillis) {
    List<RedisServer> masters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      masters.add(node(Ports.free(), timeoutMillis));
    }
    for (int i = 0; i < 3; i++) {
      try (Jedis jedis = masters.get(i).connect()) {
        int from = SLOTS * i / 3;
        int to = SLOTS * (i + 1) / 3;
        int[] slots = new int[to - from];
        for (int slot = from; slot < to; slot++) {
          slots[slot - from] = slot;
        }
        jedis.clusterAddSlots(slots);
        if (i > 0) {
          jedis.clusterMeet("127.0.0.1", masters.get(0).port());
        }
      }
    }
    RedisCluster cluster = new RedisCluster(masters);
    for (RedisServer master : masters) {
      Await.until("the cluster is whole at port " + master.port(), () -> {
        try (Jedis jedis = master.connect()) {
          String info = jedis.clusterInfo();
          return info.contains("cluster_state:ok")
              && info.contains("cluster_known_nodes:3")
              && info.contains("cluster_slots_ok:" + SLOTS)
              && linkedWithAll(jedis);
        }
      });
    }
    return cluster;
  }

  /** Returns the URL, {@code redis+cluster://…} with every master. */
  public String url() {
    return "redis+cluster://"
        + masters.stream()
            .map(master -> "127.0.0.1:" + master.port())
            .collect(Collectors.joining(","));
  }

  /** Returns the masters, to look at and to hurt. */
  public List<RedisServer> masters() {
    return List.copyOf(masters);
  }

  /** Returns the replicas, in the order of their masters. */
  public List<RedisServer> replicas() {
    return List.copyOf(replicas);
  }

  /** Gives the slots of the last master to the first, and has the others forget it; it runs on, alone. */
  public void scaleIn() {
    RedisServer leaving = masters.get(2);
    String heir = id(masters.get(0));
    String gone = id(leaving);
    for (RedisServer node : List.of(masters.get(0), leaving, masters.get(1))) {
      give(node, heir);
    }
    for (RedisServer staying : masters.subList(0, 2)) {
      try (Jedis jedis = staying.connect()) {
        jedis.clusterForget(gone);
      }
    }
    // A word of the leaving node that came late takes slots away, and they are nobody's once it is
    // forgotten.
    Await.until("those who stay know who serves all slots", () -> {
      boolean all = true;
      for (RedisServer staying : masters.subList(0, 2)) {
        if (!servesAll(staying)) {
          all = false;
          give(staying, heir);
        }
      }
      return all;
    });
  }

  private static boolean servesAll(RedisServer node) {
    try (Jedis jedis = node.connect()) {
      return jedis.clusterInfo().contains("cluster_slots_assigned:" + SLOTS);
    }
  }

  /** Tells a node that the last third of the slots is another's. */
  private void give(RedisServer node, String heir) {
    try (Jedis jedis = node.connect();
        Pipeline pipeline = new Pipeline(jedis.getConnection())) {
      if (node == masters.get(0)) {
        // First: what the others still say of the slots counts for less from here on. Between two
        // slots a word of the
        // leaving node could take the first one back.
        pipeline.sendCommand(Protocol.Command.CLUSTER, "BUMPEPOCH");
      }
      for (int slot = SLOTS * 2 / 3; slot < SLOTS; slot++) {
        pipeline.sendCommand(
            Protocol.Command.CLUSTER, "SETSLOT", Integer.toString(slot), "NODE", heir);
      }
      pipeline.sync();
    }
  }

  private static String id(RedisServer node) {
    try (Jedis jedis = node.connect()) {
      return jedis.clusterMyId();
    }
  }

  @Override
  public void close() {
    replicas.forEach(RedisServer::close);
    masters.forEach(RedisServer::close);
  }
}
