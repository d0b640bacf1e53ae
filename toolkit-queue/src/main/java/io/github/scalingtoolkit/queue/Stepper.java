package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Ends finished jobs and claims as many jobs as there are slots, in one round trip per turn: the slots that are free, and
 * those of the jobs that end with the same step. Ends accumulate during the previous turn.
 */
final class Stepper {
  private static final int MOST_CLAIMS = 200;

  /** Without any call as well: one may have gone to a worker that died, or lie on a connection that is half open. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final Claims claims;
  private final Ends ends;
  private final Slots slots;
  private final Priorities priorities;
  private final Consumer<Claim> runs;
  private final Runnable onIdle;
  private final Clock clock;

  /** Work may be there: set by the waiter, by a delayed job's time, by a slot that became free. */
  private volatile boolean signalled = true;

  private volatile boolean idle;
  private volatile boolean stopping;
  private boolean moreReady;
  private Duration untilNextDelayed = Claims.NEVER;
  private long steppedAt;

  Stepper(
      Claims claims,
      Ends ends,
      Slots slots,
      Priorities priorities,
      Consumer<Claim> runs,
      Runnable onIdle,
      Clock clock) {
    this.claims = claims;
    this.ends = ends;
    this.slots = slots;
    this.priorities = priorities;
    this.runs = runs;
    this.onIdle = onIdle;
    this.clock = clock;
    steppedAt = clock.nanoTime();
  }

  /** Claims nothing more; finished jobs are still ended. */
  void stop() {
    stopping = true;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Looks for work at the next turn. */
  void signal() {
    signalled = true;
    idle = false;
  }

  /** Tells whether slots are free and no job is ready: then the waiter should wait in Redis for the next. */
  boolean isIdle() {
    return idle && !stopping;
  }

  /** A {@link Loop.Step}. Throws when Redis does not answer, with nothing forgotten. */
  Duration turn() {
    long sinceStep = clock.nanoTime() - steppedAt;
    boolean couldClaim = !stopping && slots.free() > 0;
    boolean due = sinceStep >= untilNextDelayed.toNanos() || sinceStep >= LONGEST_WAIT.toNanos();
    if (ends.isEmpty() && !(couldClaim && (signalled || moreReady || due))) {
      idle = couldClaim;
      onIdle.run();
      Duration nextDelayed = untilNextDelayed.minusNanos(sinceStep);
      Duration nextLook = LONGEST_WAIT.minusNanos(sinceStep);
      return couldClaim && !nextDelayed.isNegative() && nextDelayed.compareTo(nextLook) < 0
          ? nextDelayed
          : nextLook.isNegative() ? LONGEST_WAIT : nextLook;
    }
    idle = false;
    List<End> ending = ends.take();
    int free = stopping ? 0 : Math.min(slots.free(), MOST_CLAIMS);
    int reserved = free > 0 && slots.take(free) ? free : 0;
    int most = stopping ? 0 : Math.min(reserved + ending.size(), MOST_CLAIMS);
    signalled = false;
    steppedAt = clock.nanoTime();
    Claims.Step step;
    try {
      step = claims.step(ending, new Claims.Wish(most, priorities.order(), types(most, ending)));
    } catch (Throwable failure) {
      ends.putBack(ending);
      slots.unused(reserved);
      signalled = true;
      throw failure;
    }
    untilNextDelayed = step.untilNextDelayed();
    moreReady = step.more();
    start(step.claimed(), ending, reserved);
    return Duration.ZERO;
  }

  /** The types in an order of their own each time, so that none of them is always served first. */
  private Map<String, Integer> types(int most, List<End> ending) {
    Map<String, Integer> ended = new HashMap<>();
    ending.forEach(end -> ended.merge(end.claim().type(), 1, Integer::sum));
    Map<String, Integer> types = new LinkedHashMap<>();
    for (String type : priorities.shuffled(slots.types())) {
      types.put(type, Math.min(most, slots.free(type) + ended.getOrDefault(type, 0)));
    }
    return types;
  }

  /** Slots of jobs that ended pass to those that came; the rest are free. */
  private void start(List<Claim> claimed, List<End> ending, int reserved) {
    ending.forEach(end -> slots.typeEnded(end.claim().type()));
    claimed.forEach(claim -> slots.started(claim.type()));
    slots.unused(ending.size() + reserved - claimed.size());
    claimed.forEach(runs);
  }
}
