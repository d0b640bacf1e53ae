package io.github.scalingtoolkit.todo.jobs;

import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.queue.QueueException;
import io.github.scalingtoolkit.todo.domain.JobId;
import io.github.scalingtoolkit.todo.domain.OutboxEntry;
import io.github.scalingtoolkit.todo.domain.OutboxPage;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.TodoId;
import io.github.scalingtoolkit.todo.domain.TodoStore;
import io.github.scalingtoolkit.todo.jobs.Notifications.Known;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Replaces jobs that Redis lost: enqueues again, with the same id, every notification that has been owed for too long, and
 * removes entries whose job has ended. Any number of processes may sweep at once.
 */
public final class OutboxSweeper implements AutoCloseable {
  /** How old an entry is before it is swept. */
  public static final Duration OWED_TOO_LONG = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(OutboxSweeper.class);
  private static final int PAGE = 500;
  private static final Duration LONGEST_END = Duration.ofSeconds(3);

  private final TodoStore store;
  private final Notifications notifications;
  private final Duration age;
  private final Duration interval;
  private final Loop loop;

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

  /**
   * Sweeps once; returns how many entries it enqueued or removed. Throws if a store does not answer or, after
   * the last page, if it has refused to remove ended entries.
   */
  int doWork() {
    int swept = 0;
    @Nullable StoreException failure = null;
    @Nullable TodoId after = null;
    do {
      OutboxPage page = store.findOutboxOlderThan(age, PAGE, after);
      List<OutboxEntry> owed = new ArrayList<>();
      List<JobId> ended = new ArrayList<>();
      for (OutboxEntry entry : page.entries()) {
        if (notifications.find(entry.jobId()) instanceof Known known) {
          if (known.state().equals("completed") || known.state().equals("dead")) {
            ended.add(entry.jobId());
          }
        } else {
          owed.add(entry);
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

  private Duration step() {
    try {
      doWork();
    } catch (JedisException | RejectedException | QueueException | StoreException unreachable) {
      log.debug("outbox sweep=postponed cause={}", unreachable.getClass().getName());
    }
    return interval;
  }
}
