package io.github.scalingtoolkit.queue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The slots of a worker, shared by its queues.
 *
 * <p><b>Fairness.</b> A queue is hungry while it could run more jobs than it has slots. While others are hungry, a queue
 * takes at most its even share, and leaves a free slot to each of those that were served before it. A queue that does not
 * reach its Redis is not hungry, so it takes nothing from the others.
 *
 * <p>Safe for use by several threads.
 */
final class SlotPool {
  private final int all;
  private final Semaphore free;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private final List<Slots> queues = new ArrayList<>();

  /** Guarded by the lock. */
  private long serves;

  private volatile boolean shared;

  SlotPool(int all) {
    this.all = all;
    free = new Semaphore(all);
  }

  int all() {
    return all;
  }

  int free() {
    return free.availablePermits();
  }

  boolean isShared() {
    return shared;
  }

  int taken() {
    return all - free.availablePermits();
  }

  void join(Slots queue) {
    lock.lock();
    try {
      queues.add(queue);
      shared = queues.size() > 1;
    } finally {
      lock.unlock();
    }
  }

  int take(Slots queue, int most, boolean hungry) {
    if (!shared) {
      return taken(queue, Math.min(most, free()));
    }
    boolean sated;
    int got;
    lock.lock();
    try {
      boolean before = queue.isHungry();
      queue.setHungry(hungry);
      int share = share();
      int othersFirst = 0;
      for (Slots other : queues) {
        boolean mayTake = other != queue && other.isHungry() && other.held() < share;
        othersFirst += mayTake && other.served() < queue.served() ? 1 : 0;
      }
      int allowed = othersAre(queue) ? Math.min(free() - othersFirst, share - queue.held()) : all;
      got = taken(queue, Math.max(0, Math.min(Math.min(most, free()), allowed)));
      if (got > 0) {
        queue.setServed(++serves);
      }
      queue.setHungry(hungry && got < most);
      sated = before && !queue.isHungry();
    } finally {
      lock.unlock();
    }
    if (sated || got > 0 && free() == 0) {
      callOthers(queue);
    }
    return got;
  }

  /** Returns how many slots each of the hungry queues may have. Holds the lock. */
  private int share() {
    int hungry = Math.max(1, (int) queues.stream().filter(Slots::isHungry).count());
    return (all + hungry - 1) / hungry;
  }

  /** Returns whether others are hungry. Holds the lock. */
  private boolean othersAre(Slots queue) {
    return queues.stream().anyMatch(other -> other != queue && other.isHungry());
  }

  private int taken(Slots queue, int slots) {
    if (slots > 0 && free.tryAcquire(slots)) {
      queue.count(slots);
      return slots;
    }
    return 0;
  }

  boolean othersAreHungry(Slots queue) {
    if (!shared) {
      return false;
    }
    lock.lock();
    try {
      return othersAre(queue);
    } finally {
      lock.unlock();
    }
  }

  void hungry(Slots queue, boolean is) {
    if (!shared) {
      return;
    }
    boolean sated;
    lock.lock();
    try {
      sated = queue.isHungry() && !is;
      queue.setHungry(is);
    } finally {
      lock.unlock();
    }
    if (sated) {
      // Others may have left a slot to it.
      callOthers(queue);
    }
  }

  void release(Slots queue, int slots) {
    if (slots > 0) {
      queue.count(-slots);
      free.release(slots);
      callOthers(queue);
    }
  }

  private void callOthers(Slots but) {
    if (!shared) {
      return;
    }
    List<Slots> others;
    lock.lock();
    try {
      others = queues.stream().filter(queue -> queue != but).toList();
    } finally {
      lock.unlock();
    }
    others.forEach(queue -> queue.onChange().run());
  }

  /** Waits until no job runs or is on its way, for up to {@code most}. */
  void awaitAllFree(Duration most) throws InterruptedException {
    if (free.tryAcquire(all, most.toNanos(), TimeUnit.NANOSECONDS)) {
      free.release(all);
    }
  }
}
