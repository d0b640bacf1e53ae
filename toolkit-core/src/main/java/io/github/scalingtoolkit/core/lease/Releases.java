package io.github.scalingtoolkit.core.lease;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * The waiters of this process: a line for each name, of which only the first asks Redis.
 *
 * <p>The first is woken to ask when it becomes the first, when a permit was released somewhere, and when messages may have
 * been missed; besides, it asks after a pause that it chooses. A waiter that leaves the line passes on a wake-up that it did not
 * use, so that no release is lost with it.
 */
final class Releases {
  private final ConcurrentHashMap<String, ArrayDeque<Waiter>> lines = new ConcurrentHashMap<>();

  /** A waiter, from before its first try on, so that no release falls between a try and the wait. */
  final class Waiter {
    private final String name;
    private final Thread thread = Thread.currentThread();
    private volatile boolean first;
    private volatile boolean told;

    private Waiter(String name) {
      this.name = name;
    }

    /**
     * Waits until it should ask.
     *
     * @param leftNanos for how long at most
     * @param pauseNanos for how long as the first in line, if it is not woken
     * @return false if the time is over
     */
    boolean await(long leftNanos, long pauseNanos) throws InterruptedException {
      long began = System.nanoTime();
      long firstSince = first ? began : Long.MIN_VALUE;
      while (true) {
        long now = System.nanoTime();
        long left = leftNanos - (now - began);
        if (left <= 0) {
          return false;
        }
        if (told) {
          return true;
        }
        if (first && firstSince == Long.MIN_VALUE) {
          firstSince = now;
        }
        long pause = first ? Math.min(left, pauseNanos - (now - firstSince)) : left;
        if (pause <= 0) {
          return true;
        }
        LockSupport.parkNanos(this, pause);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    }

    void aboutToTry() {
      told = false;
    }

    /**
     * Leaves the line.
     *
     * @param nextAsks whether the next in line should ask at once, although nothing more was released
     */
    void leave(boolean nextAsks) {
      lines.computeIfPresent(name, (key, line) -> {
        line.remove(this);
        Waiter next = line.peek();
        if (next != null && first) {
          next.first = true;
          if (nextAsks || told) {
            next.told = true;
          }
          LockSupport.unpark(next.thread);
        }
        return next == null ? null : line;
      });
    }

    private void tell() {
      told = true;
      LockSupport.unpark(thread);
    }
  }

  Waiter join(String name) {
    Waiter waiter = new Waiter(name);
    lines.compute(name, (key, known) -> {
      ArrayDeque<Waiter> line = known == null ? new ArrayDeque<>() : known;
      waiter.first = line.isEmpty();
      waiter.told = waiter.first;
      line.add(waiter);
      return line;
    });
    return waiter;
  }

  void onMessage(byte[] message) {
    released(new String(message, StandardCharsets.UTF_8));
  }

  /** Wakes the first waiter for a name. */
  void released(String name) {
    lines.computeIfPresent(name, (key, line) -> {
      line.element().tell();
      return line;
    });
  }

  /** Wakes the first of every name: messages may have been missed. */
  void anyMayBeReleased() {
    lines.keySet().forEach(this::released);
  }

  /** Wakes all waiters: there is nothing to wait for any more. */
  void wakeAll() {
    for (String name : lines.keySet()) {
      lines.computeIfPresent(name, (key, line) -> {
        line.forEach(Waiter::tell);
        return line;
      });
    }
  }
}
