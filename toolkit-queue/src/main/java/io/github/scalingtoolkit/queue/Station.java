package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/** A worker's part for one of its queues: its claims there, and the loops that step and beat. */
final class Station implements Waiter.Post {
  private static final Logger log = LoggerFactory.getLogger(Station.class);
  private static final Duration LAST_ENDS = Duration.ofSeconds(2);

  private final JobQueue queue;
  private final Claims claims;
  private final Runner runner;
  private final QueueListener listener;
  private final Slots slots;
  private final ExecutorService handlers;
  private final Ends ends = new Ends();
  private final Stepper stepper;
  private final Loop stepping;
  private final Loop beating;
  private final TimeLimit limits;
  private final Loop limiting;
  private final Loop planning;
  private final Clock clock;

  /** When the planner looks next. Written by its loop; one that is too late by a race is mended by the next beat. */
  private volatile long plannedAt;

  /**
   * Makes one.
   *
   * @param shared what it shares with the worker's other queues
   */
  Station(String worker, WorkerBuilder.Handled handled, WorkerBuilder builder, Shared shared) {
    queue = handled.queue;
    clock = builder.clock;
    plannedAt = clock.nanoTime() + Claims.NEVER.toNanos();
    listener = handled.listener;
    handlers = shared.handlers;
    Map<String, Integer> types = handled.types(builder.concurrency);
    slots = new Slots(shared.pool, types, this::wakeStepper);
    claims = new Claims(
        queue,
        worker,
        builder.lease,
        builder.mostCrashes,
        types.keySet(),
        builder.clock,
        this::lost);
    runner = new Runner(handled, builder);
    stepper = new Stepper(
        claims, ends, slots, builder.priorities, this::run, shared.onIdle, builder.clock);
    Beater beater = new Beater(
        queue.logName(),
        claims,
        listener,
        builder.lease,
        shared.look,
        () -> slots.free() > 0,
        this::called,
        this::slotIn);
    String loops = "queue-" + queue.logName() + "-";
    stepping = new Loop(loops + "stepper", stepper::turn, this::unreachable);
    beating = new Loop(
        loops + "beater",
        () -> {
          queue.eviction().look();
          return beater.turn();
        },
        this::unreachable);
    limits = new TimeLimit(claims::held, this::tooLong, builder.clock);
    limiting = new Loop(loops + "limits", limits::turn);
    Planner planner = new Planner(queue, listener);
    planning = new Loop(
        loops + "planner",
        () -> {
          Duration wait = planner.turn();
          plannedAt = clock.nanoTime() + wait.toNanos();
          return wait;
        },
        this::unreachable);
  }

  /**
   * What the queues of a worker share.
   *
   * @param onIdle is called when a stepper has nothing to do
   * @param look how often each queue is looked at, at least
   */
  record Shared(SlotPool pool, ExecutorService handlers, Runnable onIdle, Duration look) {}

  void start() {
    stepping.start();
    beating.start();
  }

  @Override
  public JobQueue queue() {
    return queue;
  }

  @Override
  public Stepper stepper() {
    return stepper;
  }

  @Override
  public Slots slots() {
    return slots;
  }

  Claims claims() {
    return claims;
  }

  @Override
  public void called() {
    stepper.signal();
    stepping.wake();
  }

  @Override
  public void called(String type) {
    stepper.took(type);
    stepping.wake();
  }

  /** A job of {@code type} may be ready; other workers hear of it, too. */
  void heard(String type) {
    if (!slots.types().contains(type)) {
      return;
    }
    // First, so that a slot that becomes free now is not missed by both.
    stepper.missed();
    if (slots.free(type) > 0) {
      stepper.heard(type);
      stepping.wake();
    }
    // Else none: the worker hears its own calls, too, and a step for each would never end.
  }

  private void wakeStepper() {
    stepping.wake();
  }

  /** Claims nothing more. */
  void stop() {
    stepper.stop();
    stepping.wake();
  }

  /** Returns what runs still to the queue, and waits for Redis to know. */
  void handBack() {
    for (Claim claim : claims.held()) {
      if (claim.settle()) {
        ends.add(End.back(claim));
        claim.cancel();
      }
    }
    long deadline = System.nanoTime() + LAST_ENDS.toNanos();
    while (!claims.held().isEmpty() && System.nanoTime() - deadline < 0) {
      stepping.wake();
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
    int left = claims.held().size();
    if (left > 0) {
      log.warn(
          "queue={} closing=incomplete jobs={} action=\"they run again when their leases end\"",
          queue.logName(),
          left);
    }
  }

  void closeLoops() {
    stepping.close();
    beating.close();
    limiting.close();
    planning.close();
  }

  /** Few queues have schedules: only those get a thread for them. */
  private void slotIn(Duration wait) {
    if (!wait.equals(Claims.NEVER) && clock.nanoTime() + wait.toNanos() - plannedAt < 0) {
      planning.start();
      planning.wake();
    }
  }

  void leave() {
    try {
      claims.leave();
    } catch (JedisException | RejectedException | QueueException unreachable) {
      // Its lease ends by itself.
      log.debug(
          "queue={} leaving=failed cause={}",
          queue.logName(),
          unreachable.getClass().getName());
    }
  }

  private void run(Claim claim) {
    try {
      watch(claim);
      handlers.execute(() -> {
        End end = End.back(claim);
        try {
          end = runner.run(claim);
        } catch (Throwable broken) {
          end = runner.undecided(claim);
          log.warn(
              "queue={} job={} end=undecided cause={}",
              queue.logName(),
              claim.loggedId(),
              broken.getClass().getName());
        } finally {
          // The slot is free again with the end, whatever was thrown.
          end(claim, end);
        }
      });
    } catch (Throwable noThread) {
      // Closing, or this machine has no thread left: another worker may have one.
      end(claim, End.back(claim));
    }
  }

  /** Few workers have limited runs: only those get a thread that ends them. */
  private void watch(Claim claim) {
    runner.limit(claim);
    Claim.Limit limit = claim.limit();
    if (limit != null && limits.comesLate(limit)) {
      limiting.start();
      limiting.wake();
    }
  }

  private void end(Claim claim, End end) {
    if (claim.settle()) {
      ended(end);
    } else {
      log.debug("queue={} job={} end=too-late", queue.logName(), claim.loggedId());
    }
  }

  private void tooLong(Claim claim, Claim.Limit limit) {
    if (claim.settle()) {
      try {
        ended(runner.tooLong(claim, limit));
      } finally {
        claim.cancel();
      }
    }
  }

  /** Of a claim that has settled so: nobody hears of an end that another one came before. */
  private void ended(End end) {
    try {
      runner.tellFailure(end);
    } finally {
      ends.add(end);
      stepping.wake();
    }
  }

  /** Others run it now: Redis need not be told of its end. If it has ended already, its end is refused and frees its slot. */
  private void lost(Claim claim) {
    if (claim.settle()) {
      claim.cancel();
      slots.ended(claim.type());
      called();
    }
  }

  private void unreachable(Throwable failure) {
    if (claims.needsBeat()) {
      beating.wake();
    }
    if (failure instanceof QueueVersionException) {
      // Warned of, and shown by a gauge.
      return;
    }
    log.debug(
        "queue={} redis=unreachable cause={}",
        queue.logName(),
        failure.getClass().getName());
    try {
      listener.onUnreachable();
    } catch (Throwable broken) {
      log.warn(
          "queue={} listener=failed cause={}",
          queue.logName(),
          broken.getClass().getName());
    }
  }
}
