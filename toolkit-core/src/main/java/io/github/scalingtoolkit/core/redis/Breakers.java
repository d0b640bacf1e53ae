package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * The breakers of one access, and the loop that closes them again.
 *
 * <p>One is the access' own: on a single server it is before every call; on a cluster it is about reaching the cluster at
 * all, and each node has one. Payloads have others, one per node.
 *
 * <p>While one is open, the loop tries its node: it drops the idle connections, asks for a sign of life, and runs the
 * recovery steps; only then do calls pass. A node that refuses a step's commands (MISCONF, say) is up: calls pass, and the
 * step's owner goes on trying.
 */
final class Breakers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Breakers.class);

  private final String name;
  private final String description;
  private final boolean cluster;
  private final Clock clock;
  private final Guard access;
  private final NodeGuards nodeGuards;
  private final NodeGuards payloadGuards;
  private final List<Recovery> recoveries = new CopyOnWriteArrayList<>();
  private final EvictionWatch evictions = new EvictionWatch();
  private final RecoveryLoop recoveryLoop;
  private final Once toldOfStep = new Once();

  /** Set once, before the loop starts. */
  @SuppressWarnings("NullAway.Init")
  private LazyClient<Clients> commands;

  @SuppressWarnings("NullAway.Init")
  private Attempts calls;

  @SuppressWarnings("NullAway.Init")
  private RefusedWrites refusedWrites;

  /**
   * Makes them closed.
   *
   * @param byNode whether a cluster's nodes are called through breakers of their own
   */
  Breakers(String name, String description, boolean cluster, boolean byNode, Clock clock) {
    this.name = name;
    this.description = description;
    this.cluster = cluster;
    this.clock = clock;
    access = breaker(name, clock, cluster && byNode ? Breakers::isOfNoNode : RedisFailure::counts);
    recoveryLoop = new RecoveryLoop(name, this::lookAtWhatIsDue);
    nodeGuards = new NodeGuards(
        node -> nodeBreaker(name, node),
        (node, made) -> recoveryLoop.add(made, () -> tryNode(node)));
    payloadGuards = new NodeGuards(node -> nodeBreaker(name + "-payloads", node), this::addPayload);
    onGone(recoveryLoop::remove);
  }

  /** Starts the loop. */
  void start(LazyClient<Clients> commands, Attempts calls, RefusedWrites refusedWrites) {
    this.commands = commands;
    this.calls = calls;
    this.refusedWrites = refusedWrites;
    refusedWrites.onFirst(recoveryLoop::wake);
    recoveryLoop.add(access, this::recover);
    recoveryLoop.start();
  }

  Guard access() {
    return access;
  }

  NodeGuards nodes() {
    return nodeGuards;
  }

  NodeGuards payloads() {
    return payloadGuards;
  }

  List<Guard> all() {
    List<Guard> all = new ArrayList<>();
    all.add(access);
    all.addAll(nodeGuards.all());
    all.addAll(payloadGuards.all());
    return all;
  }

  boolean allClosed() {
    return access.state() == GuardState.CLOSED
        && nodeGuards.allClosed()
        && payloadGuards.allClosed();
  }

  void onEach(Consumer<Guard> listener) {
    listener.accept(access);
    nodeGuards.onEach(listener);
    payloadGuards.onEach(listener);
  }

  void onGone(Consumer<Guard> farewell) {
    nodeGuards.onGone(farewell);
    payloadGuards.onGone(farewell);
  }

  void onRecovery(Recovery step) {
    recoveries.add(Objects.requireNonNull(step));
  }

  void removeRecovery(Recovery step) {
    recoveries.remove(step);
  }

  void warnOfEviction(String who, String risk, Predicate<String> harmful) {
    evictions.add(who, risk, harmful);
    recoveryLoop.wake();
  }

  /** Ends the loop. */
  @Override
  public void close() {
    recoveryLoop.close();
  }

  private Guard nodeBreaker(String prefix, HostAndPort node) {
    return breaker(cluster ? prefix + "@" + node : prefix, clock, RedisFailure::counts);
  }

  private void addPayload(HostAndPort node, Guard made) {
    if (!cluster) {
      // A sentinel's new master has taken the place of the one before, and its breaker has the same
      // name.
      payloadGuards.keepOnly(node::equals);
    }
    recoveryLoop.add(made, () -> tryPayloads(node));
  }

  private static Guard breaker(String name, Clock clock, Predicate<Throwable> counts) {
    return Guard.builder(name)
        .countWindow(10)
        .minimumCalls(5)
        .failureRate(0.5)
        // Time-outs decide: an answer in time counts as a success.
        .slowCalls(Duration.ofHours(1), 1)
        .openFor(Duration.ofMillis(500), Duration.ofSeconds(5))
        .ignoring(failure -> !counts.test(failure))
        .reasons(RedisFailures::reason)
        .probed()
        .clock(clock)
        .build();
  }

  /** On a cluster each node's failures belong to its own breaker; the access' breaker is for reaching the cluster at all. */
  private static boolean isOfNoNode(Throwable failure) {
    return failure instanceof LazyClient.NotReachedException;
  }

  /** The steps that must have succeeded before calls pass again. */
  private void recover() {
    Clients clients = commands.get();
    clients.dropIdle();
    if (!cluster) {
      calls.retryOnce(Breakers::ping);
    }
    recoverySteps(clients.raw());
    evictions.askAgain();
  }

  /** As {@link #recover}, of one node of a cluster. */
  private void tryNode(HostAndPort node) {
    ClusterNodes nodes = commands.get().nodes();
    if (nodes == null) {
      return;
    }
    nodes.refresh();
    if (!nodes.knows(node)) {
      return;
    }
    nodes.pool(node).clear();
    try (Connection connection = nodes.pool(node).getResource()) {
      ClusterHealth.require(connection);
    }
    recoverySteps(commands.get().raw());
    evictions.askAgain();
  }

  private void tryPayloads(HostAndPort node) {
    Clients clients = commands.get();
    ClusterNodes nodes = clients.nodes();
    if (nodes == null) {
      ping(clients.raw());
    } else if (nodes.knows(node)) {
      try (Connection connection = nodes.payloadPool(node).getResource()) {
        ClusterHealth.require(connection);
      }
    }
  }

  /**
   * A node that refuses a step's commands is healthy, so calls pass; the step's owner goes on trying. On a cluster a
   * step may fail for another node than the one that is back.
   */
  private void recoverySteps(UnifiedJedis client) {
    boolean all = true;
    for (Recovery step : recoveries) {
      try {
        step.recover(client);
      } catch (RuntimeException failed) {
        if (!cluster && RedisFailure.of(failed) == RedisFailure.NODE) {
          throw failed;
        }
        all = false;
        toldOfStep.tell(() -> log.warn(
            "redis={} recovery=incomplete cause=\"{}\" action=\"calls pass; the step is retried\"",
            description,
            RedisFailures.reason(failed)));
      }
    }
    if (all) {
      toldOfStep.over(() -> log.info("redis={} recovery=complete", description));
    }
  }

  /** A node that answers MISCONF, NOREPLICAS or NOPERM is up. */
  private static String ping(UnifiedJedis client) {
    try {
      return client.ping();
    } catch (JedisDataException reply) {
      if (RedisFailure.of(reply) == RedisFailure.NODE) {
        throw reply;
      }
      return "up";
    }
  }

  /** Returns whether nothing is left to look at. */
  private boolean lookAtWhatIsDue() {
    boolean settled = refusedWrites.settle();
    return askOfEvictions() && settled;
  }

  private boolean askOfEvictions() {
    if (evictions.isDue()) {
      try {
        evictions.doWork(commands.get().pools().get());
      } catch (RuntimeException unreachable) {
        return false;
      }
    }
    return !evictions.isDue();
  }
}
