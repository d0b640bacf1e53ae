package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Runs the jobs of a queue in this process until it is closed.
 *
 * <p><b>Three loops.</b> The <i>stepper</i> ends finished jobs, and claims as many jobs as there are free slots: one round
 * trip; at least every 5 s while a slot is free. The <i>waiter</i> blocks in Redis until there is work. The <i>beater</i>
 * renews the worker's lease every third of it, and takes over the jobs of workers whose leases have ended. Each loop
 * survives every failure of Redis, and retries.
 *
 * <p><b>A worker that does not reach Redis for a lease</b> loses its jobs to others: their handlers are interrupted
 * ({@link Job#cancelled}), their slots are free at once, and what they return changes nothing. If Redis itself was silent,
 * the first worker that reaches it again gives the others a lease more before it takes over their jobs.
 *
 * <p><b>An end is never dropped.</b> While Redis is out of reach, ends wait here and keep their jobs' slots. A lease
 * that expires meanwhile lets another worker take the job, and the late end is refused: the job ran twice, and its state is
 * correct.
 *
 * <p>Safe for use by several threads.
 */
public final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final Duration LAST_ENDS = Duration.ofSeconds(2);

  private final JobQueue queue;
  private final Claims claims;
  private final Runner runner;
  private final QueueListener listener;
  private final Slots slots;
  private final ExecutorService handlers;
  private final Ends ends = new Ends();
  private final Stepper stepper;
  private final Waiter waiter;
  private final Loop stepping;
  private final Loop waiting;
  private final Loop beating;
  private final TimeLimit limits;
  private final Loop limiting;
  private final AtomicBoolean closing = new AtomicBoolean();

  Worker(WorkerBuilder builder) {
    queue = builder.queue;
    listener = builder.listener;
    slots = new Slots(builder.concurrency, builder.types());
    String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    claims = new Claims(
        queue,
        name,
        builder.lease,
        builder.mostCrashes,
        builder.types().keySet(),
        builder.clock,
        this::lost);
    runner = new Runner(queue, builder.handlings, builder);
    // As many again for handlers that go on though they were interrupted: their slots are free.
    handlers = BlockingThreads.executor("job-" + queue.logName() + "-", 2 * builder.concurrency);
    stepper = new Stepper(
        claims, ends, slots, builder.priorities, this::run, this::wakeWaiter, builder.clock);
    waiter = new Waiter(queue, stepper, slots, this::wakeStepper);
    Beater beater = new Beater(queue.logName(), claims, listener, builder.lease, this::workIsThere);
    String loops = "queue-" + queue.logName() + "-";
    stepping = new Loop(loops + "stepper", stepper::turn, this::unreachable);
    waiting = new Loop(loops + "waiter", waiter::turn, this::waitingFailed);
    beating = new Loop(loops + "beater", beater::turn, this::unreachable);
    limits = new TimeLimit(claims::held, this::tooLong, builder.clock);
    limiting = new Loop(loops + "limits", limits::turn);
  }

  /** Starts to build a worker of {@code queue}. */
  public static WorkerBuilder builder(JobQueue queue) {
    return new WorkerBuilder(queue);
  }

  void start() {
    queue.warnOfEviction();
    stepping.start();
    waiting.start();
    beating.start();
  }

  /** Returns how many jobs are running now, including those whose end is being sent to Redis. */
  public int running() {
    return slots.taken();
  }

  /** As {@link #close(Duration)} with 10 seconds. */
  @Override
  public void close() {
    close(DRAIN);
  }

  /**
   * Claims nothing more, waits up to {@code drain} for running jobs, interrupts the rest, and returns them to the queue: other
   * workers run them at once, and no attempt is counted. Closing again does nothing. May take up to two seconds more than
   * {@code drain}, for Redis.
   */
  public void close(Duration drain) {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    stepper.stop();
    stepping.wake();
    awaitFree(drain);
    handBack();
    stepping.close();
    beating.close();
    limiting.close();
    handlers.shutdownNow();
    endWaiter();
    leave();
  }

  private void awaitFree(Duration drain) {
    try {
      slots.awaitAllFree(drain);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void handBack() {
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

  /** A waiter left behind would take the next wake-up call: it is called until it has ended, and the calls are put back. */
  private void endWaiter() {
    waiting.close();
    try {
      for (int i = 0; i < 100 && !waiting.awaitEnd(Duration.ofMillis(10)); i++) {
        waiter.call();
      }
      waiter.call();
    } catch (JedisException | RejectedException unreachable) {
      log.debug(
          "queue={} closing=without-redis cause={}",
          queue.logName(),
          unreachable.getClass().getName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void leave() {
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
      ends.add(end);
      stepping.wake();
    } else {
      log.debug("queue={} job={} end=too-late", queue.logName(), claim.loggedId());
    }
  }

  private void tooLong(Claim claim, Claim.Limit limit) {
    if (claim.settle()) {
      ends.add(runner.tooLong(claim, limit));
      claim.cancel();
      stepping.wake();
    }
  }

  /** Others run it now: Redis need not be told of its end. If it has ended already, its end is refused and frees its slot. */
  private void lost(Claim claim) {
    if (claim.settle()) {
      claim.cancel();
      slots.ended(claim.type());
      workIsThere();
    }
  }

  private void wakeStepper() {
    stepping.wake();
  }

  private void workIsThere() {
    stepper.signal();
    stepping.wake();
  }

  private void wakeWaiter() {
    waiting.wake();
  }

  private void waitingFailed(Throwable failure) {
    // For any reason (closed, UNBLOCKED, READONLY, LOADING): a step finds out.
    stepper.signal();
    stepping.wake();
    log.debug(
        "queue={} waiting=failed cause={}", queue.logName(), failure.getClass().getName());
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
        "queue={} redis=unreachable cause={}", queue.logName(), failure.getClass().getName());
    try {
      listener.onUnreachable();
    } catch (Throwable broken) {
      log.warn(
          "queue={} listener=failed cause={}", queue.logName(), broken.getClass().getName());
    }
  }
}
