package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.BlockingThreads;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Runs the jobs of a queue in this process until it is closed.
 *
 * <p><b>Three loops.</b> The <i>stepper</i> ends what has run, and claims as many jobs as are free to run: one round
 * trip, in which ends pile up by themselves while the one before is under way. The <i>waiter</i> blocks in Redis until
 * work is there, but only while the stepper has nothing to do and something is free, so that it never takes the call that
 * another process could follow. The <i>beater</i> renews leases each third of one, and looks out for leases of others
 * that have ended. Each survives anything that Redis does, and tries again.
 *
 * <p><b>An end is never dropped.</b> While Redis is out of reach, ends wait here and their jobs' slots with them. A lease
 * that ends meanwhile gives the job to another worker, and the late end is refused: the job ran twice, and its state is
 * right.
 *
 * <p>Safe for use by several threads.
 */
public final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final int MOST_ENDS_A_STEP = 500;
  private static final int MOST_CLAIMS_A_STEP = 200;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final JobQueue queue;
  private final Claims claims;
  private final Runner runner;
  private final QueueListener listener;
  private final Clock clock;
  private final Duration lease;
  private final int concurrency;
  private final Semaphore free;
  private final ExecutorService handlers;
  private final ConcurrentLinkedDeque<End> ends = new ConcurrentLinkedDeque<>();
  private final Thread stepper;
  private final Thread waiter;
  private final Thread beater;

  /** Work may be there: set by the waiter, by a delayed job's time, by a slot that became free. */
  private volatile boolean signalled = true;

  private volatile boolean idle;
  private volatile boolean moreReady;
  private volatile boolean stopping;
  private volatile boolean closed;

  private Worker(Builder builder) {
    queue = builder.queue;
    listener = builder.listener;
    clock = builder.clock;
    lease = builder.lease;
    concurrency = builder.concurrency;
    free = new Semaphore(concurrency);
    String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    claims = new Claims(queue, name, lease, builder.mostCrashes, clock);
    runner = new Runner(queue.name(), builder.handlings, listener, clock);
    handlers = BlockingThreads.executor("job-" + queue.name() + "-", concurrency);
    ThreadFactory threads = BlockingThreads.platformFactory("queue-" + queue.name() + "-");
    stepper = threads.newThread(this::steps);
    waiter = threads.newThread(this::waits);
    beater = threads.newThread(this::beats);
  }

  /** Starts to build a worker of {@code queue}. */
  public static Builder builder(JobQueue queue) {
    return new Builder(queue);
  }

  /** Returns how many jobs are being run now, those whose end is on its way to Redis included. */
  public int running() {
    return concurrency - free.availablePermits();
  }

  /** As {@link #close(Duration)} with 10 seconds. */
  @Override
  public void close() {
    close(DRAIN);
  }

  /**
   * Claims nothing more, waits for {@code drain} until what runs has ended, interrupts the rest, and hands it back: other
   * workers run it at once, and no attempt is counted. Closing again does nothing. May take up to two seconds more than
   * {@code drain}, for Redis.
   */
  public void close(Duration drain) {
    if (stopping) {
      return;
    }
    stopping = true;
    LockSupport.unpark(stepper);
    awaitFree(drain);
    for (Claim claim : claims.held()) {
      if (!ends.stream().anyMatch(end -> end.claim() == claim)) {
        ends.add(End.back(claim));
        claim.interrupt();
      }
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(2).toNanos();
    while (!claims.held().isEmpty() && System.nanoTime() - deadline < 0) {
      LockSupport.unpark(stepper);
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
    int left = claims.held().size();
    if (left > 0) {
      log.warn(
          "queue={} closing=incomplete jobs={} action=\"they run again when their leases end\"",
          queue.name(),
          left);
    }
    closed = true;
    LockSupport.unpark(stepper);
    LockSupport.unpark(beater);
    handlers.shutdownNow();
    endWaiter();
  }

  /** A waiter left behind would take the next call with it: it is called until it has ended, and one call is put back. */
  private void endWaiter() {
    LockSupport.unpark(waiter);
    try {
      for (int i = 0; i < 100 && waiter.isAlive(); i++) {
        call();
        waiter.join(10);
      }
      call();
    } catch (JedisException | RejectedException unreachable) {
      log.debug(
          "queue={} closing=without-redis cause={}",
          queue.name(),
          unreachable.getClass().getName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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

  private void start() {
    queue.warnOfEviction();
    stepper.start();
    waiter.start();
    beater.start();
  }

  private void steps() {
    int failures = 0;
    Duration untilNextDelayed = Claims.NEVER;
    long steppedAt = clock.nanoTime();
    while (!closed) {
      boolean due = clock.nanoTime() - steppedAt >= untilNextDelayed.toNanos();
      int claimable = stopping ? 0 : Math.min(free.availablePermits(), MOST_CLAIMS_A_STEP);
      boolean claim = claimable > 0 && (signalled || moreReady || due);
      if (ends.isEmpty() && !claim) {
        idle = claimable > 0;
        LockSupport.unpark(waiter);
        LockSupport.parkNanos(
            this,
            Math.min(
                LONGEST_WAIT.toNanos(),
                Math.max(1, untilNextDelayed.toNanos() - (clock.nanoTime() - steppedAt))));
        continue;
      }
      idle = false;
      List<End> ending = takeEnds();
      try {
        signalled = false;
        steppedAt = clock.nanoTime();
        Claims.Step step = claims.step(ending, claimable);
        untilNextDelayed = step.untilNextDelayed();
        moreReady = step.moreReady();
        free.release(ending.size());
        step.claimed().forEach(this::run);
        failures = 0;
      } catch (RuntimeException failure) {
        // Whatever it was: this loop is what ends jobs, and must not end itself.
        // Back to the front, in order: an end is never dropped.
        for (int i = ending.size() - 1; i >= 0; i--) {
          ends.addFirst(ending.get(i));
        }
        signalled = true;
        unreachable();
        pause(failures++, failure);
      }
    }
  }

  private List<End> takeEnds() {
    List<End> taken = new ArrayList<>();
    for (End end = ends.poll(); end != null; end = ends.poll()) {
      taken.add(end);
      if (taken.size() == MOST_ENDS_A_STEP) {
        break;
      }
    }
    return taken;
  }

  private void run(Claim claim) {
    free.acquireUninterruptibly();
    try {
      handlers.execute(() -> {
        End end = runner.run(claim);
        ends.add(end);
        LockSupport.unpark(stepper);
      });
    } catch (RejectedExecutionException closing) {
      ends.add(End.back(claim));
    }
  }

  private void waits() {
    int failures = 0;
    byte[] marker = Scripts.bytes(queue.key("k"));
    while (!closed) {
      if (!idle || stopping) {
        LockSupport.parkNanos(this, LONGEST_WAIT.toNanos());
        continue;
      }
      try {
        boolean called =
            queue.redis().blocking().bzpopmin(LONGEST_WAIT.toSeconds(), marker) != null;
        if (called && free.availablePermits() == 0) {
          // Everything became busy in the meantime: the call is for somebody else.
          call();
        }
        // Without a call as well: the one that a dying process took with it is made up for here.
        signalled = true;
        idle = false;
        LockSupport.unpark(stepper);
        failures = 0;
      } catch (RuntimeException failure) {
        // Whatever it was (closed, UNBLOCKED, READONLY, LOADING): the next try finds out.
        pause(failures++, failure);
        signalled = true;
        LockSupport.unpark(stepper);
      }
    }
  }

  /** Calls whoever waits: a spare call costs one empty step. */
  private void call() {
    byte[] marker = Scripts.bytes(queue.key("k"));
    queue.redis().callIdempotent(client -> client.zadd(marker, 0, Scripts.bytes("0")));
  }

  private void beats() {
    int failures = 0;
    long third = lease.toNanos() / 3;
    while (!closed) {
      long wait = third;
      try {
        Claims.Beat beat = claims.beat();
        if (beat.takenOver() > 0) {
          listener.onTakenOver(beat.takenOver());
        }
        wait = Math.min(third, beat.untilFirstLeaseEnds().plusMillis(5).toNanos());
        failures = 0;
      } catch (RuntimeException failure) {
        unreachable();
        pause(failures++, failure);
        wait = 0;
      }
      if (wait > 0 && !closed) {
        LockSupport.parkNanos(this, wait);
      }
    }
  }

  private void unreachable() {
    try {
      listener.onUnreachable();
    } catch (RuntimeException broken) {
      log.warn(
          "queue={} listener=failed cause={}", queue.name(), broken.getClass().getName());
    }
  }

  private void pause(int failures, RuntimeException failure) {
    log.debug(
        "queue={} redis=unreachable failures={} cause={}",
        queue.name(),
        failures,
        failure.getClass().getName());
    long bound =
        Math.min(LONGEST_PAUSE.toNanos(), Duration.ofMillis(20).toNanos() << Math.min(failures, 6));
    LockSupport.parkNanos(this, bound);
  }

  /** Collects what a {@link Worker} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private final JobQueue queue;
    private final Map<String, Runner.Handling<?>> handlings = new HashMap<>();
    private int concurrency = 16;
    private Duration lease = Duration.ofSeconds(15);
    private int mostCrashes = 5;
    private QueueListener listener = new QueueListener() {};
    private Clock clock = Clock.system();

    private Builder(JobQueue queue) {
      this.queue = Objects.requireNonNull(queue);
    }

    /** Runs jobs of {@code type} by {@code handler}, which are tried again by {@link RetryPolicy#defaults()}. */
    public <P> Builder handle(JobType<P> type, JobHandler<P> handler) {
      return handle(type, RetryPolicy.defaults(), handler);
    }

    /**
     * Runs jobs of {@code type} by {@code handler}, which are tried again by {@code policy}.
     *
     * @throws IllegalArgumentException if that type has a handler already
     */
    public <P> Builder handle(JobType<P> type, RetryPolicy policy, JobHandler<P> handler) {
      Runner.Handling<P> handling = new Runner.Handling<>(
          type, Objects.requireNonNull(handler), Objects.requireNonNull(policy));
      if (handlings.putIfAbsent(type.name(), handling) != null) {
        throw new IllegalArgumentException("job type " + type.name() + " has a handler already");
      }
      return this;
    }

    /** Runs at most this many jobs at a time, 1 to 10,000. Default: 16. */
    public Builder concurrency(int jobs) {
      if (jobs < 1 || jobs > 10_000) {
        throw new IllegalArgumentException("concurrency must be 1 to 10000 but was " + jobs);
      }
      concurrency = jobs;
      return this;
    }

    /**
     * Sets how long after this worker was last heard of its jobs are taken over: 300 ms to 1 h. Default: 15 s. A job may
     * run for longer, since the lease is renewed.
     */
    public Builder lease(Duration lease) {
      if (lease.toMillis() < 300 || lease.compareTo(Duration.ofHours(1)) > 0) {
        throw new IllegalArgumentException("lease must be 300 ms to 1 h but was " + lease);
      }
      this.lease = lease;
      return this;
    }

    /** Gives a job up once this many of its workers have died with it, at least 1. Default: 5. */
    public Builder mostCrashes(int crashes) {
      if (crashes < 1) {
        throw new IllegalArgumentException("mostCrashes must be >= 1 but was " + crashes);
      }
      mostCrashes = crashes;
      return this;
    }

    /** Tells {@code listener} of each run. Default: nobody. */
    public Builder listener(QueueListener listener) {
      this.listener = Objects.requireNonNull(listener);
      return this;
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /**
     * Builds the worker and starts it. Does not need Redis to be there yet.
     *
     * @throws IllegalStateException if there is no handler, or the Redis access wraps a single client
     */
    public Worker start() {
      if (handlings.isEmpty()) {
        throw new IllegalStateException(
            "a worker of queue " + queue.name() + " needs a handler: handle(type, …)");
      }
      queue.redis().blocking();
      Worker worker = new Worker(this);
      worker.start();
      return worker;
    }
  }
}
