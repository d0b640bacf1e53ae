package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.util.Pool;

/**
 * All subscriptions of an access: one connection and one thread a node, whatever the number of channels, and none while
 * there is no channel.
 *
 * <p><b>Threads.</b> Each {@link NodeLink} has one that connects and reads. The heartbeat's thread starts and ends links,
 * sends what a connection owes ({@link SubscribedConnection}), asks for signs of life, cuts what is silent, and has
 * {@link SubscriptionsLog} tell of what does not get well; it does nothing that waits for a server. {@link TopologyWatch}
 * has one for what does.
 */
final class Subscriptions implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Subscriptions.class);

  private final Duration heartbeat;
  private final Clock clock;
  private final String name;
  private final Map<String, Channel> channels = new ConcurrentHashMap<>();
  private final ReentrantLock starting = new ReentrantLock();
  private final SubscriptionsLog told;
  private final TopologyWatch topology;
  private final Loop heart;

  private volatile boolean closed;

  /** The heartbeat's thread replaces it. */
  private volatile Map<String, NodeLink> links = Map.of();

  /** These are the heartbeat's. */
  private long nextBeat = System.nanoTime();

  private int halves;

  /**
   * Makes one without threads, which the first subscription starts.
   *
   * @param primaries returns the pools of the nodes to listen at, by the nodes' names; may throw while they are unknown
   * @param refresh lets {@code primaries} know the nodes of now; may block
   */
  Subscriptions(
      Supplier<Map<String, Pool<Connection>>> primaries,
      Runnable refresh,
      Duration heartbeat,
      Clock clock,
      String name) {
    this.heartbeat = heartbeat;
    this.clock = clock;
    this.name = name;
    told = new SubscriptionsLog(name, heartbeat);
    topology = new TopologyWatch(name, primaries, refresh, heartbeat, new TopologyWatch.User() {
      @Override
      public boolean isInUse() {
        return !channels.isEmpty();
      }

      @Override
      public boolean isWhole() {
        List<SubscribedConnection> open = connections();
        return !open.isEmpty()
            && open.size() == links.size()
            && open.stream().allMatch(SubscribedConnection::hasAnswered);
      }

      @Override
      public void nodesChanged() {
        wake();
      }
    });
    heart = new Loop("subscriptions-" + name + "-heartbeat", this::beat);
  }

  /** Makes one that listens through a client's own connections, on a cluster at its masters. */
  static Subscriptions through(
      Supplier<UnifiedJedis> client, Duration heartbeat, Clock clock, String name) {
    ClusterMasters masters = new ClusterMasters();
    return new Subscriptions(
        () -> WrappedClient.isCluster(client.get())
            ? masters.of(client.get())
            : NodePools.of(client.get()),
        () -> {
          if (WrappedClient.isCluster(client.get())) {
            masters.refresh(client.get());
          }
        },
        heartbeat,
        clock,
        name);
  }

  /**
   * Listens to a channel; returns at once.
   *
   * @throws IllegalStateException if this is closed
   */
  ChannelSubscription subscribe(String channel, ChannelListener listener) {
    // As the server will name it: what cannot be encoded comes back as something else.
    String named = new String(channel.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    ChannelSubscription subscription = new ChannelSubscription(this, named, listener);
    starting.lock();
    try {
      if (closed) {
        throw new IllegalStateException(
            "cannot listen to channel '" + channel + "': access '" + name + "' is closed");
      }
      channels.compute(named, (key, known) -> {
        List<ChannelSubscription> all =
            new ArrayList<>(known == null ? List.of() : known.subscriptions());
        all.add(subscription);
        return new Channel(named, List.copyOf(all));
      });
      heart.start();
      topology.start();
    } finally {
      starting.unlock();
    }
    topologyMayHaveChanged();
    wake();
    return subscription;
  }

  /** Returns how many subscriptions are live, by the time of now. */
  int live() {
    long now = clock.nanoTime();
    return (int) all().stream().filter(each -> each.liveAt(now)).count();
  }

  /** Returns how many are not. */
  int down() {
    long now = clock.nanoTime();
    return (int) all().stream().filter(each -> !each.liveAt(now)).count();
  }

  /** Ends all subscriptions, connections and threads, without waiting for them. */
  @Override
  public void close() {
    starting.lock();
    try {
      closed = true;
    } finally {
      starting.unlock();
    }
    all().forEach(ChannelSubscription::close);
    links.values().forEach(NodeLink::close);
    heart.close();
    topology.close();
  }

  // What subscriptions, links and connections ask

  String name() {
    return name;
  }

  Clock clock() {
    return clock;
  }

  /** Returns after how many nanoseconds without a sign of life a node counts as lost: two heartbeats. */
  long silenceAllowed() {
    return 2 * heartbeat.toNanos();
  }

  Collection<Channel> channels() {
    return channels.values();
  }

  /** Returns the channel, or null if it has no listener. */
  @Nullable
  Channel channel(String channel) {
    return channels.get(channel);
  }

  void remove(ChannelSubscription subscription) {
    String channel = subscription.channel();
    channels.computeIfPresent(channel, (key, known) -> {
      List<ChannelSubscription> others = new ArrayList<>(known.subscriptions());
      others.remove(subscription);
      return others.isEmpty() ? null : new Channel(channel, List.copyOf(others));
    });
    if (!channels.containsKey(channel)) {
      told.forget(channel);
    }
    wake();
  }

  /** Returns the connections on which a subscription is confirmed if these are all there should be, else null. */
  @Nullable
  List<SubscribedConnection> confirmedBy(ChannelSubscription subscription) {
    Map<String, NodeLink> all = links;
    if (all.isEmpty() || topology.nodes() == null) {
      return null;
    }
    List<SubscribedConnection> connections = new ArrayList<>(all.size());
    for (NodeLink link : all.values()) {
      SubscribedConnection connection = link.current();
      if (connection == null || !connection.hasConfirmed(subscription)) {
        return null;
      }
      connections.add(connection);
    }
    return connections;
  }

  /** Lets each subscription look at whether it is live. */
  void checkAll() {
    all().forEach(ChannelSubscription::check);
  }

  /** Notes that a node has answered. */
  void heard() {
    all().forEach(ChannelSubscription::heard);
  }

  /** Has the heartbeat's thread look at what is to be sent. */
  void wake() {
    heart.wake();
  }

  /** Has the nodes looked up soon. */
  void topologyMayHaveChanged() {
    topology.doubt();
  }

  void refused(String channel, Obstacle why) {
    if (channels.containsKey(channel)) {
      told.refused(channel, why);
    }
  }

  void isLive(ChannelSubscription subscription) {
    told.isLive(subscription.channel());
  }

  /** Returns the connections there are now. */
  List<SubscribedConnection> connections() {
    List<SubscribedConnection> open = new ArrayList<>();
    for (NodeLink link : links.values()) {
      SubscribedConnection connection = link.current();
      if (connection != null) {
        open.add(connection);
      }
    }
    return open;
  }

  private List<ChannelSubscription> all() {
    List<ChannelSubscription> all = new ArrayList<>();
    channels.values().forEach(channel -> all.addAll(channel.subscriptions()));
    return all;
  }

  // The heartbeat

  private Duration beat() {
    // Not by the clock that was given: that one may stand still.
    boolean due = System.nanoTime() - nextBeat >= 0;
    try {
      step(due, halves % 2 == 0);
    } finally {
      if (due) {
        halves++;
        nextBeat = System.nanoTime() + heartbeat.toNanos() / 2;
      }
      if (closed) {
        // Those that began while it was being closed.
        links.values().forEach(NodeLink::close);
      }
    }
    return channels.isEmpty() && links.isEmpty()
        ? Loop.UNTIL_WOKEN
        : Duration.ofNanos(Math.max(1, nextBeat - System.nanoTime()));
  }

  /** Does what is to be done: by the half of a heartbeat if it is {@code due}, and asks for life at whole ones. */
  private void step(boolean due, boolean whole) {
    adopt();
    for (SubscribedConnection connection : connections()) {
      if (due) {
        connection.cutIfSilent(heartbeat.toNanos() / 2, silenceAllowed());
      }
      connection.cutIfOutdated();
      connection.catchUp();
      if (due && whole) {
        connection.ping();
      }
    }
    if (due && whole) {
      checkAll();
      told.lookAtListeners(connections());
      told.lookAtSubscriptions(all(), links.values(), topology.obstacle(), clock.nanoTime());
    }
  }

  /** Starts and ends links, so that there is one for each node that is to be listened at. */
  private void adopt() {
    Map<String, Pool<Connection>> wanted = channels.isEmpty() ? Map.of() : topology.nodes();
    if (wanted == null) {
      // What there was goes on, though none is live by it.
      return;
    }
    Map<String, NodeLink> before = links;
    Map<String, NodeLink> after = new TreeMap<>();
    List<NodeLink> fresh = new ArrayList<>();
    wanted.forEach((node, pool) -> {
      NodeLink known = before.get(node);
      // A sentinel's new master comes with a new pool, under whatever name.
      if (known == null || known.pool() != pool) {
        known = new NodeLink(this, node, pool);
        fresh.add(known);
      }
      after.put(node, known);
    });
    List<NodeLink> gone = new ArrayList<>(before.values());
    gone.removeAll(after.values());
    if (fresh.isEmpty() && gone.isEmpty()) {
      return;
    }
    log.debug("redis={} subscriptions=follow nodes={}", name, after.keySet());
    links = after;
    gone.forEach(NodeLink::close);
    checkAll();
    fresh.forEach(NodeLink::start);
  }
}
