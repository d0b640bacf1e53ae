package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.time.Deadline;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run of a loader, which others may wait for. The thread that creates it runs it. */
final class Flight<V> {
  private static final int DEEPEST_CAUSE = 16;

  private final Thread owner = Thread.currentThread();
  private final CountDownLatch landed = new CountDownLatch(1);
  private @Nullable V value;
  private @Nullable Throwable failure;
  private boolean aborted;

  /** Tells whether the caller would wait for itself: a loader that gets its own key. */
  boolean mine() {
    return owner == Thread.currentThread();
  }

  void succeed(@Nullable V value) {
    this.value = value;
    landed.countDown();
  }

  /**
   * Ends it for all waiters. A failure that is this thread's own is not passed on to them: it was interrupted, or the
   * {@link Deadline} of its caller is over.
   */
  void fail(Throwable failure) {
    this.failure = failure;
    aborted = owner.isInterrupted() || isOfInterrupt(failure) || Deadline.currentIsExpired();
    landed.countDown();
  }

  /** Many a loader clears the flag and throws something else. */
  private static boolean isOfInterrupt(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (cause instanceof InterruptedException
          || cause instanceof ClosedByInterruptException
          || cause.getClass() == InterruptedIOException.class) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  /** Ends it without a result: the load will not run. */
  void abort() {
    aborted = true;
    landed.countDown();
  }

  boolean await(long nanos) throws InterruptedException {
    return landed.await(nanos, TimeUnit.NANOSECONDS);
  }

  /** Tells whether the waiters must read again. Meaningful once it has landed, as is the next method. */
  boolean aborted() {
    return aborted;
  }

  /** Returns what the loader returned, or throws what it threw. */
  @Nullable
  V result() {
    if (failure != null) {
      throw Flight.<RuntimeException>as(failure);
    }
    return value;
  }

  @SuppressWarnings(
      "unchecked") // Unwrapped, whatever it is: a Function can throw only by the same trick.
  private static <X extends Throwable> X as(Throwable failure) throws X {
    throw (X) failure;
  }
}
