package io.github.scalingtoolkit.queue;

import static io.github.scalingtoolkit.queue.Scripts.bytes;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.redis.ScriptReply;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
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

  /** The slots that a look could not move, by the schedule's id, since a turn found nothing to do. */
  private final Map<String, Long> vain = new HashMap<>();

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
    Result result = enqueue(due);
    int left = result.left;
    for (Standing each : result.undone) {
      // Another process may have been first, and then it has another slot at the next look.
      if (Objects.equals(vain.put(each.id(), each.slot()), each.slot())) {
        left++;
      }
    }
    waitOn += left;
    if ((Long) reply.get(3) == 1 || left < due.size()) {
      // There may be more; and what was enqueued has another slot now, which may be the next one of
      // all.
      return Duration.ZERO;
    }
    Duration wait = Claims.untilSlot((Long) reply.get(1)).plus(ROUNDING);
    boolean all = waitOn == 0;
    waitOn = 0;
    vain.clear();
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

  /**
   * What became of schedules that were due.
   *
   * @param left how many wait on, for what cause is logged
   * @param undone those for which the script did nothing: others did it, they were changed, or they are damaged
   */
  record Result(int left, List<Standing> undone) {}

  private record Call(Standing schedule, SchedulePlan.Due what, List<byte[]> args) {}

  /** Enqueues what is due, unless others do. */
  Result enqueue(List<Standing> due) {
    List<Call> calls = due.stream().map(this::decide).filter(Objects::nonNull).toList();
    if (calls.isEmpty()) {
      return new Result(due.size(), List.of());
    }
    List<ScriptReply> replies =
        queue.repliesOfEach(Scripts.CRON, calls.stream().map(Call::args).toList());
    int left = due.size() - calls.size();
    List<Standing> undone = new ArrayList<>();
    JedisDataException refusal = null;
    for (int i = 0; i < calls.size(); i++) {
      Call call = calls.get(i);
      try {
        if ((Long) ((List<?>) Objects.requireNonNull(replies.get(i).get())).get(0) == 1) {
          enqueued(call.schedule, call.what);
        } else {
          undone.add(call.schedule);
        }
      } catch (JedisDataException refusedOne) {
        refusal = refusedOne;
        left++;
      }
    }
    if (refusal == null) {
      refused.over(() -> log.info("queue={} schedules=served", queue.logName()));
    } else {
      String cause = inQuotes(refusal);
      refused.tell(() -> log.warn(
          "queue={} schedules=refused cause=\"{}\" action=\"their jobs wait: mend what Redis says, it is asked again\"",
          queue.logName(),
          cause));
    }
    return new Result(left, undone);
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

  /** Returns what to ask Redis for; null if this process cannot read it. One that is damaged must not stop the others. */
  private @Nullable Call decide(Standing schedule) {
    try {
      if (plans.size() >= MOST_PLANS) {
        plans.clear();
      }
      SchedulePlan plan = plans.computeIfAbsent(schedule.plan(), SchedulePlan::read);
      Schedule.checked(schedule.id());
      SchedulePlan.Due what = plan.due(Instant.ofEpochMilli(schedule.slot()), schedule.now());
      Call call = new Call(schedule, what, arguments(schedule, what));
      unreadable.remove(schedule.id());
      return call;
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException unknown) {
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
    List<byte[]> args = new ArrayList<>(8 + 3 * what.run().size());
    args.add(queue.version());
    args.add(bytes("fire"));
    args.add(bytes(schedule.id()));
    args.add(bytes(schedule.plan()));
    args.add(bytes(schedule.slot()));
    args.add(bytes(what.next().toEpochMilli()));
    args.add(bytes(queue.retention().givenIds().toMillis()));
    args.add(bytes(" a=" + Long.toString(schedule.now().toEpochMilli(), RADIX)));
    for (Instant slot : what.run()) {
      args.add(bytes(Schedule.jobId(schedule.id(), slot).value()));
      args.add(bytes(slot.toEpochMilli()));
      args.add(bytes(" h." + Schedule.SLOT_HEADER + "=" + slot));
    }
    return args;
  }
}
