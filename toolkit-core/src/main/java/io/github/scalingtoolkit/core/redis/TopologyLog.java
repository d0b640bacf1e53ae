package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.internal.Once;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs what the clients of one access know about a cluster's slots: one line when no node told them to one of the clients,
 * one line when all clients know them again.
 *
 * <p>Safe for use by several threads.
 */
final class TopologyLog {
  private static final Logger log = LoggerFactory.getLogger(TopologyLog.class);

  private final String name;
  private final Set<Object> untold = ConcurrentHashMap.newKeySet();
  private final Once stale = new Once();

  /**
   * Starts with all clients knowing the slots.
   *
   * @param name of the access
   */
  TopologyLog(String name) {
    this.name = name;
  }

  /**
   * Notes that no node told a client.
   *
   * @param asked how many nodes it asked
   * @param cause why one of them did not tell
   */
  void noneTold(Object client, int asked, RuntimeException cause) {
    untold.add(client);
    stale.tell(() -> log.warn(
        "redis={} topology=stale nodes={} cause=\"{}\" action=\"{}\"",
        name,
        asked,
        RedisFailures.reason(cause),
        "calls go where slots were last seen; asked again every 5 s at most; "
            + (RedisFailure.isForbidden(cause)
                ? "ACL SETUSER <user> +cluster"
                : Obstacle.of(cause, name).action())));
  }

  /** Notes that a node told a client. */
  void told(Object client) {
    if (untold.remove(client) && untold.isEmpty()) {
      stale.over(() -> log.info("redis={} topology=known", name));
    }
  }

  /** Tells whether there is a client that no node told when it asked last. */
  boolean isStale() {
    return !untold.isEmpty();
  }

  /** Notes that a listener threw when it was told of the nodes. */
  void listenerFailed(RuntimeException failure) {
    log.error("redis={} topology=known listener=failed action=go-on", name, failure);
  }
}
