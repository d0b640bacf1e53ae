package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.internal.Once;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A pass through the entries of an {@link Outbox}: enqueues again what the queue does not know, and takes out the entries of
 * jobs that have ended. Used by one thread.
 */
final class Sweep {
  private static final Logger log = LoggerFactory.getLogger(Sweep.class);
  private static final int PAGE = 500;

  /** Each is a script, and one round trip has the time of a short call. */
  private static final int ASKED_TOGETHER = 50;

  /** Of payloads in one round trip: more would not fit its deadline. */
  private static final int MOST_BYTES = 1 << 20;

  private final JobQueue queue;
  private final OutboxStore store;
  private final BooleanSupplier closed;
  private final Once toldOfStuck = new Once();
  private int stuck;

  /** Stops between two pages once {@code closed} says so. */
  Sweep(JobQueue queue, OutboxStore store, BooleanSupplier closed) {
    this.queue = queue;
    this.store = store;
    this.closed = closed;
  }

  /**
   * What a sweep brought.
   *
   * @param swept entries that were enqueued or removed
   * @param stuck entries that cannot be enqueued
   * @param oldest how long the oldest entry has been owed; zero if there was none
   * @param kept why the store has kept entries of ended jobs; null if it has not
   */
  record Result(
      int swept, int stuck, Duration oldest, @Nullable RuntimeException kept) {}

  /** Tells failures of Redis, which any job would meet, from those of the job itself. */
  static boolean isOfAll(RuntimeException failure) {
    return failure instanceof JedisException
        || failure instanceof RejectedException
        || failure instanceof QueueVersionException
        || failure instanceof UnknownEnqueueException;
  }

  /** Sweeps entries older than {@code age}. Throws if store or Redis do not answer. */
  Result run(Duration age) {
    int swept = 0;
    Duration oldest = Duration.ZERO;
    @Nullable RuntimeException kept = null;
    @Nullable String after = null;
    stuck = 0;
    do {
      OutboxPage page = store.owed(age, PAGE, after);
      stuck += page.unreadable();
      oldest = longer(oldest, page.jobs().isEmpty() ? page.oldest() : longer(age, page.oldest()));
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
        } catch (RuntimeException refused) {
          kept = kept == null ? refused : kept;
        }
      }
      after = page.next();
    } while (after != null && !closed.getAsBoolean());
    if (stuck == 0 && after == null) {
      toldOfStuck.over(() -> log.info("queue={} outbox=well stuck=none", queue.logName()));
    }
    return new Result(swept, stuck, oldest, kept);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
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

  private void tellStuck(NewJob<?> job, RuntimeException failure) {
    stuck++;
    toldOfStuck.tell(() -> log.warn(
        "queue={} job={} outbox=stuck cause=\"{}\" action=\"mend its payload, codec or headers, or remove its entry\"",
        queue.logName(),
        job.options().id().orElseThrow(),
        failure.getMessage(),
        failure));
  }
}
