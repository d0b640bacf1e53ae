package io.github.scalingtoolkit.core.guard;

import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;

/** Tells which failures speak of the dependency: not those that the user names, and not an interrupt. */
final class Classifier {
  private static final int DEEPEST_CAUSE = 8;

  private final Predicate<Throwable> ignored;

  Classifier(Predicate<Throwable> ignored) {
    this.ignored = ignored;
  }

  /** Returns what {@code failure}, thrown on this thread, says. */
  Outcome thrown(Throwable failure) {
    // The flag is asked as well: clients turn an interrupt into exceptions of their own and set it.
    return Thread.currentThread().isInterrupted() ? Outcome.IGNORED : of(failure);
  }

  /** Returns what {@code failure}, wherever it came from, says. */
  Outcome of(Throwable failure) {
    return interrupted(failure) || ignored.test(failure) ? Outcome.IGNORED : Outcome.FAILED;
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
