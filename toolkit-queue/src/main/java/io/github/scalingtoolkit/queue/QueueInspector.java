package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Shows operators the contents of a queue, and lets them retry or discard dead letters.
 *
 * <p>Safe for use by several threads. Every method takes one round trip and throws as {@link JobQueue} does. None reads
 * a whole queue.
 */
public final class QueueInspector {
  private static final int MOST_LISTED = 1000;

  private final JobQueue queue;

  private QueueInspector(JobQueue queue) {
    this.queue = queue;
  }

  /** Looks into {@code queue}. */
  public static QueueInspector of(JobQueue queue) {
    return new QueueInspector(queue);
  }

  /** Returns how many jobs are in each state. */
  public QueueCounts counts() {
    List<?> reply = (List<?>)
        Objects.requireNonNull(queue.redis().eval(Scripts.COUNTS, queue.keys(), List.of()));
    return new QueueCounts(
        (Long) reply.get(0), (Long) reply.get(1), (Long) reply.get(2), (Long) reply.get(3), (Long)
            reply.get(4));
  }

  /**
   * Returns dead letters, the newest first.
   *
   * @param skip how many to skip, at least 0
   * @param most how many to return, 1 to 1,000
   */
  public List<DeadLetter> dead(int skip, int most) {
    if (skip < 0 || most < 1 || most > MOST_LISTED) {
      throw new IllegalArgumentException(
          "skip must be >= 0 and most 1 to " + MOST_LISTED + " but were " + skip + " and " + most);
    }
    List<?> reply = (List<?>) Objects.requireNonNull(queue
        .redis()
        .eval(Scripts.DEAD, queue.keys(), List.of(bytes("list"), bytes(skip), bytes(most))));
    List<DeadLetter> letters = new ArrayList<>(reply.size() / 3);
    for (int i = 0; i < reply.size(); i += 3) {
      String[] end = Scripts.text(reply.get(i + 1)).split("\\|", 6);
      byte[] envelope = (byte[]) reply.get(i + 2);
      letters.add(new DeadLetter(
          new JobId(Scripts.text(reply.get(i))),
          envelope.length == 0 ? "" : Envelope.read(envelope).type(),
          end.length > 1 ? Integer.parseInt(end[1]) : 0,
          Instant.ofEpochMilli(end.length > 2 ? Long.parseLong(end[2]) : 0),
          end.length > 5 ? end[5] : ""));
    }
    return letters;
  }

  /** Makes a dead job ready again, as if it had never run; false if it is not dead. */
  public boolean retryDead(JobId id) {
    return deadAction("retry", id);
  }

  /** Drops a dead job; its id is remembered for 24 hours more. False if it is not dead. */
  public boolean discardDead(JobId id) {
    return deadAction("discard", id);
  }

  private boolean deadAction(String action, JobId id) {
    return Long.valueOf(1)
        .equals(queue
            .redis()
            .eval(Scripts.DEAD, queue.keys(), List.of(bytes(action), bytes(id.value()))));
  }
}
