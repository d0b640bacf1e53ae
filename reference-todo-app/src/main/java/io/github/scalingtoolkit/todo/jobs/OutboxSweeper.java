package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.queue.QueueException;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.OutboxEntry;
import io.github.scalingtoolkit.todo.domain.OutboxPage;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.jobs.Notifications.Known;
import io.github.scalingtoolkit.todo.jobs.Notifications.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Replaces jobs that Redis lost: enqueues again, with the same id, every notification that has been owed for too long, and
 * removes entries whose job has ended. Any number of processes may sweep at once.
 *
 * <p>After {@link #catchUp} the next sweep takes every entry, however young: what could not be enqueued while Redis was
 * out of reach is delivered right after its return.
 */
public final class OutboxSweeper implements AutoCloseable {
  /** How old an entry is before it is swept. */
  public static final Duration OWED_TOO_LONG = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(OutboxSweeper.class);
  private static final int PAGE = 500;
  private static final Duration CATCH_UP_AGAIN = Duration.ofSeconds(1);
  /** Entries of other processes may be from the future of this one's clock. */
  private static final Duration ANY_AGE = Duration.ofHours(-1);

  private static final Duration LONGEST_END = Duration.ofSeconds(3);

  private final TodoStore store;
  private final Notifications notifications;
  private final Duration age;
  private final Duration interval;
  private final Loop loop;
  private final AtomicLong asked = new AtomicLong();
  /** What {@link #asked} was before the last sweep of all ages that has worked; changed by the loop alone. */
  private volatile long caughtUp;

  /** Sweeps entries older than {@code age}, at each {@code interval}; {@link #start} sets it going. */
  public OutboxSweeper(
      TodoStore store, Notifications notifications, Duration age, Duration interval) {
    this.store = store;
    this.notifications = notifications;
    this.age = age;
    this.interval = interval;
    loop = new Loop("outbox-sweeper", this::step);
  }

  /** Starts to sweep in the background. */
  public void start() {
    loop.start();
  }

  /** Redis is back: sweeps entries of any age at once, and then once a second until that has worked. Does not block. */
  public void catchUp() {
    asked.incrementAndGet();
    loop.wake();
  }

  /** An enqueue has failed: as {@link #catchUp}, unless that is under way. Does not block. */
  public void enqueueFailed() {
    // In an outage every create calls this: only the first may wake the loop.
    if (asked.getAndIncrement() == caughtUp) {
      loop.wake();
    }
  }

  /** Sweeps entries older than the configured age. */
  int doWork() {
    return doWork(age);
  }

  /**
   * Sweeps once; returns how many entries it enqueued or removed. Throws if a store does not answer or, after
   * the last page, if it has refused to remove ended entries.
   */
  private int doWork(Duration age) {
    int swept = 0;
    @Nullable StoreException failure = null;
    @Nullable TodoId after = null;
    do {
      OutboxPage page = store.findOutboxOlderThan(age, PAGE, after);
      List<OutboxEntry> owed = new ArrayList<>();
      List<JobId> ended = new ArrayList<>();
      List<Status> statuses =
          notifications.findAll(page.entries().stream().map(OutboxEntry::jobId).toList());
      for (int i = 0; i < statuses.size(); i++) {
        OutboxEntry entry = page.entries().get(i);
        if (!(statuses.get(i) instanceof Known known)) {
          owed.add(entry);
        } else if (known.hasEnded()) {
          ended.add(entry.jobId());
        }
      }
      // Owed entries first: a failing removal must not prevent a notification.
      if (!owed.isEmpty()) {
        notifications.enqueueOwed(owed);
        swept += owed.size();
        log.info("outbox enqueuedAgain={}", owed.size());
      }
      try {
        store.removeOutboxEntries(ended);
        swept += ended.size();
      } catch (StoreException kept) {
        if (failure == null) {
          failure = kept;
        } else {
          failure.addSuppressed(kept);
        }
      }
      after = page.next();
    } while (after != null && !loop.isClosed());
    if (failure != null) {
      throw failure;
    }
    return swept;
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
    } catch (JedisException
        | RejectedException
        | QueueException
        | StoreUnavailableException unreachable) {
      log.debug("outbox sweep=postponed cause={}", unreachable.getClass().getName());
      caughtUpNow = false;
    } catch (StoreException keptSome) {
      log.debug("outbox removal=refused cause={}", keptSome.getClass().getName());
    }
    if (caughtUpNow) {
      caughtUp = asking;
    }
    return asked.get() != caughtUp && CATCH_UP_AGAIN.compareTo(interval) < 0
        ? CATCH_UP_AGAIN
        : interval;
  }
}
