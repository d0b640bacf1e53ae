package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.internal.Once;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
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

  private final String queue;
  private final Map<String, Handling<?>> handlings;
  private final QueueListener listener;
  private final Clock clock;
  private final AtomicLong warnAgainNanos;

  Runner(String queue, Map<String, Handling<?>> handlings, QueueListener listener, Clock clock) {
    this.queue = queue;
    this.handlings = Map.copyOf(handlings);
    this.listener = listener;
    this.clock = clock;
    warnAgainNanos = new AtomicLong(clock.nanoTime());
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
      end = failed(claim, RetryPolicy.defaults(), failure.getClass().getName());
    }
    tell(type, claim, end, started);
    return end;
  }

  private End end(Claim claim, @Nullable Handling<?> handling) {
    if (claim.envelope() == Envelope.NOT_A_JOB) {
      log.warn("queue={} job={} cause=not-a-job", queue, claim.id());
      return End.dead(claim, "the bytes stored under this id are not a job");
    }
    if (handling == null) {
      warnOfUnknown(claim);
      return End.unreadable(claim, UNREADABLE_AGAIN_AFTER);
    }
    return run(claim, handling);
  }

  private void warnOfUnknown(Claim claim) {
    long now = clock.nanoTime();
    long next = warnAgainNanos.get();
    if (now - next < 0 || !warnAgainNanos.compareAndSet(next, now + WARN_INTERVAL.toNanos())) {
      return;
    }
    log.warn(
        "queue={} job={} type={} cause=no-handler action=put-back again={}s handled={}",
        queue,
        claim.id(),
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
      log.warn("queue={} listener=failed cause={}", queue, broken.getClass().getName());
    }
  }

  private <P> End run(Claim claim, Handling<P> handling) {
    P payload;
    try {
      payload = claim.envelope().payloadAs(handling.type.payload());
    } catch (Throwable unreadable) {
      handling.unreadable.tell(() -> log.warn(
          "queue={} job={} type={} cause=payload-unreadable({}) action=\"it waits for a worker that can read it:"
              + " deploy one, or discard the job\" again={}s",
          queue,
          claim.id(),
          handling.type.name(),
          unreadable.getClass().getName(),
          UNREADABLE_AGAIN_AFTER.toSeconds()));
      return End.unreadable(claim, UNREADABLE_AGAIN_AFTER);
    }
    Job<P> job = new Job<>(
        claim.id(),
        claim.attempt(),
        payload,
        () -> claim.validAt(clock.nanoTime()),
        claim::isCancelled);
    if (!claim.start(clock.nanoTime())) {
      // Lost, or handed back, before it began.
      claim.stop();
      return End.back(claim);
    }
    try {
      return end(claim, handling.policy, handling.handler.handle(job));
    } catch (Throwable failure) {
      // An Error as well: a job that always overflows the stack must end like any
      // other.
      if (!claim.isSettled()) {
        log.warn(
            "queue={} job={} type={} attempt={} cause={}",
            queue,
            claim.id(),
            handling.type.name(),
            claim.attempt(),
            failure.getClass().getName());
      }
      return failed(claim, handling.policy, failure.getClass().getName());
    } finally {
      claim.stop();
    }
  }

  /** Returns how a run ends that took longer than it may. */
  End tooLong(Claim claim, Duration most) {
    Handling<?> handling = handlings.get(claim.envelope().type());
    log.warn(
        "queue={} job={} type={} attempt={} cause=time-limit({}) action=\"its handler is interrupted\"",
        queue,
        claim.id(),
        claim.envelope().type(),
        claim.attempt(),
        most);
    return failed(
        claim,
        handling == null ? RetryPolicy.defaults() : handling.policy,
        "it ran longer than " + most);
  }

  private static End end(Claim claim, RetryPolicy policy, JobOutcome outcome) {
    if (outcome instanceof JobOutcome.Done) {
      return End.completed(claim);
    }
    if (outcome instanceof JobOutcome.Snooze snooze) {
      return End.snooze(claim, snooze.delay());
    }
    if (outcome instanceof JobOutcome.Dead dead) {
      return End.dead(claim, dead.reason());
    }
    if (outcome instanceof JobOutcome.RetryIn retry) {
      return lastTry(claim) ? End.dead(claim, "failed too often") : End.retry(claim, retry.delay());
    }
    return failed(claim, policy, "failed too often");
  }

  private static End failed(Claim claim, RetryPolicy policy, String why) {
    return lastTry(claim)
        ? End.dead(claim, why)
        : End.retry(claim, policy.backoff(claim.trouble().failures() + 1));
  }

  private static boolean lastTry(Claim claim) {
    return claim.trouble().failures() + 1 >= claim.envelope().maxAttempts();
  }

  private static String outcomeOf(End end) {
    return switch (end.outcome()) {
      case 'c' -> "done";
      case 's' -> "snooze";
      case 'd' -> "dead";
      case 'u' -> "unreadable";
      default -> "retry";
    };
  }
}
