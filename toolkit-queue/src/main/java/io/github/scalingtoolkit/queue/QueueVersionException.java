package io.github.scalingtoolkit.queue;

/**
 * Redis holds the queue's data in another version than this process reads and writes: nothing was enqueued, claimed or
 * changed. Keep what was to be enqueued, as an outbox does, and try again after the rollout.
 */
public final class QueueVersionException extends QueueException {
  private static final long serialVersionUID = 1L;

  private final int dataVersion;
  private final int ownVersion;

  QueueVersionException(String queue, int dataVersion, int ownVersion) {
    super("queue " + Texts.quoted(queue) + " has data of version " + dataVersion
        + " in Redis, but this process reads and writes version " + ownVersion
        + ", so it enqueues and claims nothing: " + action(dataVersion, ownVersion));
    this.dataVersion = dataVersion;
    this.ownVersion = ownVersion;
  }

  /** Returns the version of the data in Redis. */
  public int dataVersion() {
    return dataVersion;
  }

  /** Returns the version that this process reads and writes. */
  public int ownVersion() {
    return ownVersion;
  }

  String action() {
    return action(dataVersion, ownVersion);
  }

  private static String action(int dataVersion, int ownVersion) {
    return dataVersion > ownVersion
        ? "update this process"
        : "stop the workers of the older version; the data is migrated then";
  }
}
