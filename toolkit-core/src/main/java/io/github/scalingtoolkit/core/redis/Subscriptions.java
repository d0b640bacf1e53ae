package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.util.Pool;

/**
 * All subscriptions of an access: one connection and one thread a node, whatever the number of channels, and none while
 * there is no channel.
 *
 * <p><b>Threads.</b> Each {@link NodeLink} has one that connects and reads. The heartbeat's thread starts and ends links,
 * sends what a link owes ({@link SubscribedConnection}), asks for signs of life, cuts what is silent, and tells of what
 * does not get well; it does nothing that waits for a server. The topology's thread does, since asking for the nodes may
 * take as long as the client's deadline for each of them.
 *
 * <p><b>Following the nodes.</b> They are looked up once a heartbeat, and the client is told to ask a server for them
 * when a link was lost or is not there yet, at most once a heartbeat, and every fifth heartbeat in any case. So nobody
 * has to send commands for a failover to be noticed.
 *
 * <p><b>What is told</b>, once at each change of state: a channel that a server refuses, credentials that it refuses, and
 * subscriptions that have not been live for ten heartbeats; and when that is over.
 */
final class Subscriptions implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Subscriptions.class);
  private static final int REFRESHED_EVERY = 5;
  private static final int TOLD_AFTER = 10;

  private final Supplier<Map<String, Pool<Connection>>> primaries;
  private final Runnable refresh;
  private final Duration heartbeat;
  private final Clock clock;
  private final String name;
  private final Map<String, Channel> channels = new ConcurrentHashMap<>();
  private final Map<String, Obstacle> refusals = new ConcurrentHashMap<>();
  private final ReentrantLock starting = new ReentrantLock();
  private final Thread ticker;
  private final Thread follower;

  /** Guarded by the lock. */
  private boolean started;

  private volatile boolean closed;

  /** The nodes to listen at; null while they are not known. */
  private volatile @Nullable Map<String, Pool<Connection>> nodes;

  private volatile Obstacle unknownNodes =
      new Obstacle("unknown", "has not been reached yet", "nothing: it is being asked");

  /** The heartbeat's thread replaces it. */
  private volatile Map<String, NodeLink> links = Map.of();

  private volatile boolean doubtful = true;

  /** These are the heartbeat's. */
  private boolean toldOfLate;

  private @Nullable ChannelSubscription toldOfSlow;
  private boolean toldOfError;

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
    this.primaries = primaries;
    this.refresh = refresh;
    this.heartbeat = heartbeat;
    this.clock = clock;
    this.name = name;
    String threads = "subscriptions-" + name + "-";
    ticker = BlockingThreads.platformFactory(threads + "heartbeat-").newThread(this::run);
    follower = BlockingThreads.platformFactory(threads + "topology-").newThread(this::follow);
  }

  /** Makes one that listens through a client's own connections, on a cluster at its masters. */
  static Subscriptions through(
      Supplier<UnifiedJedis> client, Duration heartbeat, Clock clock, String name) {
    ClusterMasters masters = new ClusterMasters();
    return new Subscriptions(
        () -> client.get() instanceof RedisClusterClient cluster
            ? masters.of(cluster)
            : NodePools.of(client.get()),
        () -> {
          if (client.get() instanceof RedisClusterClient cluster) {
            masters.refresh(cluster);
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
      if (!started) {
        started = true;
        ticker.start();
        follower.start();
      }
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
    wake();
    LockSupport.unpark(follower);
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

  /** Returns the channel, or null if nobody listens to it. */
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
      refusals.remove(channel);
    }
    wake();
  }

  /** Returns the connections on which a subscription is confirmed if these are all there should be, else null. */
  @Nullable
  List<SubscribedConnection> confirmedBy(ChannelSubscription subscription) {
    Map<String, NodeLink> all = links;
    if (all.isEmpty() || nodes == null) {
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
    LockSupport.unpark(ticker);
  }

  /** Has the nodes looked up soon. */
  void topologyMayHaveChanged() {
    doubtful = true;
    LockSupport.unpark(follower);
  }

  void refused(String channel, Obstacle why) {
    if (channels.containsKey(channel) && refusals.putIfAbsent(channel, why) == null) {
      log.warn(
          "redis={} subscription channel={} state=refused node={} reason=\"{}\" action=\"{}\"",
          name,
          channel,
          why.node(),
          why.reason(),
          why.action());
    }
  }

  void isLive(ChannelSubscription subscription) {
    if (refusals.remove(subscription.channel()) != null) {
      log.info("redis={} subscription channel={} state=live", name, subscription.channel());
    }
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

  private void run() {
    // Not by the clock that was given: that one may stand still.
    long next = System.nanoTime();
    for (int steps = 0; !closed; ) {
      boolean due = System.nanoTime() - next >= 0;
      try {
        step(due, steps % 2 == 0);
      } catch (Throwable unexpected) {
        // An Error as well: nobody would notice any more what is lost.
        tellOnce(unexpected);
      }
      if (due) {
        steps++;
        next = System.nanoTime() + heartbeat.toNanos() / 2;
      }
      if (closed) {
        break;
      }
      if (channels.isEmpty() && links.isEmpty()) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, Math.max(1, next - System.nanoTime()));
      }
    }
    links.values().forEach(NodeLink::close);
  }

  /** Does what is to be done: by the half of a heartbeat if it is {@code due}, and asks for life at whole ones. */
  private void step(boolean due, boolean whole) {
    adopt();
    for (SubscribedConnection connection : connections()) {
      if (due) {
        connection.cutIfSilent(heartbeat.toNanos() / 2, silenceAllowed());
      }
      connection.catchUp();
      if (due && whole) {
        connection.ping();
      }
    }
    if (due && whole) {
      checkAll();
      tell();
    }
  }

  /** Starts and ends links, so that there is one for each node that is to be listened at. */
  private void adopt() {
    Map<String, Pool<Connection>> wanted = channels.isEmpty() ? Map.of() : nodes;
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

  private void tell() {
    links.values().forEach(NodeLink::tellIfWell);
    tellOfSlow();
    long now = clock.nanoTime();
    long patience = heartbeat.multipliedBy(TOLD_AFTER).toNanos();
    boolean refused = links.values().stream().anyMatch(NodeLink::isRefused);
    List<ChannelSubscription> late = new ArrayList<>();
    boolean anyDown = false;
    for (ChannelSubscription each : all()) {
      boolean toldOtherwise = each.throwsNow(now, heartbeat.multipliedBy(TOLD_AFTER))
          || refused
          || refusals.containsKey(each.channel());
      if (!each.live() && !toldOtherwise) {
        anyDown = true;
        if (now - each.notLiveSince() >= patience) {
          late.add(each);
        }
      }
    }
    if (!late.isEmpty() && !toldOfLate) {
      toldOfLate = true;
      Obstacle why = why(late.get(0));
      log.warn(
          "redis={} subscriptions=not-live count={} channels=\"{}\" for={}ms node={} reason=\"{}\" action=\"{}\"",
          name,
          late.size(),
          late.stream()
              .map(ChannelSubscription::channel)
              .distinct()
              .limit(3)
              .collect(Collectors.joining(" ")),
          patience / 1_000_000,
          why.node(),
          why.reason(),
          why.action());
    } else if (toldOfLate && !anyDown) {
      toldOfLate = false;
      log.info("redis={} subscriptions=live count={}", name, live());
    }
  }

  private Obstacle why(ChannelSubscription subscription) {
    if (nodes == null || links.isEmpty()) {
      return unknownNodes;
    }
    for (NodeLink link : links.values()) {
      SubscribedConnection connection = link.current();
      if (connection == null || !connection.hasConfirmed(subscription)) {
        return link.obstacle();
      }
    }
    return new Obstacle("all", "has confirmed by now", "nothing");
  }

  private void tellOfSlow() {
    long patience = heartbeat.multipliedBy(TOLD_AFTER).toNanos();
    ChannelSubscription slow = null;
    for (SubscribedConnection connection : connections()) {
      slow = slow == null ? connection.busyFor(patience) : slow;
    }
    if (slow != null && toldOfSlow == null) {
      log.warn(
          "redis={} subscription channel={} listener=slow for={}ms reason=\"all channels wait for it\""
              + " action=\"let it hand its work to another thread\"",
          name,
          slow.channel(),
          patience / 1_000_000);
    } else if (slow == null && toldOfSlow != null) {
      log.info("redis={} subscription channel={} listener=well", name, toldOfSlow.channel());
    }
    toldOfSlow = slow;
  }

  private void tellOnce(Throwable unexpected) {
    if (toldOfError) {
      return;
    }
    toldOfError = true;
    try {
      log.error("redis={} subscriptions=failed action=go-on", name, unexpected);
    } catch (Throwable noLog) {
      // Out of memory, say: then a later one may be told of.
      toldOfError = false;
    }
  }

  // The topology

  private void follow() {
    long refreshed = System.nanoTime() - REFRESHED_EVERY * heartbeat.toNanos();
    while (!closed) {
      if (channels.isEmpty()) {
        LockSupport.park(this);
        continue;
      }
      try {
        lookUp();
        long since = System.nanoTime() - refreshed;
        if (since >= REFRESHED_EVERY * heartbeat.toNanos()
            || (since >= heartbeat.toNanos() && (doubtful || !whole()))) {
          doubtful = false;
          try {
            refresh.run();
          } finally {
            refreshed = System.nanoTime();
          }
          lookUp();
        }
      } catch (Throwable unknown) {
        // An Error as well: nothing would be followed any more.
        log.debug("redis={} subscriptions=topology-unknown", name, unknown);
      }
      LockSupport.parkNanos(this, heartbeat.toNanos());
    }
  }

  /** Tells whether there is a connection to each node. */
  private boolean whole() {
    List<SubscribedConnection> open = connections();
    return !open.isEmpty()
        && open.size() == links.size()
        && open.stream().allMatch(SubscribedConnection::hasAnswered);
  }

  private void lookUp() {
    Map<String, Pool<Connection>> now = null;
    try {
      now = Map.copyOf(primaries.get());
      if (now.isEmpty()) {
        now = null;
        unknownNodes = new Obstacle("unknown", "names no node to listen at", "see the cluster");
      }
    } catch (RuntimeException unknown) {
      unknownNodes = Obstacle.of(unknown, "unknown");
    }
    if (now == null || !now.equals(nodes)) {
      nodes = now;
      wake();
    }
  }
}
