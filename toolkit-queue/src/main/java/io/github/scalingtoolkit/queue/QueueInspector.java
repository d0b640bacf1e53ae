package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Shows operators the contents of a queue, and lets them change it: cancel, schedule, pause, drain, and retry or discard
 * dead letters.
 *
 * <p>Safe for use by several threads. Every method takes one round trip, unless it says something else, and throws as {@link
 * JobQueue} does.
 */
public final class QueueInspector {
  /** For a reply that has a whole job, whose size nobody knows before. */
  private static final int LARGE_JOB_BYTES = 8_000_000;

  private static final int MOST_LISTED = 1000;
  private static final int MOST_DRAINED = 500;
  private static final int LONGEST_ID = 128;
  private static final String DAMAGED_ID = "damaged:";

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
   * Returns the jobs of one state, without their payloads: the next one to run or due first, what ended last first. Waiting
   * ones are in the order of priorities and, within one, types. Delayed ones and those that wait for a retry are one list:
   * {@link JobState#DELAYED} and {@link JobState#RETRY} ask for the same. {@link JobState#COMPLETED} asks for the ids that
   * are remembered, those that callers gave first, whatever their end.
   *
   * @param skip how many to skip, at least 0. A job that changes its state between two calls may be shown twice or not at
   *     all
   * @param most how many to return, 1 to 1,000
   * @throws IllegalArgumentException if one is out of bounds
   */
  public List<ListedJob> list(JobState state, int skip, int most) {
    checkPage(skip, most);
    String from = switch (state) {
      case WAITING -> "waiting";
      case DELAYED, RETRY -> "delayed";
      case ACTIVE -> "active";
      case DEAD -> "dead";
      case COMPLETED -> "ended";
    };
    List<?> reply = (List<?>) Objects.requireNonNull(
        queue.eval(Scripts.LIST, List.of(queue.version(), bytes(from), bytes(skip), bytes(most))));
    List<ListedJob> jobs = new ArrayList<>(reply.size() / 4);
    for (int i = 0; i < reply.size(); i += 4) {
      long at = (Long) reply.get(i + 2);
      Trouble trouble = Trouble.read(Scripts.text(reply.get(i + 3)));
      jobs.add(new ListedJob(
          shown((byte[]) reply.get(i)),
          typeOf((byte[]) reply.get(i + 1)),
          at == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(at)),
          trouble.failures() + trouble.losses()));
    }
    return jobs;
  }

  private static void checkPage(int skip, int most) {
    if (skip < 0 || most < 1 || most > MOST_LISTED) {
      throw new IllegalArgumentException(
          "skip must be >= 0 and most 1 to " + MOST_LISTED + " but were " + skip + " and " + most);
    }
  }

  /** Returns an id that people can read, and that {@link #discardDead} takes, also for what is none. */
  private static JobId shown(byte[] id) {
    String plain = new String(id, StandardCharsets.ISO_8859_1);
    if (JobId.isValid(plain)) {
      return new JobId(plain);
    }
    String escaped = DAMAGED_ID + Texts.escaped(id);
    return new JobId(escaped.substring(0, Math.min(escaped.length(), LONGEST_ID)));
  }

  /** Returns the name of the type; empty if the bytes are not of a job. */
  private static String typeOf(byte[] head) {
    try {
      return Envelope.type(head);
    } catch (IllegalArgumentException damaged) {
      return "";
    }
  }

  /**
   * Ends a job that is waiting, delayed, retried or active, without a dead letter: {@link JobQueue#find} says that it is
   * dead and was cancelled, and its id is remembered like that of a job that ended, so that no outbox enqueues it again. The
   * handler of an active one is interrupted within a third of its worker's lease, and how its run ends changes nothing. Looks
   * through a whole list of ready jobs, if it is in one.
   *
   * @return false if it is in none of these states; also if this call has ended it, but had to be repeated on the way to
   *     Redis: {@link JobQueue#find} tells
   */
  public boolean cancel(JobId id) {
    return admin("cancel", bytes(id.value())) == 1;
  }

  /**
   * Makes a job that is waiting, delayed or retried ready at {@code time}, by the clock of Redis; at once if that is over.
   * Looks through a whole list of ready jobs, if it is in one.
   *
   * @param time from 1970 on
   * @return false if it is in none of these states
   */
  public boolean schedule(JobId id, Instant time) {
    return admin("schedule", bytes(id.value()), bytes(Math.max(0, time.toEpochMilli()))) == 1;
  }

  /** Makes a job that is delayed or retried ready now; false if it is neither that nor waiting. */
  public boolean promote(JobId id) {
    return schedule(id, Instant.EPOCH);
  }

  /** Lets no worker claim jobs until {@link #resume}. Jobs that run go on, and jobs can be enqueued. */
  public void pause() {
    admin("pause");
  }

  /** Lets workers claim jobs again, and calls them. */
  public void resume() {
    admin("resume");
  }

  /** Tells whether the queue is paused. */
  public boolean isPaused() {
    return admin("paused") == 1;
  }

  /**
   * Ends all jobs that are waiting, as {@link #cancel} does; delayed and active ones stay. One round trip for each 500, until
   * there is none, so pause a queue to which much is added.
   *
   * @return how many; too few if a call had to be repeated on the way to Redis
   */
  public long drain() {
    long all = 0;
    long some;
    do {
      some = admin("drain", bytes(MOST_DRAINED));
      all += some;
    } while (some == MOST_DRAINED);
    return all;
  }

  private long admin(String action, byte[]... args) {
    List<byte[]> all = new ArrayList<>(List.of(queue.version(), bytes(action)));
    all.addAll(Arrays.asList(args));
    return (Long) Objects.requireNonNull(queue.eval(Scripts.ADMIN, all));
  }

  /**
   * Returns dead letters, the newest first, without their payloads.
   *
   * @param skip how many to skip, at least 0
   * @param most how many to return, 1 to 1,000
   */
  public List<DeadLetter> dead(int skip, int most) {
    checkPage(skip, most);
    List<?> reply = (List<?>) Objects.requireNonNull(queue.eval(
        Scripts.DEAD, List.of(queue.version(), bytes("list"), bytes(skip), bytes(most))));
    List<DeadLetter> letters = new ArrayList<>(reply.size() / 3);
    for (int i = 0; i < reply.size(); i += 3) {
      letters.add(
          letter((byte[]) reply.get(i), Ending.read(Scripts.text(reply.get(i + 1))), (byte[])
              reply.get(i + 2)));
    }
    return letters;
  }

  /** How a dead letter ended, as {@code e} keeps it. */
  private record Ending(DeadLetter.Cause cause, int attempts, Instant at, String reason) {
    static Ending read(String text) {
      String[] parts = text.split("\\|", 4);
      try {
        return new Ending(
            QueueInspector.cause(parts[0]),
            Integer.parseInt(parts[1]),
            Instant.ofEpochMilli(Long.parseLong(parts[2])),
            parts[3]);
      } catch (IndexOutOfBoundsException | NumberFormatException damaged) {
        return new Ending(DeadLetter.Cause.FAILED, 0, Instant.EPOCH, "");
      }
    }
  }

  /** One that is damaged must not hide the others. */
  private static DeadLetter letter(byte[] id, Ending end, byte[] head) {
    JobId shown = shown(id);
    String type = typeOf(head);
    boolean misnamed = !shown.value().equals(new String(id, StandardCharsets.ISO_8859_1));
    if (misnamed || type.isEmpty()) {
      return new DeadLetter(
          shown,
          "",
          end.attempts,
          end.at,
          DeadLetter.Cause.DAMAGED,
          misnamed ? "it is stored under no id" : end.reason);
    }
    return new DeadLetter(shown, type, end.attempts, end.at, end.cause, end.reason);
  }

  private static DeadLetter.Cause cause(String outcome) {
    return switch (outcome) {
      case "p" -> DeadLetter.Cause.POISON;
      case "x" -> DeadLetter.Cause.EXPIRED;
      default -> DeadLetter.Cause.FAILED;
    };
  }

  /**
   * Returns the latest failed runs of a job that is retried or dead, the first one first; at most 10. Empty once it is
   * done, and when it is retried by {@link #retryDead}.
   */
  public List<JobFailure> failures(JobId id) {
    List<?> reply = (List<?>) Objects.requireNonNull(
        queue.eval(Scripts.FAILURES, List.of(queue.version(), bytes(id.value()))));
    return reply.stream().map(entry -> JobFailure.read(Scripts.text(entry))).toList();
  }

  /**
   * Makes a dead job ready again, as if it had never run; false if it is not dead, or {@linkplain DeadLetter#isDamaged
   * damaged}. A deadline that is over by now, or that it is dead of, is dropped.
   */
  public boolean retryDead(JobId id) {
    return deadAction("retry", bytes(id.value()));
  }

  /**
   * As {@link #retryDead(JobId)}, with another payload. Headers, priority, most attempts and limits stay as they are. Two
   * round trips.
   *
   * @param type its type
   * @return false if it is not dead, or damaged
   * @throws IllegalArgumentException if the job has another type: nothing is changed then
   * @throws QueueException if the payload cannot be written
   */
  public <P> boolean retryDead(JobId id, JobType<P> type, P payload) {
    byte[] name = bytes(id.value());
    // As long as its payload: more than an ordinary call has time for.
    Object stored = queue.evalPayload(
        Scripts.DEAD, List.of(queue.version(), bytes("get"), name), LARGE_JOB_BYTES);
    if (!(stored instanceof byte[] envelope)) {
      return false;
    }
    String storedType;
    try {
      storedType = Envelope.read(envelope).type();
    } catch (IllegalArgumentException damaged) {
      return false;
    }
    if (!storedType.equals(type.name())) {
      throw new IllegalArgumentException("job " + id + " has type " + storedType
          + ", so it cannot get a payload of type " + type.name());
    }
    return deadAction("edit", name, envelope, Envelope.edited(envelope, type, payload));
  }

  /**
   * Drops a dead job; its id is remembered for 24 hours more. False if it is not dead. Takes the ids of {@link #dead}, also
   * those of what is stored under no id, unless they were cut.
   */
  public boolean discardDead(JobId id) {
    if (deadAction("discard", bytes(id.value()))) {
      return true;
    }
    String name = id.value();
    if (!name.startsWith(DAMAGED_ID)) {
      return false;
    }
    try {
      return deadAction("discard", Texts.unescaped(name.substring(DAMAGED_ID.length())));
    } catch (IllegalArgumentException notEscaped) {
      return false;
    }
  }

  private boolean deadAction(String action, byte[]... args) {
    List<byte[]> all = new ArrayList<>(List.of(queue.version(), bytes(action)));
    all.addAll(Arrays.asList(args));
    // Its arguments may be large.
    return Long.valueOf(1).equals(queue.evalPayload(Scripts.DEAD, all, 0));
  }
}
