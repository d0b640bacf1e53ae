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
    List<?> reply =
        (List<?>) Objects.requireNonNull(queue.eval(Scripts.COUNTS, List.of(queue.version())));
    return new QueueCounts(
        (Long) reply.get(0), (Long) reply.get(1), (Long) reply.get(2), (Long) reply.get(3), (Long)
            reply.get(4));
  }

  /**
   * Returns dead letters, the newest first, without their payloads.
   *
   * @param skip how many to skip, at least 0
   * @param most how many to return, 1 to 1,000
   */
  public List<DeadLetter> dead(int skip, int most) {
    if (skip < 0 || most < 1 || most > MOST_LISTED) {
      throw new IllegalArgumentException(
          "skip must be >= 0 and most 1 to " + MOST_LISTED + " but were " + skip + " and " + most);
    }
    List<?> reply = (List<?>) Objects.requireNonNull(queue.eval(
        Scripts.DEAD, List.of(queue.version(), bytes("list"), bytes(skip), bytes(most))));
    List<DeadLetter> letters = new ArrayList<>(reply.size() / 3);
    for (int i = 0; i < reply.size(); i += 3) {
      letters.add(
          letter(new JobId(Scripts.text(reply.get(i))), Scripts.text(reply.get(i + 1)), (byte[])
              reply.get(i + 2)));
    }
    return letters;
  }

  /** One that is damaged must not hide the others. */
  private static DeadLetter letter(JobId id, String ended, byte[] head) {
    String type;
    try {
      type = Envelope.type(head);
    } catch (IllegalArgumentException damaged) {
      type = "";
    }
    String[] end = ended.split("\\|", 4);
    try {
      return new DeadLetter(
          id, type, Integer.parseInt(end[1]), Instant.ofEpochMilli(Long.parseLong(end[2])), end[3]);
    } catch (IndexOutOfBoundsException | NumberFormatException damaged) {
      return new DeadLetter(id, type, 0, Instant.EPOCH, "");
    }
  }

  /** Makes a dead job ready again, as if it had never run; false if it is not dead, or {@linkplain DeadLetter#isDamaged damaged}. */
  public boolean retryDead(JobId id) {
    return deadAction("retry", id);
  }

  /** Drops a dead job; its id is remembered for 24 hours more. False if it is not dead. */
  public boolean discardDead(JobId id) {
    return deadAction("discard", id);
  }

  private boolean deadAction(String action, JobId id) {
    return Long.valueOf(1)
        .equals(
            queue.eval(Scripts.DEAD, List.of(queue.version(), bytes(action), bytes(id.value()))));
  }
}
