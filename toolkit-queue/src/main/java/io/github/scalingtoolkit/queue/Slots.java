package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The right to run a job of one queue: slots of a {@link SlotPool}, and for some types fewer. One thread takes, any may
 * give back.
 *
 * <p>Slots are taken before jobs are claimed, so that a caller that waits for all of them also waits for jobs that are
 * on their way. Those of a type are counted once it is known which jobs came.
 */
final class Slots {
  private final SlotPool pool;
  private final Runnable onChange;
  private final Map<String, Semaphore> byType = new HashMap<>();
  private final List<String> types;
  private final AtomicInteger held = new AtomicInteger();

  /** Could run more jobs than it got slots. Guarded by the pool. */
  private boolean hungry;

  /** When it took slots last, counted by the pool. Guarded by the pool. */
  private long served;

  /**
   * Joins the queues that share {@code pool}.
   *
   * @param types each type, and how many of its jobs may run at a time
   * @param onChange is called when slots are free that were not, or none is left: where there are other queues; must not
   *     block
   */
  Slots(SlotPool pool, Map<String, Integer> types, Runnable onChange) {
    this.pool = pool;
    this.onChange = onChange;
    this.types = List.copyOf(types.keySet());
    types.forEach((type, most) -> {
      if (most < pool.all()) {
        byType.put(type, new Semaphore(most));
      }
    });
    pool.join(this);
  }

  int free() {
    return pool.free();
  }

  /** Returns whether other queues have the same slots. */
  boolean areShared() {
    return pool.isShared();
  }

  /** Returns whether other queues may have jobs that keep this one from running any: there is no free slot. */
  boolean areAllTaken() {
    return pool.isShared() && pool.free() == 0;
  }

  /** Returns how many jobs of this queue run or are on their way. */
  int held() {
    return held.get();
  }

  /** Returns all types, limited or not. */
  List<String> types() {
    return types;
  }

  /** Returns how many jobs of {@code type} may start, if the worker has slots for them. */
  int free(String type) {
    Semaphore limited = byType.get(type);
    return limited == null ? pool.all() : limited.availablePermits();
  }

  /**
   * Takes up to {@code most} slots and returns how many it got: none while somebody else waits for all of them, and no more
   * than its share while other queues could run more jobs than they do.
   *
   * @param hungry whether it knows of jobs for them
   */
  int take(int most, boolean hungry) {
    return pool.take(this, most, hungry);
  }

  /** Returns whether the slots of jobs that end may pass to others of this queue: no other queue waits for slots. */
  boolean mayPassOn() {
    return !pool.othersAreHungry(this);
  }

  /** Tells whether it knows of jobs that it has no slots for. */
  void hungry(boolean is) {
    pool.hungry(this, is);
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
    pool.release(this, slots);
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
    pool.release(this, 1);
  }

  /** Waits until no job of any queue of the pool runs or is on its way, for up to {@code most}. */
  void awaitAllFree(Duration most) throws InterruptedException {
    pool.awaitAllFree(most);
  }

  // For the pool, which guards all but the count.

  boolean isHungry() {
    return hungry;
  }

  void setHungry(boolean is) {
    hungry = is;
  }

  long served() {
    return served;
  }

  void setServed(long when) {
    served = when;
  }

  void count(int slots) {
    held.addAndGet(slots);
  }

  Runnable onChange() {
    return onChange;
  }
}
