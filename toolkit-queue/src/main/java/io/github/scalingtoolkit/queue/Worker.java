package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Runs the jobs of a queue in this process until it is closed.
 *
 * <p><b>Three loops.</b> The <i>stepper</i> ends finished jobs, and claims as many jobs as there are free slots: one round
 * trip. The <i>waiter</i> blocks in Redis until there is work. The <i>beater</i> renews leases every third of a lease, and
 * looks for expired leases of others. Each loop survives every failure of Redis, and retries.
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
  private final int concurrency;
  private final Semaphore free;
  private final ExecutorService handlers;
  private final Ends ends = new Ends();
  private final Stepper stepper;
  private final Waiter waiter;
  private final Loop stepping;
  private final Loop waiting;
  private final Loop beating;
  private final AtomicBoolean closing = new AtomicBoolean();

  Worker(WorkerBuilder builder) {
    queue = builder.queue;
    listener = builder.listener;
    concurrency = builder.concurrency;
    free = new Semaphore(concurrency);
    String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    claims = new Claims(queue, name, builder.lease, builder.mostCrashes, builder.clock);
    runner = new Runner(queue.name(), builder.handlings, listener, builder.clock);
    handlers = BlockingThreads.executor("job-" + queue.name() + "-", concurrency);
    stepper = new Stepper(claims, ends, free, this::run, this::wakeWaiter, builder.clock);
    waiter = new Waiter(queue, stepper, free, this::wakeStepper);
    Beater beater = new Beater(claims, listener, builder.lease, this::workIsThere);
    String loops = "queue-" + queue.name() + "-";
    stepping = new Loop(loops + "stepper", stepper::turn, this::unreachable);
    waiting = new Loop(loops + "waiter", waiter::turn, this::waitingFailed);
    beating = new Loop(loops + "beater", beater::turn, this::unreachable);
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
    return concurrency - free.availablePermits();
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
    handlers.shutdownNow();
    endWaiter();
  }

  private void awaitFree(Duration drain) {
    try {
      if (free.tryAcquire(concurrency, drain.toNanos(), TimeUnit.NANOSECONDS)) {
        free.release(concurrency);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void handBack() {
    for (Claim claim : claims.held()) {
      if (!ends.has(claim)) {
        claim.lose();
        ends.add(End.back(claim));
        claim.interrupt();
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
          queue.name(),
          left);
    }
  }

  /** A waiter left behind would take the next wake-up call: it is called until it has ended, and one call is put back. */
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
          queue.name(),
          unreachable.getClass().getName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(Claim claim) {
    try {
      handlers.execute(() -> {
        End end = End.back(claim);
        try {
          end = runner.run(claim);
        } finally {
          // The slot is free again with the end, whatever was thrown.
          ends.add(end);
          stepping.wake();
        }
      });
    } catch (Throwable noThread) {
      // Closing, or this machine has no thread left: another worker may have one.
      ends.add(End.back(claim));
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
        "queue={} waiting=failed cause={}", queue.name(), failure.getClass().getName());
  }

  private void unreachable(Throwable failure) {
    log.debug(
        "queue={} redis=unreachable cause={}", queue.name(), failure.getClass().getName());
    try {
      listener.onUnreachable();
    } catch (Throwable broken) {
      log.warn(
          "queue={} listener=failed cause={}", queue.name(), broken.getClass().getName());
    }
  }
}
