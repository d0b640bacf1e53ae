package io.github.scalingtoolkit.core.guard;

import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells which failures speak of the dependency: not those that the user names, and not an interrupt. Never throws: a
 * failure that the user's predicate cannot judge counts, as it must end its call like any other.
 */
final class Classifier {
  private static final int DEEPEST_CAUSE = 8;

  private static final Logger log = LoggerFactory.getLogger(Classifier.class);

  private final String name;
  private final Predicate<Throwable> ignored;
  private final AtomicBoolean told = new AtomicBoolean();

  Classifier(String name, Predicate<Throwable> ignored) {
    this.name = name;
    this.ignored = ignored;
  }

  /** Returns what {@code failure}, thrown on this thread, says. */
  Outcome thrown(Throwable failure) {
    // The flag is asked as well: clients turn an interrupt into exceptions of their own and set it.
    return Thread.currentThread().isInterrupted() ? Outcome.IGNORED : of(failure);
  }

  /** Returns what {@code failure}, wherever it came from, says. */
  Outcome of(Throwable failure) {
    return interrupted(failure) || ignored(failure) ? Outcome.IGNORED : Outcome.FAILED;
  }

  private boolean ignored(Throwable failure) {
    try {
      return ignored.test(failure);
    } catch (Throwable broken) {
      if (told.compareAndSet(false, true)) {
        log.error("guard={} ignoring=failed action=count-the-failure", name, broken);
      }
      return false;
    }
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

  private static boolean interrupted(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (cause instanceof InterruptedException
          || cause instanceof ClosedByInterruptException
          || cause instanceof CancellationException
          || (cause instanceof InterruptedIOException
              && !(cause instanceof SocketTimeoutException))) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }
}
