package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.redis.Recovery;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Jobs that are owed from the write that made them necessary until they have ended, so that a lost Redis loses none.
 *
 * <ol>
 *   <li>The data and an entry for the job, with its id, are written by one atomic write: see {@link OutboxStore}.
 *   <li>{@link #enqueue} puts the job into the queue, if Redis answers.
 *   <li>Once its handler is done, {@link #removing} takes the entry out.
 *   <li>A sweep enqueues again, by the same id, each job that has been owed for too long and that the queue does not know,
 *       and takes out the entries of those that have ended. When Redis is back, or an enqueue has failed, the next sweep
 *       comes at once and takes every entry, however young.
 * </ol>
 *
 * <p>A job runs at least once. It runs again if Redis loses it after its handler was done and before the entry was gone; and
 * if it is swept later than {@link Retention#givenIds} after its end, when the queue has forgotten it.
 *
 * <p>Any number of processes may sweep at once. Safe for use by several threads.
 */
public final class Outbox implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Outbox.class);
  private static final Duration CATCH_UP_AGAIN = Duration.ofSeconds(1);

  /** Entries may be from the future of this clock: of other processes, or from before it was set back. */
  private static final Duration ANY_AGE = Duration.ofDays(-36_500);

  private static final Duration LONGEST_REMOVAL = Duration.ofSeconds(3);

  private static final Duration LONGEST_END = Duration.ofSeconds(3);

  private final JobQueue queue;
  private final Duration age;
  private final Duration interval;
  private final OutboxRemovals removals;
  private final Sweep sweep;
  private final Loop loop;
  private final Recovery whenRedisIsBack = client -> catchUp();
  private final OutboxHealth health;
  private final AtomicLong asked = new AtomicLong();

  /** What {@link #asked} was before the last sweep of all ages that has worked; changed by the loop alone. */
  private volatile long caughtUp;

  Outbox(Builder builder) {
    queue = builder.queue;
    age = builder.age;
    interval = builder.interval;
    removals = new OutboxRemovals(builder.store, LONGEST_REMOVAL);
    loop = new Loop("outbox-" + queue.logName(), this::step);
    sweep = new Sweep(queue, builder.store, loop::isClosed);
    health = new OutboxHealth(queue.logName(), queue.clock());
  }

  /** Starts to build the outbox of {@code queue} whose entries are in {@code store}. */
  public static Builder builder(JobQueue queue, OutboxStore store) {
    return new Builder(queue, store);
  }

  /**
   * Enqueues a job whose entry has been written, or leaves it to the sweep: then returns false. One round trip. Throws
   * nothing of Redis.
   *
   * @throws IllegalArgumentException if its options give no id: the entry has one
   * @throws QueueException if its payload cannot be written
   */
  public boolean enqueue(NewJob<?> job) {
    if (job.options().id().isEmpty()) {
      throw new IllegalArgumentException("an owed job has the id of its entry: options.id(…)");
    }
    try {
      queue.enqueue(job);
      return true;
    } catch (JedisException
        | RejectedException
        | QueueVersionException
        | UnknownEnqueueException notNow) {
      log.debug(
          "queue={} job={} enqueue=failed action=sweep",
          queue.logName(),
          job.options().id().get());
      enqueueFailed();
      return false;
    }
  }

  /**
   * Returns a middleware that takes a job's entry out of the store once its handler is done, before the queue is told:
   * {@code worker.around(outbox.removing())}. Entries of jobs that end at about the same time leave together. If the store
   * does not answer, the sweep does it.
   */
  public JobMiddleware removing() {
    return (job, next) -> {
      JobOutcome outcome = next.run();
      if (outcome instanceof JobOutcome.Done && !removals.remove(job.id())) {
        log.debug("queue={} job={} outbox=kept action=sweep", queue.logName(), job.id());
      }
      return outcome;
    };
  }

  /** Redis is back: sweeps entries of any age at once, and then once a second until that has worked. Does not block. */
  public void catchUp() {
    asked.incrementAndGet();
    loop.wake();
  }

  /**
   * An enqueue that was made without {@link #enqueue}, by {@link JobQueue#enqueueCall}, say, has failed: as {@link #catchUp},
   * unless that is under way. Does not block.
   */
  public void enqueueFailed() {
    // In an outage every caller comes here: only the first may wake the loop.
    if (asked.getAndIncrement() == caughtUp) {
      loop.wake();
    }
  }

  private void start() {
    queue.redis().onRecovery(whenRedisIsBack);
    loop.start();
  }

  /** Sweeps entries older than the configured age; returns how many it enqueued or removed. */
  int doWork() {
    Sweep.Result result = sweep.run(age);
    health.swept(result);
    return result.swept();
  }

  /** Returns the name of its queue. */
  String queue() {
    return queue.name();
  }

  OutboxHealth health() {
    return health;
  }

  /** Stops sweeping, and waits for the current sweep to end, for 3 s at most. Redis holds nothing of it any more. */
  @Override
  public void close() {
    queue.redis().removeRecovery(whenRedisIsBack);
    loop.close();
    health.closed();
    try {
      loop.awaitEnd(LONGEST_END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes the step of the loop; returns how long the next can wait. */
  Duration step() {
    long asking = asked.get();
    boolean all = asking != caughtUp;
    try {
      health.swept(sweep.run(all ? ANY_AGE : age));
      if (all) {
        caughtUp = asking;
      }
    } catch (RuntimeException failure) {
      if (loop.isClosed()) {
        log.debug("queue={} outbox sweep=closed", queue.logName(), failure);
      } else {
        health.failed(failure);
      }
    }
    return asked.get() != caughtUp && CATCH_UP_AGAIN.compareTo(interval) < 0
        ? CATCH_UP_AGAIN
        : interval;
  }

  /** Collects what an {@link Outbox} is built from. Not safe for use by several threads. */
  public static final class Builder {
    private static final Duration LONGEST = Duration.ofDays(1);

    private final JobQueue queue;
    private final OutboxStore store;
    private Duration age = Duration.ofSeconds(30);
    private Duration interval = Duration.ofSeconds(10);

    private Builder(JobQueue queue, OutboxStore store) {
      this.queue = Objects.requireNonNull(queue);
      this.store = Objects.requireNonNull(store);
    }

    /**
     * Sets how old an entry is before it is swept, 1 ms to 1 day: longer than an enqueue takes. Twice that and the {@link
     * #interval} must be less than {@link Retention#givenIds}. Default: 30 s.
     */
    public Builder sweepAfter(Duration age) {
      this.age = Check.between("sweepAfter", age, Duration.ofMillis(1), LONGEST);
      return this;
    }

    /** Sets how often it sweeps, 1 ms to 1 day. Default: 10 s. */
    public Builder interval(Duration interval) {
      this.interval = Check.between("interval", interval, Duration.ofMillis(1), LONGEST);
      return this;
    }

    /** Builds it without a sweep in the background, for tests that step it. */
    Outbox build() {
      return new Outbox(this);
    }

    /**
     * Builds it and starts to sweep in the background. Needs neither store nor Redis to be up.
     *
     * @throws IllegalArgumentException if twice {@link #sweepAfter} and {@link #interval} are not less than {@link
     *     Retention#givenIds} of the queue: ended jobs would be forgotten before their entries are looked at, and run again
     */
    public Outbox start() {
      Duration kept = queue.retention().givenIds();
      Duration latest = age.multipliedBy(2).plus(interval);
      if (latest.compareTo(kept) >= 0) {
        throw new IllegalArgumentException("the outbox of queue " + queue.logName()
            + " may sweep an entry only after " + latest + " (2 x sweepAfter " + age
            + " + interval " + interval + "), but the queue forgets ended jobs after "
            + kept + " (givenIds), and they would run again: sweep sooner, or raise "
            + "retention(… .givenIds(…)) of the queue");
      }
      Outbox outbox = build();
      outbox.start();
      return outbox;
    }
  }
}
