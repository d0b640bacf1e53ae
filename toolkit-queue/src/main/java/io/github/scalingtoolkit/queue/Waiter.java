package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * Waits in Redis until there is work, but only while the stepper has nothing to do and a slot is free, so that it
 * never takes a wake-up call that another process could use.
 */
final class Waiter {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final JobQueue queue;
  private final Stepper stepper;
  private final Semaphore free;
  private final Runnable onCall;
  private final byte[] marker;

  Waiter(JobQueue queue, Stepper stepper, Semaphore free, Runnable onCall) {
    this.queue = queue;
    this.stepper = stepper;
    this.free = free;
    this.onCall = onCall;
    marker = Scripts.bytes(queue.key("k"));
  }

  /** A {@link Loop.Step}. */
  Duration turn() {
    if (!stepper.isIdle()) {
      return LONGEST_WAIT;
    }
    boolean called = queue.redis().blocking().bzpopmin(LONGEST_WAIT.toSeconds(), marker) != null;
    if (called && free.availablePermits() == 0) {
      // All slots became busy in the meantime: the call is for another worker.
      call();
    }
    // Without a call as well: it replaces a call that a dying process took.
    stepper.signal();
    onCall.run();
    return Duration.ZERO;
  }

  /** Wakes one waiter: a superfluous call costs one empty step. */
  void call() {
    queue.redis().callIdempotent(client -> client.zadd(marker, 0, Scripts.bytes("0")));
  }
}
