package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardCounts;
import io.github.scalingtoolkit.core.guard.RejectedException;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import io.github.scalingtoolkit.todo.domain.StoreException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException;
import io.github.scalingtoolkit.todo.domain.StoreUnavailableException.Reason;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/**
 * Calls MongoDB within the bounds of {@link MongoSettings}: a place among those at a time, the breaker, and the time of
 * one operation. Exceptions of the driver leave as {@link StoreException}s.
 *
 * <p>Safe for use by several threads.
 */
final class MongoCalls {
  private static final long LEAST_RETRY_MILLIS = 50;

  private final MongoSettings settings;
  private final MongoFailures failures;
  private final Clock clock;
  private final Guard guard;
  private volatile boolean closed;

  MongoCalls(MongoSettings settings, MongoFailures failures, Clock clock) {
    this.settings = settings;
    this.failures = failures;
    this.clock = clock;
    guard = Guard.builder("mongodb")
        .countWindow(10)
        .minimumCalls(5)
        // The driver's time-outs decide: an answer in time counts as a success.
        .slowCalls(Duration.ofHours(1), 1)
        .openFor(Duration.ofMillis(500), Duration.ofSeconds(5))
        .probed()
        .bulkhead(settings.poolSize(), settings.busyTimeout())
        .retries(1)
        .retryPause(Duration.ZERO, Duration.ZERO)
        // Every create may have its second try: a change of primary breaks all of them at once.
        .retryBudget(1, 0)
        .retrying(MongoCalls::isLostAtFirst)
        .ignoring(MongoCalls::saysNothingOfHealth)
        .reasons(MongoCalls::reason)
        .clock(clock)
        .build();
  }

  Guard guard() {
    return guard;
  }

  /** From now on every failure is that the store is closed. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /** A part of an operation that may be tried twice. */
  @FunctionalInterface
  interface Work<T> {
    /**
     * Does it.
     *
     * @param again whether the first try may have done all or part of it
     */
    T run(Budget budget, boolean again);
  }

  /** Does {@code action} once: all its commands share the time of one operation. */
  <T extends @Nullable Object> T call(Function<Budget, T> action) {
    try {
      return guard.call(() -> {
        Budget budget = new Budget();
        return budget.translated(() -> action.apply(budget));
      });
    } catch (RejectedException rejected) {
      throw refused(rejected);
    }
  }

  /** Does {@code work}, and once more if the connection broke, all in the time of one operation. */
  <T> T twice(Work<T> work) {
    Deadline all = Deadline.after(settings.busyTimeout().plus(settings.operationTimeout()), clock);
    Twice<T> twice = new Twice<>(work);
    try {
      all.run(() -> guard.runIdempotent(twice::attempt));
    } catch (RejectedException rejected) {
      throw refused(rejected);
    }
    return twice.result();
  }

  /** Does {@code action} past guard and limits. */
  <T extends @Nullable Object> T translated(Supplier<T> action) {
    try {
      return action.get();
    } catch (MongoException e) {
      throw failures.translate(e);
    } catch (IllegalStateException e) {
      if (closed) {
        throw failures.closed();
      }
      throw e;
    }
  }

  private StoreUnavailableException refused(RejectedException rejected) {
    if (closed) {
      return failures.closed();
    }
    if (rejected.reason() == RejectedException.Reason.DEADLINE) {
      return failures.late();
    }
    GuardCounts.Bulkhead places = guard.counts().bulkhead();
    return rejected.reason() == RejectedException.Reason.OPEN || places == null
        ? failures.down(rejected.retryAfter())
        : failures.busy(places.waiting());
  }

  private static boolean saysNothingOfHealth(Throwable failure) {
    return failure instanceof StoreUnavailableException unavailable
        ? unavailable.reason() == Reason.CLOSED
            || unavailable.reason() == Reason.CUT_SHORT
            || isLostAtFirst(failure)
        : failure instanceof StoreException;
  }

  private static boolean isLostAtFirst(Throwable failure) {
    return failure instanceof StoreUnavailableException unavailable
        && unavailable.reason() == Reason.CONNECTION_LOST;
  }

  /** Translated exceptions contain no document and no secret; any other is shown by its class. */
  private static String reason(Throwable failure) {
    return failure instanceof StoreException told && told.getMessage() != null
        ? told.getMessage()
        : failure.getClass().getName();
  }

  /** Work with its second try. For one thread. */
  private final class Twice<T> {
    private final Work<T> work;
    private @Nullable Budget budget;
    private @Nullable MongoException lost;
    private @Nullable T result;

    Twice(Work<T> work) {
      this.work = work;
    }

    T result() {
      T done = result;
      if (done == null) {
        throw new IllegalStateException("it has not been done");
      }
      return done;
    }

    void attempt() {
      Budget begun = budget;
      if (begun == null) {
        Budget fresh = new Budget();
        budget = fresh;
        result = fresh.translated(() -> first(fresh));
      } else {
        result = begun.translated(() -> second(begun));
      }
    }

    private T first(Budget begun) {
      try {
        return work.run(begun, false);
      } catch (MongoException failure) {
        if (!MongoFailures.isWorthAnotherTry(failure)) {
          throw failure;
        }
        lost = failure;
        throw failures.lost(failure);
      }
    }

    private T second(Budget begun) {
      if (lost != null && begun.leftMillis() < LEAST_RETRY_MILLIS) {
        throw lost;
      }
      return work.run(begun, true);
    }
  }

  /** The time that the commands of one operation share: the caller's, if it has less left. */
  final class Budget {
    private final long nanos = Deadline.within(settings.operationTimeout()).toNanos();
    private final long endNanos = System.nanoTime() + nanos;

    Budget() {}

    long leftMillis() {
      return TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
    }

    /** Returns {@code collection} for a command in the time that is left. */
    MongoCollection<Document> of(MongoCollection<Document> collection) {
      return collection.withTimeout(Math.max(1, leftMillis()), TimeUnit.MILLISECONDS);
    }

    private <T extends @Nullable Object> T translated(Supplier<T> action) {
      return MongoCalls.this.translated(() -> {
        try {
          return action.get();
        } catch (MongoException failure) {
          throw isCutShort(failure) ? failures.cutShort(failure) : failure;
        }
      });
    }

    /**
     * Tells whether it was the caller's time that was over: it had left less than half of an operation's, and that was too
     * little, no matter what found that out: the server, the driver while it waited, or the driver by the server's round trips
     * before it sent anything.
     */
    private boolean isCutShort(MongoException failure) {
      return nanos < settings.operationTimeout().toNanos() / 2 && MongoFailures.isTimeOut(failure);
    }
  }
}
