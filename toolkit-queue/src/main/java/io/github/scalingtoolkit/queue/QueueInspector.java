package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Shows operators the contents of a queue, and lets them change it: cancel, schedule, remove, pause, drain, and retry or
 * discard dead letters.
 *
 * <p>Safe for use by several threads. Every method takes one round trip, unless it says something else, and throws as {@link
 * JobQueue} does.
 */
public final class QueueInspector {
  /** For a reply that has a whole job, whose size nobody knows before. */
  private static final int LARGE_JOB_BYTES = 8_000_000;

  /** What throughput is counted over. */
  private static final Duration LATELY = Duration.ofMinutes(1);

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

  /**
   * Looks into the queue {@code name} of any Redis, also of one that may evict jobs: for operators' tools, which enqueue
   * nothing. No round trip.
   *
   * @throws IllegalArgumentException if no queue can have this name
   */
  public static QueueInspector of(RedisAccess redis, String name) {
    return new QueueInspector(JobQueue.builder(redis, name).toInspect());
  }

  /** Returns how many jobs are in each state. */
  public QueueCounts counts() {
    List<?> reply =
        (List<?>) Objects.requireNonNull(queue.eval(Scripts.COUNTS, List.of(queue.version())));
    return new QueueCounts(
        (Long) reply.get(0), (Long) reply.get(1), (Long) reply.get(2), (Long) reply.get(3), (Long)
            reply.get(4));
  }

  /** Returns how the queue is: counts, the age of the job that waits longest, workers and throughput. */
  public QueueOverview overview() {
    List<?> reply = (List<?>) Objects.requireNonNull(
        queue.eval(Scripts.OVERVIEW, List.of(queue.version(), bytes(LATELY.toMillis()))));
    double seconds = (Long) reply.get(12) / 1000.0;
    long[] numbers = new long[11];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (Long) reply.get(i);
    }
    Map<String, Long> byType = new HashMap<>();
    long oldest = numbers[10];
    List<?> lists = (List<?>) reply.get(11);
    for (int i = 0; i < lists.size(); i += 5) {
      byType.merge(Scripts.text(lists.get(i)).substring(2), (Long) lists.get(i + 1), Long::sum);
      long ready =
          readySince((byte[]) lists.get(i + 2), (byte[]) lists.get(i + 3), (Long) lists.get(i + 4));
      oldest = Math.min(oldest, ready > 0 ? ready : oldest);
    }
    return new QueueOverview(
        new QueueCounts(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]),
        byType,
        Duration.ofMillis(numbers[10] - oldest),
        numbers[5] == 1,
        Math.toIntExact(numbers[6]),
        Math.toIntExact(numbers[7]),
        numbers[8] / seconds,
        numbers[9] / seconds,
        (Long) reply.get(13));
  }

  /**
   * Returns since when a job is ready, ms since 1970; 0 if what Redis holds of it is damaged.
   *
   * @param again since when, if Redis tells: not the first time, or not at the time that it was enqueued for
   */
  private static long readySince(byte[] id, byte[] head, long again) {
    if (again > 0) {
      return again;
    }
    String name = new String(id, StandardCharsets.ISO_8859_1);
    try {
      Envelope job = Envelope.read(withNewline(head));
      Details details = job.details();
      // An id given by a caller tells no time.
      long enqueued = details.enqueuedAt() > 0 || job.hasGivenId() || !JobId.isValid(name)
          ? details.enqueuedAt()
          : new JobId(name).madeAt();
      return Math.max(enqueued, details.due());
    } catch (IllegalArgumentException damaged) {
      return 0;
    }
  }

  private static byte[] withNewline(byte[] head) {
    byte[] line = Arrays.copyOf(head, head.length + 1);
    line[head.length] = '\n';
    return line;
  }

  /** Returns the workers of the queue, the one whose lease ends first first. */
  public List<WorkerSnapshot> workers() {
    List<?> reply =
        (List<?>) Objects.requireNonNull(queue.eval(Scripts.WORKERS, List.of(queue.version())));
    List<WorkerSnapshot> workers = new ArrayList<>(reply.size() / 5);
    for (int i = 0; i < reply.size(); i += 5) {
      // version|name| type | type |
      String[] parts = Scripts.text(reply.get(i + 1)).split("\\|");
      workers.add(new WorkerSnapshot(
          Scripts.text(reply.get(i)),
          Arrays.stream(parts).skip(2).map(String::trim).sorted().toList(),
          Instant.ofEpochMilli((Long) reply.get(i + 2)),
          Math.toIntExact((Long) reply.get(i + 3)),
          (Long) reply.get(i + 4) == 1));
    }
    return workers;
  }

  /** Returns all that is known of a job but its payload; empty if it never was or has been forgotten. */
  public Optional<JobHistory> history(JobId id) {
    List<byte[]> args = List.of(queue.version(), bytes(id.value()));
    List<?> replies =
        queue.evalTogether(List.of(Scripts.INSPECT, Scripts.HEAD, Scripts.FAILURES), args);
    Optional<JobSnapshot> snapshot = JobQueue.snapshot(id, replies.get(0));
    List<?> head = (List<?>) replies.get(1);
    return snapshot.map(found -> history(
        found,
        (byte[]) head.get(0),
        (Long) head.get(1),
        (Long) head.get(2),
        Scripts.text(head.get(3)),
        failures((List<?>) replies.get(2))));
  }

  private static JobHistory history(
      JobSnapshot snapshot,
      byte[] head,
      long payloadBytes,
      long due,
      String worker,
      List<JobFailure> failures) {
    Envelope envelope;
    try {
      envelope = Envelope.read(withNewline(head));
    } catch (IllegalArgumentException endedOrDamaged) {
      return new JobHistory(
          snapshot,
          "",
          0,
          -1,
          0,
          0,
          Optional.empty(),
          time(due),
          Optional.empty(),
          Map.of(),
          named(worker),
          failures);
    }
    Details details = envelope.details();
    long enqueuedAt =
        details.enqueuedAt() > 0 ? details.enqueuedAt() : snapshot.id().madeAt();
    return new JobHistory(
        snapshot,
        envelope.type(),
        details.version(),
        head[0] - '0',
        envelope.maxAttempts(),
        payloadBytes,
        time(enqueuedAt),
        time(due),
        time(details.deadline()),
        details.headers(),
        named(worker),
        failures);
  }

  private static Optional<String> named(String worker) {
    return worker.isEmpty() ? Optional.empty() : Optional.of(worker);
  }

  private static Optional<Instant> time(long millis) {
    return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  /**
   * Returns the jobs of one state, without their payloads: the next one to run or due first, what ended last first. Waiting
   * ones are in the order of priorities and, within one, types. Delayed ones and those that wait for a retry are one list:
   * {@link JobState#DELAYED} and {@link JobState#RETRY} ask for the same. So do {@link JobState#COMPLETED} and {@link
   * JobState#CANCELLED}, for all ids that are remembered, those that callers gave first: dead letters that were dropped are
   * among them. Each job tells its own state.
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
      case COMPLETED, CANCELLED -> "ended";
    };
    List<?> reply = (List<?>) Objects.requireNonNull(
        queue.eval(Scripts.LIST, List.of(queue.version(), bytes(from), bytes(skip), bytes(most))));
    List<ListedJob> jobs = new ArrayList<>(reply.size() / 4);
    for (int i = 0; i < reply.size(); i += 4) {
      long at = (Long) reply.get(i + 2);
      String note = Scripts.text(reply.get(i + 3));
      Trouble trouble = from.equals("ended") ? Trouble.NONE : Trouble.read(note);
      jobs.add(new ListedJob(
          shown((byte[]) reply.get(i)),
          typeOf((byte[]) reply.get(i + 1)),
          stateOf(from, trouble, note),
          at == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(at)),
          trouble.failures() + trouble.losses()));
    }
    return jobs;
  }

  /** As {@code inspect.lua} tells it. */
  private static JobState stateOf(String from, Trouble trouble, String note) {
    return switch (from) {
      case "active" -> JobState.ACTIVE;
      case "dead" -> JobState.DEAD;
      case "ended" ->
        note.isEmpty() || note.startsWith("c|")
            ? JobState.COMPLETED
            : note.startsWith("k|") ? JobState.CANCELLED : JobState.DEAD;
      default ->
        trouble.failures() > 0
            ? JobState.RETRY
            : from.equals("delayed") ? JobState.DELAYED : JobState.WAITING;
    };
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
  static String typeOf(byte[] head) {
    try {
      return Envelope.type(head);
    } catch (IllegalArgumentException damaged) {
      return "";
    }
  }

  /**
   * Ends a job that is waiting, delayed, retried or active, without a dead letter: {@link JobQueue#find} says that it is
   * cancelled, and its id is remembered like that of a job that ended, so that no outbox enqueues it again. The
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

  /**
   * Forgets a job: one that is waiting, delayed, retried or dead is gone without having ended, and the id of one that has
   * ended is not remembered any more, so that it can be enqueued again; with it go the records of its side effects
   * ({@link RunOnce#inRedis}; others stay, see {@link RunOnce#forget}). Looks through a whole list of ready jobs, if it is in
   * one.
   *
   * @return false if it is active ({@link #cancel} it first), or not known; also if this call has removed it, but had to be
   *     repeated on the way to Redis
   */
  public boolean remove(JobId id) {
    return admin("remove", bytes(id.value())) == 1;
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
    return failures((List<?>) Objects.requireNonNull(
        queue.eval(Scripts.FAILURES, List.of(queue.version(), bytes(id.value())))));
  }

  private static List<JobFailure> failures(List<?> reply) {
    return reply.stream().map(entry -> JobFailure.read(Scripts.text(entry))).toList();
  }

  /**
   * Makes a dead job ready again, as if it had never run; false if it is not dead, or {@linkplain DeadLetter#isDamaged
   * damaged}. A deadline that is over by now, or that it is dead of, is dropped. Side effects that it has recorded
   * ({@link RunOnce}) stay recorded: they are not repeated.
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
