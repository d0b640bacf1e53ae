package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Enqueues the jobs of schedules whose slots are due. Any number of processes may: the script does it for the first one.
 *
 * <p>This process works out slots, Redis says which are due: no clock of this machine is asked. What it decides about is
 * what it was shown; if that has changed meanwhile, nothing is done, and the next turn looks again.
 *
 * <p>{@link #turn} is called by one thread at a time; the rest is safe for use by several.
 */
final class Planner {
  private static final Logger log = LoggerFactory.getLogger(Planner.class);
  private static final int PAGE = 100;
  private static final int MOST_PLANS = 1000;
  private static final int RADIX = 36;

  /** A schedule that only others can read, or that Redis refuses to enqueue, is tried again after this. */
  private static final Duration LATER = Duration.ofSeconds(5);

  /** To the millisecond a slot may begin just after the wait. */
  private static final Duration ROUNDING = Duration.ofMillis(1);

  private final JobQueue queue;
  private final QueueListener listener;
  private final Once refused = new Once();

  /** By their text: to read one takes longer than all else, and many schedules have the same. */
  private final Map<String, SchedulePlan> plans = new ConcurrentHashMap<>();

  /** Plans that this process cannot read, by the schedule's id: each is told of once. */
  private final Map<String, String> unreadable = new ConcurrentHashMap<>();

  /** How many of those that are due have been looked at in vain since a turn found nothing to do. */
  private int waitOn;

  /**
   * A schedule as Redis has it.
   *
   * @param plan empty if there is none
   * @param slot its next slot, ms since 1970; -1 if it is paused, or there is none
   * @param now the time of Redis
   */
  record Standing(String id, String plan, long slot, Instant now) {
    boolean isDue() {
      return slot >= 0 && slot <= now.toEpochMilli();
    }
  }

  Planner(JobQueue queue, QueueListener listener) {
    this.queue = queue;
    this.listener = listener;
  }

  /** A {@link Loop.Step}: a page of what is due. */
  Duration turn() {
    List<?> reply = (List<?>) Objects.requireNonNull(queue.eval(
        Scripts.CRON, List.of(queue.version(), bytes("due"), bytes(waitOn), bytes(PAGE))));
    List<Standing> due = due((List<?>) reply.get(2), Instant.ofEpochMilli((Long) reply.get(0)));
    int left = due.isEmpty() ? 0 : enqueue(due);
    waitOn += left;
    if (due.size() == PAGE || left < due.size()) {
      // There may be more; and what was enqueued has another slot now, which may be the next one of
      // all.
      return Duration.ZERO;
    }
    long next = (Long) reply.get(1);
    Duration wait = Claims.untilSlot(next).plus(ROUNDING);
    boolean all = waitOn == 0;
    waitOn = 0;
    return all || wait.compareTo(LATER) < 0 ? wait : LATER;
  }

  private static List<Standing> due(List<?> reply, Instant now) {
    List<Standing> due = new ArrayList<>(reply.size() / 3);
    for (int i = 0; i < reply.size(); i += 3) {
      due.add(new Standing(
          Scripts.text(reply.get(i)),
          Scripts.text(reply.get(i + 1)),
          (Long) reply.get(i + 2),
          now));
    }
    return due;
  }

  /** Returns how a schedule is now. */
  Standing standing(String id) {
    List<?> reply = (List<?>) Objects.requireNonNull(
        queue.eval(Scripts.CRON, List.of(queue.version(), bytes("get"), bytes(id))));
    return new Standing(
        id, Scripts.text(reply.get(1)), (Long) reply.get(2), Instant.ofEpochMilli((Long)
            reply.get(0)));
  }

  /** Enqueues what is due, unless others do, and returns how many of {@code due} wait on, and for what cause is logged. */
  int enqueue(List<Standing> due) {
    List<Standing> read = new ArrayList<>();
    List<SchedulePlan.Due> decided = new ArrayList<>();
    List<List<byte[]>> calls = new ArrayList<>();
    for (Standing each : due) {
      SchedulePlan plan = read(each);
      if (plan != null) {
        SchedulePlan.Due what = plan.due(Instant.ofEpochMilli(each.slot()), each.now());
        read.add(each);
        decided.add(what);
        calls.add(arguments(each, what));
      }
    }
    if (calls.isEmpty()) {
      return due.size();
    }
    List<?> replies;
    try {
      replies = queue.evalEach(Scripts.CRON, calls);
    } catch (JedisDataException refusal) {
      refused.tell(() -> log.warn(
          "queue={} schedules=refused cause=\"{}\" action=\"their jobs wait: mend what Redis says, it is asked again\"",
          queue.logName(),
          inQuotes(refusal)));
      return due.size();
    }
    refused.over(() -> log.info("queue={} schedules=served", queue.logName()));
    for (int i = 0; i < replies.size(); i++) {
      if ((Long) ((List<?>) replies.get(i)).get(0) == 1) {
        enqueued(read.get(i), decided.get(i));
      }
    }
    return due.size() - read.size();
  }

  private void enqueued(Standing schedule, SchedulePlan.Due what) {
    Instant slot = Instant.ofEpochMilli(schedule.slot());
    if (what.leavesOut(slot)) {
      log.warn(
          "queue={} schedule={} missed={} run={} next={} cause=\"no worker enqueued its slots in time\""
              + " action=\"if one that was left out matters, enqueue it by hand, or let the schedule run more of them\"",
          queue.logName(),
          schedule.id(),
          slot,
          what.run(),
          what.next());
      listener.onSlotsMissed(schedule.id());
    } else {
      log.debug("queue={} schedule={} slots={}", queue.logName(), schedule.id(), what.run());
    }
  }

  /** Returns its plan; null if this process cannot read it. */
  private @Nullable SchedulePlan read(Standing schedule) {
    try {
      if (plans.size() >= MOST_PLANS) {
        plans.clear();
      }
      SchedulePlan plan = plans.computeIfAbsent(schedule.plan(), SchedulePlan::read);
      unreadable.remove(schedule.id());
      return plan;
    } catch (IllegalArgumentException unknown) {
      if (!schedule.plan().equals(unreadable.put(schedule.id(), schedule.plan()))) {
        log.warn(
            "queue={} schedule={} state=unreadable cause=\"{}\" action=\"another worker may read it; else update this one,"
                + " or put the schedule again\"",
            queue.logName(),
            Texts.escaped(bytes(schedule.id())),
            inQuotes(unknown));
      }
      return null;
    }
  }

  private static String inQuotes(RuntimeException cause) {
    return String.valueOf(cause.getMessage()).replace('"', '\'');
  }

  private List<byte[]> arguments(Standing schedule, SchedulePlan.Due what) {
    List<byte[]> args = new ArrayList<>(7 + 2 * what.run().size());
    args.add(queue.version());
    args.add(bytes("fire"));
    args.add(bytes(schedule.id()));
    args.add(bytes(schedule.plan()));
    args.add(bytes(schedule.slot()));
    args.add(bytes(what.next().toEpochMilli()));
    args.add(bytes(queue.retention().givenIds().toMillis()));
    String now = Long.toString(schedule.now().toEpochMilli(), RADIX);
    for (Instant slot : what.run()) {
      args.add(bytes(Schedule.jobId(schedule.id(), slot).value()));
      args.add(bytes(" a=" + now + " h." + Schedule.SLOT_HEADER + "=" + slot));
    }
    return args;
  }
}
