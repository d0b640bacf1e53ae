package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.internal.Once;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Classifies failures and results: whether they count, whether the call is worth another try, and how long the
 * dependency asks to be left alone. Never throws, since every call must end: if a function of the user throws, the default
 * holds, and the log says so once.
 */
final class Classifier {
  private static final int DEEPEST_CAUSE = 8;

  private static final Logger log = LoggerFactory.getLogger(Classifier.class);

  private final String name;
  private final Predicate<Throwable> ignored;
  private final @Nullable Predicate<Throwable> retried;
  private final @Nullable Predicate<@Nullable Object> failing;
  private final @Nullable Function<Object, @Nullable Duration> delays;
  private final Once brokenFunction = new Once();

  Classifier(GuardBuilder builder) {
    name = builder.name;
    ignored = builder.ignored;
    retried = builder.retried;
    failing = builder.failing;
    delays = builder.delays;
  }

  /** Returns what {@code failure}, thrown on this thread, says. */
  Outcome thrown(Throwable failure) {
    // The flag is checked as well: clients turn an interrupt into their own exceptions and set the
    // flag.
    return Thread.currentThread().isInterrupted() ? Outcome.IGNORED : of(failure);
  }

  /** Returns what {@code failure}, wherever it came from, says. */
  Outcome of(Throwable failure) {
    return interruptedOrRefused(failure) || ignored(failure) ? Outcome.IGNORED : Outcome.FAILED;
  }

  /** Tells whether {@code result} counts as a failure. */
  boolean isFailure(@Nullable Object result) {
    Predicate<@Nullable Object> judge = failing;
    if (judge == null) {
      return false;
    }
    try {
      return judge.test(result);
    } catch (Throwable broken) {
      tell("failingWhen", "count-as-successful", broken);
      return false;
    }
  }

  /** Tells whether an idempotent call that failed so may be made again. */
  boolean isWorthARetry(Throwable failure) {
    if (failure instanceof FailedResult) {
      return true;
    }
    if (failure instanceof Error
        || Thread.currentThread().isInterrupted()
        || interruptedOrRefused(failure)) {
      return false;
    }
    if (retried == null) {
      return !ignored(failure);
    }
    try {
      return retried.test(failure);
    } catch (Throwable broken) {
      tell("retrying", "no-retry", broken);
      return false;
    }
  }

  /** Tells whether a fallback may take the place of {@code failure}, thrown on this thread. */
  boolean reachesFallback(Throwable failure) {
    return isRefusal(failure) || thrown(failure) == Outcome.FAILED;
  }

  /** Returns for how long {@code failure} asks not to be called, at most ten years; 0 if it does not say. */
  long delayNanos(Throwable failure) {
    Object told = failure instanceof FailedResult failed ? failed.result() : failure;
    if (delays == null || told == null) {
      return 0;
    }
    try {
      Duration delay = delays.apply(told);
      if (delay == null || delay.isNegative()) {
        return 0;
      }
      return delay.compareTo(GuardBuilder.LONGEST) < 0
          ? delay.toNanos()
          : GuardBuilder.LONGEST.toNanos();
    } catch (Throwable broken) {
      tell("retryAfter", "no-delay", broken);
      return 0;
    }
  }

  private boolean ignored(Throwable failure) {
    try {
      return ignored.test(failure);
    } catch (Throwable broken) {
      tell("ignoring", "count-the-failure", broken);
      return false;
    }
  }

  private void tell(String function, String action, Throwable broken) {
    brokenFunction.tell(() ->
        log.error("guard={} {}=failed action={} logged=once", name, function, action, broken));
  }

  /** Returns the failure inside of what a {@code CompletionStage} wraps it in. */
  static Throwable unwrapped(Throwable failure) {
    Throwable inner = failure;
    while ((inner instanceof CompletionException || inner instanceof ExecutionException)
        && inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner;
  }

  private static boolean isRefusal(Throwable failure) {
    return hasCause(failure, RejectedException.class::isInstance);
  }

  private static boolean interruptedOrRefused(Throwable failure) {
    return hasCause(
        failure,
        cause -> cause instanceof RejectedException
            || cause instanceof InterruptedException
            || cause instanceof ClosedByInterruptException);
  }

  private static boolean hasCause(Throwable failure, Predicate<Throwable> asked) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (asked.test(cause)) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }
}
