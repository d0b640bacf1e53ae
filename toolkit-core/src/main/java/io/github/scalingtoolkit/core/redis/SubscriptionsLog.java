package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.internal.Once;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs subscriptions that do not work as promised, once at each change of state: a channel that a server
 * refuses, a listener that delays all, and subscriptions that have not been live for ten heartbeats; and when that is over.
 *
 * <p>The heartbeat's thread looks; any may refuse.
 */
final class SubscriptionsLog {
  private static final Logger log = LoggerFactory.getLogger(SubscriptionsLog.class);
  private static final int TOLD_AFTER = 10;

  private final String name;
  private final Duration patience;
  private final Map<String, Obstacle> refusals = new ConcurrentHashMap<>();

  /** These are the heartbeat's. */
  private final Once toldOfLate = new Once();

  private @Nullable ChannelSubscription toldOfSlow;

  SubscriptionsLog(String name, Duration heartbeat) {
    this.name = name;
    patience = heartbeat.multipliedBy(TOLD_AFTER);
  }

  void refused(String channel, Obstacle why) {
    if (refusals.putIfAbsent(channel, why) == null) {
      log.warn(
          "redis={} subscription channel={} state=refused node={} reason=\"{}\" action=\"{}\"",
          name,
          channel,
          why.node(),
          why.reason(),
          why.action());
    }
  }

  void isLive(String channel) {
    if (refusals.remove(channel) != null) {
      log.info("redis={} subscription channel={} state=live", name, channel);
    }
  }

  void forget(String channel) {
    refusals.remove(channel);
  }

  /**
   * Logs listeners that delay their connections.
   *
   * @param open the connections
   */
  void lookAtListeners(List<SubscribedConnection> open) {
    ChannelSubscription slow = null;
    for (SubscribedConnection connection : open) {
      slow = slow == null ? connection.busyFor(patience.toNanos()) : slow;
    }
    if (slow != null && toldOfSlow == null) {
      log.warn(
          "redis={} subscription channel={} listener=slow for={}ms reason=\"all channels wait for it\""
              + " action=\"let it hand its work to another thread\"",
          name,
          slow.channel(),
          patience.toMillis());
    } else if (slow == null && toldOfSlow != null) {
      log.info("redis={} subscription channel={} listener=well", name, toldOfSlow.channel());
    }
    toldOfSlow = slow;
  }

  /**
   * Logs subscriptions that are not live, unless the reason was logged when it appeared.
   *
   * @param now the time now, of the subscriptions' clock
   */
  void lookAtSubscriptions(
      List<ChannelSubscription> all, Collection<NodeLink> links, Obstacle unknownNodes, long now) {
    links.forEach(NodeLink::tellIfWell);
    boolean refused = links.stream().anyMatch(NodeLink::isRefused);
    List<ChannelSubscription> down = new ArrayList<>();
    boolean late = false;
    for (ChannelSubscription each : all) {
      boolean toldOtherwise =
          each.throwsNow(now, patience) || refused || refusals.containsKey(each.channel());
      if (!each.live() && !toldOtherwise) {
        down.add(each);
        late |= now - each.notLiveSince() >= patience.toNanos();
      }
    }
    if (late) {
      // All that are down, as those that went down with the first are late in a moment.
      toldOfLate.tell(() -> tellOfLate(down, why(down.get(0), links, unknownNodes)));
    } else if (down.isEmpty()) {
      toldOfLate.over(() -> log.info("redis={} subscriptions=live count={}", name, all.size()));
    }
  }

  private void tellOfLate(List<ChannelSubscription> down, Obstacle why) {
    log.warn(
        "redis={} subscriptions=not-live count={} channels=\"{}\" for={}ms node={} reason=\"{}\" action=\"{}\"",
        name,
        down.size(),
        down.stream()
            .map(ChannelSubscription::channel)
            .distinct()
            .limit(3)
            .collect(Collectors.joining(" ")),
        patience.toMillis(),
        why.node(),
        why.reason(),
        why.action());
  }

  private static Obstacle why(
      ChannelSubscription subscription, Collection<NodeLink> links, Obstacle unknownNodes) {
    for (NodeLink link : links) {
      SubscribedConnection connection = link.current();
      if (connection == null || !connection.hasConfirmed(subscription)) {
        return link.obstacle();
      }
    }
    return unknownNodes;
  }
}
