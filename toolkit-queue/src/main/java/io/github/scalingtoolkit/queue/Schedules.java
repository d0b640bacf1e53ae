package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The schedules of a queue: jobs that are enqueued again and again, by whichever worker is first.
 *
 * <p><b>Who does it.</b> Every worker of the queue, whatever types it handles, looks when a slot is due and enqueues its job
 * in one script, which moves the schedule on to its next slot. It does so only if the schedule is still at that slot, and
 * the slot is due by the clock of Redis: so there is no leader, no clock of a process decides, and each slot is enqueued once.
 * The job's id is the schedule's and the slot, {@code digest@2027-01-31T08:00:00Z}, and its header {@link
 * Schedule#SLOT_HEADER} has the slot. While no worker runs nothing is enqueued; then the schedule's {@link MissedRuns} holds.
 *
 * <p><b>Put schedules when a process starts.</b> That changes nothing if they are there already, also if many processes do
 * so and however often they start: the next slot and a pause stay. It brings them back if Redis has lost its data.
 *
 * <p>Safe for use by several threads. Every method takes one round trip, unless it says something else, and throws as {@link
 * JobQueue} does.
 */
public final class Schedules {
  /** Most schedules of one {@link #list}. */
  public static final int MOST_LISTED = 1000;

  private static final int MOST_BYTES = 1_000_000;

  /** One that is due every second may be due again each time. */
  private static final int MOST_TRIES = 5;

  private final JobQueue queue;
  private final Planner planner;

  /** What {@link #put} did. */
  public enum Put {
    /** It is new. */
    ADDED,
    /** It was there and is another now, or its next slot was lost and is back. */
    CHANGED,
    /** It was there already. */
    UNCHANGED
  }

  private Schedules(JobQueue queue) {
    this.queue = queue;
    planner = new Planner(queue, new QueueListener() {});
  }

  /** Returns the schedules of {@code queue}. */
  public static Schedules of(JobQueue queue) {
    return new Schedules(queue);
  }

  /**
   * Returns the schedules of the queue {@code name} of any Redis, also of one that may evict jobs: for operators' tools. No
   * round trip.
   *
   * @throws IllegalArgumentException if no queue can have this name
   */
  public static Schedules of(RedisAccess redis, String name) {
    return new Schedules(JobQueue.builder(redis, name).toInspect());
  }

  /**
   * Adds a schedule, or replaces the one with its id. A new one is due first at its first slot after now, by the clock of
   * Redis. One that was there keeps its next slot if its timing is the same, whatever else has changed, and stays paused if
   * it is; with another timing, what is due by the old one is enqueued first. Workers know of a new slot within 6 s. Two
   * round trips, three if a slot is due, and up to 15 while more slots become due.
   *
   * @throws IllegalArgumentException if payload and headers are larger than 1,000,000 bytes
   * @throws QueueException if the payload cannot be written
   */
  public Put put(Schedule<?> schedule) {
    byte[] envelope = schedule.envelope();
    if (envelope.length > MOST_BYTES) {
      throw new IllegalArgumentException("payload and headers of schedule " + schedule.id()
          + " must be at most " + MOST_BYTES + " bytes but were " + envelope.length);
    }
    String plan = schedule.plan().text();
    boolean anyway = false;
    for (int tries = 1; ; tries++) {
      Planner.Standing before = planner.standing(schedule.id());
      if (before.isDue() && !timing(before.plan()).equals(timing(plan))) {
        // What this process cannot enqueue must not keep the schedule from being mended.
        anyway = planner.enqueue(List.of(before)).left() > 0;
      }
      Object reply = queue.evalPayload(
          Scripts.CRON,
          List.of(
              queue.version(),
              bytes("put"),
              bytes(schedule.id()),
              bytes(plan),
              envelope,
              bytes(schedule.timing().next(before.now()).toEpochMilli()),
              bytes(anyway || tries == MOST_TRIES ? 1 : 0)),
          0);
      long code = (Long) Objects.requireNonNull(reply);
      if (code < 3) {
        return code == 1 ? Put.ADDED : code == 2 ? Put.CHANGED : Put.UNCHANGED;
      }
      // A slot has become due since: it is enqueued first.
    }
  }

  private static String timing(String plan) {
    return plan.split(" ", 2)[0];
  }

  /**
   * Enqueues no job of a schedule until {@link #resume}. Slots in between are left out. Jobs that are in the queue stay there.
   *
   * @return false if there is none, or it is paused
   */
  public boolean pause(String id) {
    return ask("pause", bytes(id)) == 1;
  }

  /**
   * Enqueues a paused schedule's jobs again, from its first slot after now. Two round trips.
   *
   * @return false if there is none, or it is not paused
   * @throws QueueException if this process cannot read the schedule
   */
  public boolean resume(String id) {
    while (true) {
      Planner.Standing before = planner.standing(id);
      if (before.plan().isEmpty()) {
        return false;
      }
      Instant next = plan(before).timing().next(before.now());
      long code = ask("resume", bytes(id), bytes(before.plan()), bytes(next.toEpochMilli()));
      if (code > 0) {
        return code == 1;
      }
      // It was changed or removed meanwhile.
    }
  }

  private static SchedulePlan plan(Planner.Standing standing) {
    try {
      return SchedulePlan.read(standing.plan());
    } catch (IllegalArgumentException unreadable) {
      throw new QueueException(
          "schedule " + standing.id() + " cannot be read by this process: "
              + unreadable.getMessage() + ". A newer process may do it; or put it again",
          unreadable);
    }
  }

  /**
   * Removes a schedule. No job of it is enqueued any more; those that are in the queue stay there.
   *
   * @return false if there is none
   */
  public boolean remove(String id) {
    return ask("remove", bytes(id)) == 1;
  }

  /** Returns a schedule; empty if there is none. Two round trips. */
  public Optional<ScheduleSnapshot> find(String id) {
    return snapshots(queue.eval(Scripts.CRON, List.of(queue.version(), bytes("show"), bytes(id))))
        .stream()
        .findFirst();
  }

  /**
   * Returns the schedules in the order of their ids. Redis looks through all ids: some milliseconds for 10,000. One
   * round trip for each megabyte of payloads.
   *
   * @param skip how many to skip, at least 0
   * @param most how many to return, 1 to {@value #MOST_LISTED}
   * @throws IllegalArgumentException if one is out of bounds
   */
  public List<ScheduleSnapshot> list(int skip, int most) {
    if (skip < 0 || most < 1 || most > MOST_LISTED) {
      throw new IllegalArgumentException(
          "skip must be >= 0 and most 1 to " + MOST_LISTED + " but were " + skip + " and " + most);
    }
    List<ScheduleSnapshot> schedules = new ArrayList<>();
    boolean more;
    do {
      List<?> reply = (List<?>) Objects.requireNonNull(queue.eval(
          Scripts.CRON,
          List.of(
              queue.version(),
              bytes("list"),
              bytes(skip + schedules.size()),
              bytes(most - schedules.size()))));
      schedules.addAll(snapshots(reply));
      more = (Long) reply.get(reply.size() - 1) == 1;
    } while (more);
    return schedules;
  }

  private static List<ScheduleSnapshot> snapshots(@Nullable Object listed) {
    List<?> reply = (List<?>) Objects.requireNonNull(listed);
    List<ScheduleSnapshot> schedules = new ArrayList<>(reply.size() / 5);
    for (int i = 0; i + 5 <= reply.size(); i += 5) {
      long next = (Long) reply.get(i + 3);
      String job = Scripts.text(reply.get(i + 4));
      Optional<SchedulePlan> plan = readable(Scripts.text(reply.get(i + 1)));
      schedules.add(new ScheduleSnapshot(
          Scripts.text(reply.get(i)),
          plan.map(SchedulePlan::timing),
          plan.map(SchedulePlan::missed),
          QueueInspector.typeOf((byte[]) reply.get(i + 2)),
          next < 0,
          next < 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(next)),
          JobId.isValid(job) ? Optional.of(new JobId(job)) : Optional.empty()));
    }
    return schedules;
  }

  private static Optional<SchedulePlan> readable(String plan) {
    try {
      return Optional.of(SchedulePlan.read(plan));
    } catch (IllegalArgumentException unreadable) {
      return Optional.empty();
    }
  }

  private long ask(String action, byte[]... args) {
    List<byte[]> all = new ArrayList<>(List.of(queue.version(), bytes(action)));
    all.addAll(Arrays.asList(args));
    return (Long) Objects.requireNonNull(queue.eval(Scripts.CRON, all));
  }
}
