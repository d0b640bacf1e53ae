package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Ends finished jobs and claims as many jobs as there are slots, in one round trip per turn: the slots that are free, and
 * those of the jobs that end with the same step. Ends accumulate during the previous turn.
 */
final class Stepper {
  private static final Logger log = LoggerFactory.getLogger(Stepper.class);
  private static final int MOST_CLAIMS = 200;

  /** How long it may know of no job because the worker's other queues have all slots, so that nobody waits for calls. */
  private static final Duration BLIND = Duration.ofMillis(250);

  private final Claims claims;
  private final Ends ends;
  private final Slots slots;
  private final Priorities priorities;
  private final Consumer<Claim> runs;
  private final Runnable onIdle;
  private final Clock clock;

  /** Work may be there: set by the waiter, by a delayed job's time, by a slot that became free. */
  private volatile boolean signalled = true;

  /** Types of calls that this worker has got and no other. */
  private final Set<String> got = ConcurrentHashMap.newKeySet();

  /** Types of published calls, which other workers have heard as well. */
  private final Set<String> heard = ConcurrentHashMap.newKeySet();

  /** A call came for a type of which no job more could run. */
  private volatile boolean missed;

  private volatile boolean idle;
  private volatile boolean stopping;
  private boolean moreReady;

  /** The type of a call that this worker took from the others, until a step has looked or another worker is called. */
  private @Nullable String taken;

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

  /** Looks for work at the next turn: this worker got the call for {@code type}, and calls another one if it cannot step. */
  void took(String type) {
    got.add(type);
    signal();
  }

  /** Looks for work at the next turn, unless another worker that has heard the same call is first. */
  void heard(String type) {
    heard.add(type);
  }

  /** Looks for work once a job has ended that has kept others of its type from running. */
  void missed() {
    missed = true;
  }

  /** Tells whether slots are free and no job is ready: then the waiter should wait in Redis for the next. */
  boolean isIdle() {
    return idle && !stopping && slots.free() > 0;
  }

  /** A {@link Loop.Step}. Throws when Redis does not answer, with nothing forgotten. */
  Duration turn() {
    if (taken == null) {
      taken = takeCall();
    }
    long sinceStep = clock.nanoTime() - steppedAt;
    Duration nextLook =
        slots.areAllTaken() && BLIND.compareTo(untilNextDelayed) < 0 ? BLIND : untilNextDelayed;
    boolean wanted = !stopping && (signalled || moreReady || sinceStep >= nextLook.toNanos());
    int reserved = wanted || !stopping && !ends.isEmpty() ? slots.take(MOST_CLAIMS, wanted) : 0;
    if (ends.isEmpty() && reserved == 0) {
      // Its slots became busy in the meantime.
      passCalls();
      idle = !wanted;
      onIdle.run();
      Duration left = nextLook.minusNanos(sinceStep);
      return stopping || wanted ? Claims.NEVER : left;
    }
    idle = false;
    List<End> ending = ends.take();
    boolean passingOn = !stopping && slots.mayPassOn();
    int most = Math.min(reserved + (passingOn ? ending.size() : 0), MOST_CLAIMS);
    signalled = false;
    missed = false;
    steppedAt = clock.nanoTime();
    Claims.Step step;
    try {
      step = claims.step(
          ending,
          new Claims.Wish(
              most, priorities.order(), types(most, ending), taken == null ? "" : taken));
    } catch (Throwable failure) {
      ends.putBack(ending);
      slots.hungry(false);
      slots.unused(reserved);
      // So it takes no other call before a step has succeeded.
      signalled = true;
      passCall();
      throw failure;
    }
    if (step.looked()) {
      taken = null;
    } else {
      passCall();
    }
    untilNextDelayed = step.untilNextDelayed();
    // Among several queues a slot that is wanted must be asked for, so what was not looked at
    // counts.
    moreReady = step.more() || slots.areShared() && step.claimed().size() == most;
    slots.hungry(moreReady);
    start(step.claimed(), ending, reserved);
    if (missed && !ending.isEmpty()) {
      // The call came after the step, and before the slots of what has ended were free.
      signalled = true;
    }
    return Duration.ZERO;
  }

  /** Returns the type of the call that it took, if any: then this worker is to step, and no other that heard it. */
  private @Nullable String takeCall() {
    String mine = takeOwnCall();
    if (mine != null) {
      return mine;
    }
    for (String type : heard) {
      if (signalled || stopping) {
        return null;
      }
      heard.remove(type);
      if (slots.free() > 0 && slots.free(type) > 0 && takes(type)) {
        signalled = true;
        return type;
      }
    }
    return null;
  }

  private @Nullable String takeOwnCall() {
    Iterator<String> mine = got.iterator();
    if (!mine.hasNext()) {
      return null;
    }
    String type = mine.next();
    mine.remove();
    return type;
  }

  /** It has no slot for any: not for the calls either that would have been taken after this one. */
  private void passCalls() {
    passCall();
    while (taken == null && !got.isEmpty()) {
      taken = takeOwnCall();
      passCall();
    }
  }

  /** Others have forgotten the call that this worker took. */
  private void passCall() {
    if (taken == null) {
      return;
    }
    try {
      claims.passCall(taken);
      taken = null;
    } catch (JedisDataException refused) {
      // Who may not publish must not fail for that: the beats of others look.
      taken = null;
    } catch (JedisException | RejectedException unanswered) {
      // It goes with the next step.
      log.debug("call={} passed=no cause={}", taken, unanswered.getClass().getName());
    }
  }

  private boolean takes(String type) {
    try {
      return claims.takeCall(type);
    } catch (JedisException | RejectedException unknown) {
      // It may have been taken: the step finds out.
      return true;
    }
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
