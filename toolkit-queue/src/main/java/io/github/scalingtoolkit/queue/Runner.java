package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the handler of a claim and decides how the claim ends. Nothing that a handler throws leaves this class. */
final class Runner {
  private static final Logger log = LoggerFactory.getLogger(Runner.class);

  /**
   * A type, its handler and its backoff.
   *
   * @param unreadable whether payloads that this worker cannot read have been warned of
   */
  record Handling<P>(JobType<P> type, JobHandler<P> handler, RetryPolicy policy, Once unreadable) {
    Handling(JobType<P> type, JobHandler<P> handler, RetryPolicy policy) {
      this(type, handler, policy, new Once());
    }
  }

  /**
   * During a rollout a worker of the previous version knows neither a new type nor what has changed in a payload: that is
   * not the job's fault, so it costs no attempt.
   */
  static final Duration UNREADABLE_AGAIN_AFTER = Duration.ofSeconds(10);

  private static final Duration WARN_INTERVAL = Duration.ofMinutes(1);

  private final JobQueue queue;
  private final Map<String, Handling<?>> handlings;
  private final List<JobMiddleware> middleware;
  private final QueueListener listener;
  private final @Nullable Duration timeLimit;
  private final FailureText failures;
  private final Clock clock;
  private final AtomicLong warnAgainNanos;
  private final AtomicLong expiredAgainNanos;

  Runner(WorkerBuilder.Handled handled, WorkerBuilder builder) {
    queue = handled.queue;
    handlings = Map.copyOf(handled.handlings);
    middleware = List.copyOf(builder.middleware);
    listener = handled.listener;
    timeLimit = builder.timeLimit;
    failures = new FailureText(builder.redaction);
    clock = builder.clock;
    warnAgainNanos = new AtomicLong(clock.nanoTime());
    expiredAgainNanos = new AtomicLong(clock.nanoTime());
  }

  /** Bounds the claim's run, before it starts, by the job's own limit or else the worker's, and by its deadline. */
  void limit(Claim claim) {
    long own = claim.envelope().details().timeLimit();
    Duration limit = own > 0 ? Duration.ofMillis(own) : timeLimit;
    long left = claim.hasDeadline() ? claim.untilDeadline(clock.nanoTime()) : Long.MAX_VALUE;
    // What is expired already does not run: it is only read, to be told of.
    boolean expires = claim.hasDeadline() && left > 0;
    if (limit != null && (limit.toNanos() <= left || !expires)) {
      claim.limit(new Claim.Limit(limit.toNanos(), "it ran longer than " + limit));
    } else if (expires) {
      claim.limit(new Claim.Limit(left, "it ran beyond its deadline"));
    }
  }

  /** Runs the claim's handler. Throws nothing: whatever is thrown round a job ends this attempt of it, and no more. */
  End run(Claim claim) {
    long started = clock.nanoTime();
    String type = "unknown";
    End end;
    try {
      Handling<?> handling = handlings.get(claim.envelope().type());
      type = handling == null ? type : handling.type.name();
      end = end(claim, handling);
    } catch (Throwable failure) {
      end = failed(claim, RetryPolicy.defaults(), failure, null);
    }
    tell(type, claim, end, started);
    return end;
  }

  /** Returns how a claim ends of which {@link #run} could not tell. It counts, so that the job does not run round for ever. */
  End undecided(Claim claim) {
    String why = "how its run ended could not be told";
    String kept = claim.attempt() + "|\n" + why;
    return claim.isLastAttempt()
        ? End.dead(claim, why, kept)
        : End.retry(claim, UNREADABLE_AGAIN_AFTER, kept);
  }

  private End end(Claim claim, @Nullable Handling<?> handling) {
    if (claim.envelope() == Envelope.NOT_A_JOB) {
      log.warn("queue={} job={} cause=not-a-job", queue.logName(), claim.loggedId());
      return End.damaged(claim);
    }
    if (handling == null) {
      warnOfUnknown(claim);
      return End.unreadable(claim, UNREADABLE_AGAIN_AFTER);
    }
    return run(claim, handling);
  }

  /** Returns whether the last warning of this kind was a while ago. */
  private boolean warns(AtomicLong again) {
    long now = clock.nanoTime();
    long next = again.get();
    return now - next >= 0 && again.compareAndSet(next, now + WARN_INTERVAL.toNanos());
  }

  private void warnOfUnknown(Claim claim) {
    if (!warns(warnAgainNanos)) {
      return;
    }
    log.warn(
        "queue={} job={} type={} cause=no-handler action=put-back again={}s handled={}",
        queue.logName(),
        claim.loggedId(),
        claim.envelope().type(),
        UNREADABLE_AGAIN_AFTER.toSeconds(),
        handlings.keySet());
  }

  private void tell(String type, Claim claim, End end, long started) {
    try {
      listener.onRun(
          type,
          claim.isCancelled() ? "lost" : outcomeOf(end),
          Duration.ofNanos(clock.nanoTime() - started));
    } catch (Throwable broken) {
      // A failing listener must not change how a job ends.
      log.warn(
          "queue={} listener=failed cause={}",
          queue.logName(),
          broken.getClass().getName());
    }
  }

  private <P> End run(Claim claim, Handling<P> handling) {
    // Reading the payload is a part of the run: it has the same bound, and the same interrupt.
    if (!claim.start(clock.nanoTime())) {
      // Lost, or handed back, before it began.
      claim.stop();
      return End.back(claim);
    }
    try {
      boolean expired = claim.hasDeadline() && claim.untilDeadline(clock.nanoTime()) <= 0;
      P payload;
      try {
        payload = claim.envelope().payloadAs(handling.type);
      } catch (Throwable unreadable) {
        return claim.isSettled()
            ? End.back(claim)
            : expired ? expired(claim) : unreadable(claim, handling, unreadable);
      }
      Job<P> job = new Job<>(queue.name(), new JobId(claim.id()), payload, claim, clock);
      claim.job(job);
      if (expired) {
        return expired(claim);
      }
      return end(claim, handling.policy, handle(job, handling.handler, 0));
    } catch (Throwable failure) {
      // An Error as well: a job that always overflows the stack must end like any
      // other.
      if (!claim.isSettled()) {
        log.warn(
            "queue={} job={} type={} attempt={} cause={}",
            queue.logName(),
            claim.loggedId(),
            handling.type.name(),
            claim.attempt(),
            failure.getClass().getName());
      }
      return failed(claim, handling.policy, failure, null);
    } finally {
      claim.stop();
    }
  }

  private <P> JobOutcome handle(Job<P> job, JobHandler<P> handler, int next) throws Exception {
    return next == middleware.size()
        ? handler.handle(job)
        : middleware.get(next).around(job, () -> handle(job, handler, next + 1));
  }

  private End unreadable(Claim claim, Handling<?> handling, Throwable unreadable) {
    handling.unreadable.tell(() -> log.warn(
        "queue={} job={} type={} cause=payload-unreadable({}) action=\"it waits for a worker that can read it:"
            + " deploy one, or discard the job\" again={}s",
        queue.logName(),
        claim.loggedId(),
        handling.type,
        unreadable.getClass().getName(),
        UNREADABLE_AGAIN_AFTER.toSeconds()));
    return End.unreadable(claim, UNREADABLE_AGAIN_AFTER);
  }

  private End expired(Claim claim) {
    if (warns(expiredAgainNanos)) {
      log.warn(
          "queue={} job={} type={} cause=deadline-over state=dead action=\"look at the dead letters: there may be more\"",
          queue.logName(),
          claim.loggedId(),
          claim.envelope().type());
    }
    return End.expired(claim)
        .because(new JobFailedException("its deadline was over before it ran"));
  }

  /** Returns how a run ends that took longer than it may. */
  End tooLong(Claim claim, Claim.Limit limit) {
    Handling<?> handling = handlings.get(claim.envelope().type());
    log.warn(
        "queue={} job={} type={} attempt={} cause=\"{}\" action=\"its handler is interrupted\"",
        queue.logName(),
        claim.loggedId(),
        claim.envelope().type(),
        claim.attempt(),
        limit.why());
    return decided(
        claim,
        handling == null ? RetryPolicy.defaults() : handling.policy,
        new JobFailedException(limit.why()),
        null);
  }

  private End end(Claim claim, RetryPolicy policy, @Nullable JobOutcome outcome) {
    if (outcome instanceof JobOutcome.Done) {
      return End.completed(claim);
    }
    if (outcome instanceof JobOutcome.Snooze snooze) {
      return End.snooze(claim, snooze.delay());
    }
    if (outcome instanceof JobOutcome.Dead dead) {
      JobFailedException failure = new JobFailedException(dead.reason());
      return End.dead(claim, failures.message(failure), failures.of(claim.attempt(), failure))
          .because(failure);
    }
    if (outcome instanceof JobOutcome.RetryIn retry) {
      return failed(
          claim, policy, new JobFailedException("its handler asked for a retry"), retry.delay());
    }
    return failed(
        claim,
        policy,
        new JobFailedException(
            outcome == null
                ? "its handler returned null instead of an outcome"
                : "its handler asked for a retry"),
        null);
  }

  /** If the claim is settled, another end holds, and nobody is to hear of this one. */
  private End failed(Claim claim, RetryPolicy policy, Throwable failure, @Nullable Duration delay) {
    return claim.isSettled() ? End.back(claim) : decided(claim, policy, failure, delay);
  }

  private End decided(
      Claim claim, RetryPolicy policy, Throwable failure, @Nullable Duration delay) {
    String kept = failures.of(claim.attempt(), failure);
    String why = failure instanceof JobFailedException said
        ? said.reason()
        : failure.getClass().getName();
    End end;
    if (claim.isLastAttempt()) {
      end = End.dead(claim, why, kept);
    } else {
      RetryPolicy own = claim.envelope().details().retries();
      Duration wait = delay != null
          ? delay
          : (own == null ? policy : own).backoff(claim.trouble().failures() + 1);
      end = claim.hasDeadline() && claim.untilDeadline(clock.nanoTime()) - wait.toNanos() <= 0
          ? End.expired(claim, "its deadline leaves no time for another attempt: " + why, kept)
          : End.retry(claim, wait, kept);
    }
    return end.because(failure);
  }

  /** Tells the listener of the failure that {@code end} is of, if any. To be called once the end holds: it has settled. */
  void tellFailure(End end) {
    Job<?> job = end.claim().job();
    Throwable failure = end.failure();
    if (job == null || failure == null) {
      return;
    }
    try {
      listener.onFailure(job, failure, end.outcome() != 'r');
    } catch (Throwable broken) {
      log.warn(
          "queue={} listener=failed cause={}",
          queue.logName(),
          broken.getClass().getName());
    }
  }

  private static String outcomeOf(End end) {
    return switch (end.outcome()) {
      case 'c' -> "done";
      case 's' -> "snooze";
      case 'd', 'x' -> "dead";
      case 'u' -> "unreadable";
      default -> "retry";
    };
  }
}
