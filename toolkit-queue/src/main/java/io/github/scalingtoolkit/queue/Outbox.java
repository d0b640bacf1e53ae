package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
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
  private static final int PAGE = 500;

  /** Each is a script, and one round trip has the time of a short call. */
  private static final int ASKED_TOGETHER = 50;

  private static final Duration CATCH_UP_AGAIN = Duration.ofSeconds(1);

  /** Entries of other processes may be from the future of this one's clock. */
  private static final Duration ANY_AGE = Duration.ofHours(-1);

  private static final Duration LONGEST_REMOVAL = Duration.ofSeconds(3);

  private static final Duration LONGEST_END = Duration.ofSeconds(3);

  /** Of payloads in one round trip: more would not fit its deadline. */
  private static final int MOST_BYTES = 1 << 20;

  /** Sweeps in a row that Redis does not answer: one alone is told by others. */
  private static final int TOLD_AFTER = 3;

  private final JobQueue queue;
  private final OutboxStore store;
  private final Duration age;
  private final Duration interval;
  private final OutboxRemovals removals;
  private final Loop loop;
  private final Once stuck = new Once();
  private final Once refused = new Once();
  private final Once failing = new Once();
  private final Once unexpected = new Once();
  private final AtomicLong asked = new AtomicLong();

  /** Of the loop alone. */
  private int failures;

  /** Whether this sweep met an entry that cannot be enqueued; of the loop alone. */
  private boolean metStuck;

  /** What {@link #asked} was before the last sweep of all ages that has worked; changed by the loop alone. */
  private volatile long caughtUp;

  Outbox(Builder builder) {
    queue = builder.queue;
    store = builder.store;
    age = builder.age;
    interval = builder.interval;
    removals = new OutboxRemovals(store, LONGEST_REMOVAL);
    loop = new Loop("outbox-" + queue.logName(), this::step);
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
    queue.redis().onRecovery(client -> {
      if (!loop.isClosed()) {
        catchUp();
      }
    });
    loop.start();
  }

  /** Sweeps entries older than the configured age. */
  int doWork() {
    return doWork(age);
  }

  /**
   * Sweeps once; returns how many entries it enqueued or removed. Throws if store or Redis do not answer or, after the last
   * page, if the store has refused to remove ended entries.
   */
  private int doWork(Duration age) {
    int swept = 0;
    metStuck = false;
    @Nullable KeptException failure = null;
    @Nullable String after = null;
    do {
      OutboxPage page = store.owed(age, PAGE, after);
      List<NewJob<?>> owed = new ArrayList<>();
      List<JobId> ended = new ArrayList<>();
      sort(page.jobs(), owed, ended);
      // Owed entries first: a failing removal must not prevent a job.
      if (!owed.isEmpty()) {
        int enqueued = enqueueAgain(owed);
        swept += enqueued;
        if (enqueued > 0) {
          log.info("queue={} outbox=enqueued-again jobs={}", queue.logName(), enqueued);
        }
      }
      if (!ended.isEmpty()) {
        try {
          store.remove(ended);
          swept += ended.size();
        } catch (RuntimeException kept) {
          failure = new KeptException(failure == null ? kept : failure.getCause());
        }
      }
      after = page.next();
    } while (after != null && !loop.isClosed());
    if (!metStuck && after == null) {
      stuck.over(() -> log.info("queue={} outbox=well stuck=none", queue.logName()));
    }
    if (failure != null) {
      throw failure;
    }
    return swept;
  }

  /** Ended entries could not be removed. */
  static final class KeptException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    KeptException(@Nullable Throwable cause) {
      super("entries of ended jobs are in the outbox still", cause);
    }
  }

  private void sort(List<NewJob<?>> jobs, List<NewJob<?>> owed, List<JobId> ended) {
    for (int from = 0; from < jobs.size(); from += ASKED_TOGETHER) {
      List<NewJob<?>> batch = jobs.subList(from, Math.min(from + ASKED_TOGETHER, jobs.size()));
      List<Optional<JobSnapshot>> found = queue.findAll(
          batch.stream().map(job -> job.options().id().orElseThrow()).toList());
      for (int i = 0; i < batch.size(); i++) {
        if (found.get(i).isEmpty()) {
          owed.add(batch.get(i));
        } else if (hasEnded(found.get(i).get().state())) {
          ended.add(found.get(i).get().id());
        }
      }
    }
  }

  private static boolean hasEnded(JobState state) {
    return state == JobState.COMPLETED || state == JobState.CANCELLED || state == JobState.DEAD;
  }

  /** An entry that cannot be enqueued must not keep the others from it. */
  private int enqueueAgain(List<NewJob<?>> owed) {
    int enqueued = 0;
    List<NewJob<?>> batch = new ArrayList<>();
    int bytes = 0;
    for (NewJob<?> job : owed) {
      NewJob<byte[]> written;
      try {
        written = written(job);
      } catch (RuntimeException unwritable) {
        tellStuck(job, unwritable);
        continue;
      }
      int size = written.payload().length;
      if (!batch.isEmpty() && (batch.size() == PAGE || bytes > MOST_BYTES - size)) {
        enqueued += enqueueTogether(batch);
        batch.clear();
        bytes = 0;
      }
      batch.add(written);
      bytes += size;
    }
    return enqueued + enqueueTogether(batch);
  }

  /** Its size counts, and it is known alone whether it can be written. */
  private static <P> NewJob<byte[]> written(NewJob<P> job) {
    JobType<P> type = job.type();
    return new NewJob<>(
        new JobType<>(type.name(), type.version(), PayloadCodec.bytes()),
        Envelope.encoded(type, job.payload()),
        job.options());
  }

  private int enqueueTogether(List<NewJob<?>> owed) {
    try {
      queue.enqueueAll(owed);
      return owed.size();
    } catch (RuntimeException oneOfThem) {
      if (isOfAll(oneOfThem)) {
        throw oneOfThem;
      }
      int enqueued = 0;
      for (NewJob<?> job : owed) {
        try {
          queue.enqueue(job);
          enqueued++;
        } catch (RuntimeException failure) {
          if (isOfAll(failure)) {
            throw failure;
          }
          tellStuck(job, failure);
        }
      }
      return enqueued;
    }
  }

  /** Tells failures of Redis, which any job would meet, from those of the job itself. */
  private static boolean isOfAll(RuntimeException failure) {
    return failure instanceof JedisException
        || failure instanceof RejectedException
        || failure instanceof QueueVersionException
        || failure instanceof UnknownEnqueueException;
  }

  private void tellStuck(NewJob<?> job, RuntimeException failure) {
    metStuck = true;
    stuck.tell(() -> log.warn(
        "queue={} job={} outbox=stuck cause=\"{}\" action=\"mend its payload, codec or headers, or remove its entry\"",
        queue.logName(),
        job.options().id().orElseThrow(),
        failure.getMessage(),
        failure));
  }

  /** Stops sweeping, and waits for the current sweep to end, for 3 s at most. */
  @Override
  public void close() {
    loop.close();
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
    boolean caughtUpNow = all;
    try {
      doWork(all ? ANY_AGE : age);
      swept();
      refused.over(() -> log.info("queue={} outbox removal=well", queue.logName()));
    } catch (KeptException keptSome) {
      swept();
      refused.tell(() -> log.warn(
          "queue={} outbox removal=refused action=\"the store does not remove entries of ended jobs: see the cause\"",
          queue.logName(),
          keptSome.getCause()));
    } catch (RuntimeException failure) {
      caughtUpNow = false;
      failed(failure);
    }
    if (caughtUpNow) {
      caughtUp = asking;
    }
    return asked.get() != caughtUp && CATCH_UP_AGAIN.compareTo(interval) < 0
        ? CATCH_UP_AGAIN
        : interval;
  }

  private void swept() {
    failures = 0;
    boolean toldUnexpected = unexpected.over();
    if (failing.over() || toldUnexpected) {
      log.info("queue={} outbox sweep=well", queue.logName());
    }
  }

  private void failed(RuntimeException failure) {
    failures++;
    if (loop.isClosed()) {
      log.debug("queue={} outbox sweep=closed", queue.logName(), failure);
    } else if (isOfAll(failure)) {
      if (failures >= TOLD_AFTER) {
        failing.tell(() -> log.warn(
            "queue={} outbox sweep=failing cause=\"{}\" action=\"{}\"",
            queue.logName(),
            failure,
            failure instanceof QueueVersionException version
                ? version.action()
                : "owed jobs wait in the store until Redis answers: look at Redis"));
      }
    } else {
      // Of the store, or a fault: which of them only its trace tells.
      unexpected.tell(() -> log.warn(
          "queue={} outbox sweep=failing cause=\"{}\" action=\"owed jobs wait until a sweep works: look at the store, or mend the fault\"",
          queue.logName(),
          failure,
          failure));
    }
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
