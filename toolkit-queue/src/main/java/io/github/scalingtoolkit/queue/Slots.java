package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The right to run a job: so many for the worker, and for some types fewer. One thread takes, any may give back.
 *
 * <p>Slots are taken before jobs are claimed, so that a caller that waits for all of them also waits for jobs that are
 * on their way. Those of a type are counted once it is known which jobs came.
 */
final class Slots {
  private final int all;
  private final Semaphore free;
  private final Map<String, Semaphore> byType = new HashMap<>();
  private final List<String> types;

  Slots(int all, Map<String, Integer> types) {
    this.all = all;
    this.types = List.copyOf(types.keySet());
    free = new Semaphore(all);
    types.forEach((type, most) -> {
      if (most < all) {
        byType.put(type, new Semaphore(most));
      }
    });
  }

  int free() {
    return free.availablePermits();
  }

  int taken() {
    return all - free.availablePermits();
  }

  /** Returns all types, limited or not. */
  List<String> types() {
    return types;
  }

  /** Returns how many jobs of {@code type} may start, if the worker has slots for them. */
  int free(String type) {
    Semaphore limited = byType.get(type);
    return limited == null ? all : limited.availablePermits();
  }

  /** Takes {@code slots}, or none: then somebody else waits for all of them. */
  boolean take(int slots) {
    return free.tryAcquire(slots);
  }

  /** Counts a job of {@code type} that came for one of the slots that were taken. */
  void started(String type) {
    Semaphore limited = byType.get(type);
    if (limited != null) {
      // Never blocks: only as many were asked for as there are.
      limited.acquireUninterruptibly();
    }
  }

  /** Gives back slots for which no job came. */
  void unused(int slots) {
    free.release(slots);
  }

  /** Gives back what a job of {@code type} has of its type's slots; its other slot may pass to another job. */
  void typeEnded(String type) {
    Semaphore limited = byType.get(type);
    if (limited != null) {
      limited.release();
    }
  }

  /** Gives back the slot of a job. */
  void ended(String type) {
    typeEnded(type);
    free.release();
  }

  /** Waits until no job runs or is on its way, for up to {@code most}. */
  void awaitAllFree(Duration most) throws InterruptedException {
    if (free.tryAcquire(all, most.toNanos(), TimeUnit.NANOSECONDS)) {
      free.release(all);
    }
  }
}
