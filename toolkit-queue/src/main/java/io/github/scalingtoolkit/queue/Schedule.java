package io.github.scalingtoolkit.queue;

import java.time.Instant;
import java.util.Objects;

/**
 * A job that is enqueued again and again, at the slots of a {@link Timing}; to be kept by {@link Schedules#put}.
 *
 * <p>Immutable; each method that takes a value returns another one.
 *
 * @param <P> the payload of its jobs
 */
public final class Schedule<P> {
  /** The header in which a job has the slot that it was enqueued for: {@code 2027-01-31T08:00:00Z}. */
  public static final String SLOT_HEADER = "slot";

  private static final int LONGEST_ID = 100;
  private static final JobId ANY_ID = new JobId("any");

  private final String id;
  private final Timing timing;
  private final JobType<P> type;
  private final P payload;
  private final MissedRuns missed;
  private final EnqueueOptions options;

  private Schedule(
      String id,
      Timing timing,
      JobType<P> type,
      P payload,
      MissedRuns missed,
      EnqueueOptions options) {
    this.id = id;
    this.timing = timing;
    this.type = type;
    this.payload = payload;
    this.missed = missed;
    this.options = options;
  }

  /**
   * Returns a schedule that runs the {@linkplain MissedRuns#latest() latest} of missed runs and enqueues jobs with the
   * default options.
   *
   * @param id its name in the queue: 1 to 100 printable ASCII characters without space, {@code |} and {@code @}
   * @throws IllegalArgumentException if it has another form
   */
  public static <P> Schedule<P> of(String id, Timing timing, JobType<P> type, P payload) {
    return new Schedule<>(
        checked(id),
        Objects.requireNonNull(timing, "timing"),
        Objects.requireNonNull(type, "type"),
        Objects.requireNonNull(payload, "payload"),
        MissedRuns.latest(),
        EnqueueOptions.defaults());
  }

  /** Returns {@code id} if a schedule may have it. */
  static String checked(String id) {
    boolean plain = id.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '|' && c != '@');
    if (id.isEmpty() || id.length() > LONGEST_ID || !plain) {
      throw new IllegalArgumentException("a schedule's id must be 1 to " + LONGEST_ID
          + " printable ASCII characters without space, | and @, but was "
          + Texts.quoted(id.length() > LONGEST_ID ? id.substring(0, LONGEST_ID) : id) + " of "
          + id.length());
    }
    return id;
  }

  /** Returns the name of the job for a slot of the schedule {@code id}: each process gives it the same. */
  static JobId jobId(String id, Instant slot) {
    return new JobId(id + '@' + slot);
  }

  /** Decides what becomes of slots that nobody could enqueue in time. Default: {@link MissedRuns#latest()}. */
  public Schedule<P> missed(MissedRuns policy) {
    return new Schedule<>(
        id, timing, type, payload, Objects.requireNonNull(policy, "policy"), options);
  }

  /**
   * Enqueues its jobs with {@code options}. Default: {@link EnqueueOptions#defaults()}.
   *
   * @throws IllegalArgumentException if they have an id, a delay, a time before which the job is not ready, or a deadline,
   *     which belong to one job alone; or the header {@value #SLOT_HEADER}
   */
  public Schedule<P> options(EnqueueOptions options) {
    if (options.id().isPresent() || options.readyAt(1) > 0 || options.deadline().isPresent()) {
      throw new IllegalArgumentException("the options of schedule " + id
          + " must have no id, delay, notBefore and deadline, which belong to one job alone; timeLimit"
          + " bounds each run");
    }
    if (options.headers().containsKey(SLOT_HEADER)) {
      throw new IllegalArgumentException("the options of schedule " + id + " must have no header "
          + SLOT_HEADER + ", in which each job has its slot; give the header another name");
    }
    return new Schedule<>(id, timing, type, payload, missed, options);
  }

  /** Returns its name in the queue. */
  public String id() {
    return id;
  }

  /** Returns when it is due. */
  public Timing timing() {
    return timing;
  }

  SchedulePlan plan() {
    return new SchedulePlan(timing, missed);
  }

  /**
   * Returns its jobs' envelope, without what belongs to one of them.
   *
   * @throws QueueException if the payload cannot be written
   */
  byte[] envelope() {
    return Envelope.write(type, payload, options.id(ANY_ID), 0);
  }

  /** Shows no payload. */
  @Override
  public String toString() {
    return "Schedule[" + id + ", " + timing + ", " + type + "]";
  }
}
