package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Once;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Whether this process and the queue's data in Redis have the same version; if not, this process changes nothing there.
 *
 * <p>Safe for use by several threads.
 */
final class DataVersion {
  /** The version of the layout that this code reads and writes (ADR 0012). */
  static final int CURRENT = 1;

  private static final Logger log = LoggerFactory.getLogger(DataVersion.class);
  private static final String CODE = "TQVERSION ";

  private final String queue;
  private final Once warned = new Once();

  DataVersion(String queue) {
    this.queue = queue;
  }

  /** Returns whether the last exchange was refused because the versions differ. */
  boolean differs() {
    return warned.told();
  }

  /** Returns the data's version if that is why a script refused. */
  static @Nullable Integer in(JedisDataException refused) {
    String message = String.valueOf(refused.getMessage());
    int at = message.indexOf(CODE);
    if (at < 0) {
      return null;
    }
    String version = message.substring(at + CODE.length()).split("[^0-9]", 2)[0];
    return version.isEmpty() ? null : Integer.valueOf(version);
  }

  /** An exchange succeeded. */
  void agrees() {
    warned.over(
        () -> log.info("queue={} dataVersion={} state=served", Texts.quoted(queue), CURRENT));
  }

  /** An exchange was refused. */
  QueueVersionException refused(int data) {
    QueueVersionException refused = new QueueVersionException(queue, data, CURRENT);
    warned.tell(() -> log.warn(
        "queue={} dataVersion={} ownVersion={} state=refused action=\"{}\"",
        Texts.quoted(queue),
        data,
        CURRENT,
        refused.action()));
    return refused;
  }
}
