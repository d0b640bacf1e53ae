package io.github.scalingtoolkit.testing;

import redis.clients.jedis.Jedis;

/** A real master with a replica, and a sentinel that makes the replica the master soon after the master is gone. */
public final class RedisSentinel implements AutoCloseable {
  private final RedisServer master;
  private final RedisServer replica;
  private final RedisServer sentinel;

  private RedisSentinel(RedisServer master, RedisServer replica, RedisServer sentinel) {
    this.master = master;
    this.replica = replica;
    this.sentinel = sentinel;
  }

  /** Starts all three, and returns once the sentinel could replace the master. */
  public static RedisSentinel start() {
    RedisServer master = RedisServer.start();
    RedisServer replica =
        RedisServer.start("--replicaof", "127.0.0.1", Integer.toString(master.port()));
    try (Jedis jedis = master.connect()) {
      Await.until("the replica follows", () -> jedis.info("replication").contains("state=online"));
    }
    RedisServer sentinel = RedisServer.startSentinel(master);
    try (Jedis jedis = sentinel.connect()) {
      Await.until(
          "the sentinel knows the replica", () -> jedis.info("sentinel").contains("slaves=1"));
    }
    return new RedisSentinel(master, replica, sentinel);
  }

  /** Returns the URL, {@code redis+sentinel://…/main}. */
  public String url() {
    return "redis+sentinel://127.0.0.1:" + sentinel.port() + "/main";
  }

  /** Returns the server that is the master until it is killed. */
  public RedisServer master() {
    return master;
  }

  /** Returns the server that follows the master, and takes its place. */
  public RedisServer replica() {
    return replica;
  }

  @Override
  public void close() {
    sentinel.close();
    replica.close();
    master.close();
  }
}
