package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.util.Pool;

/**
 * Finds and follows the nodes to listen at, on its own thread: asking may take as long as the client's
 * deadline for each node that does not answer.
 *
 * <p>The nodes are looked up once a heartbeat. A server is asked for them when there is a doubt or not all is well, at
 * most once a heartbeat, and every fifth heartbeat in any case: so a failover is noticed even if no commands are
 * sent.
 */
final class TopologyWatch {
  private static final Logger log = LoggerFactory.getLogger(TopologyWatch.class);
  private static final int REFRESHED_EVERY = 5;

  /** The subscriptions that it serves. */
  interface User {
    /** Tells whether the nodes are needed. */
    boolean isInUse();

    /** Tells whether all the nodes that are known are connected. */
    boolean isWhole();

    /** Is called when the nodes have changed. */
    void nodesChanged();
  }

  private final String name;
  private final Supplier<Map<String, Pool<Connection>>> primaries;
  private final Runnable refresh;
  private final Duration heartbeat;
  private final User user;
  private final Loop loop;

  private volatile @Nullable Map<String, Pool<Connection>> nodes;
  private volatile Obstacle obstacle =
      new Obstacle("unknown", "has not been reached yet", "nothing: it is being asked");
  private volatile boolean doubtful = true;

  /** The loop's: when a server was last asked. */
  private long refreshed;

  TopologyWatch(
      String name,
      Supplier<Map<String, Pool<Connection>>> primaries,
      Runnable refresh,
      Duration heartbeat,
      User user) {
    this.name = name;
    this.primaries = primaries;
    this.refresh = refresh;
    this.heartbeat = heartbeat;
    this.user = user;
    refreshed = System.nanoTime() - REFRESHED_EVERY * heartbeat.toNanos();
    loop = new Loop("subscriptions-" + name + "-topology", this::step);
  }

  void start() {
    loop.start();
  }

  /** Returns the pools of the nodes, by their names; null while they are not known. */
  @Nullable
  Map<String, Pool<Connection>> nodes() {
    return nodes;
  }

  /** Returns why they are not known. */
  Obstacle obstacle() {
    return obstacle;
  }

  /** Requests a refresh of the nodes soon. */
  void doubt() {
    doubtful = true;
    loop.wake();
  }

  /** Ends the thread, without waiting for it. */
  void close() {
    loop.close();
  }

  private Duration step() {
    if (!user.isInUse()) {
      return Loop.UNTIL_WOKEN;
    }
    try {
      lookUp();
      long since = System.nanoTime() - refreshed;
      if (since >= REFRESHED_EVERY * heartbeat.toNanos()
          || (since >= heartbeat.toNanos() && (doubtful || !user.isWhole()))) {
        doubtful = false;
        refreshed = System.nanoTime();
        refresh.run();
        lookUp();
      }
    } catch (RuntimeException unknown) {
      log.debug(
          "redis={} subscriptions=topology-unknown cause={}",
          name,
          unknown.getClass().getName());
    }
    return heartbeat;
  }

  private void lookUp() {
    Map<String, Pool<Connection>> now = null;
    try {
      now = Map.copyOf(primaries.get());
      if (now.isEmpty()) {
        now = null;
        obstacle = new Obstacle("unknown", "names no node to listen at", "see the cluster's state");
      }
    } catch (RuntimeException unknown) {
      obstacle = Obstacle.of(unknown, "unknown");
    }
    if (now == null || !now.equals(nodes)) {
      nodes = now;
      user.nodesChanged();
    }
  }
}
