package io.github.scalingtoolkit.core.lease;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Who of this process waits for a permit of which name, and wakes when one was given back somewhere. */
final class Releases {
  private final ConcurrentHashMap<String, Set<Waiter>> waiters = new ConcurrentHashMap<>();

  /** One who waits, from before its first try on, so that no release falls between a try and the wait. */
  final class Waiter implements AutoCloseable {
    private final String name;
    private final Thread thread = Thread.currentThread();
    private volatile boolean woken;

    private Waiter(String name) {
      this.name = name;
    }

    /** Returns when a permit was given back since the last try, or after {@code nanos}. */
    void await(long nanos) throws InterruptedException {
      long began = System.nanoTime();
      for (long left = nanos; !woken && left > 0; left = nanos - (System.nanoTime() - began)) {
        LockSupport.parkNanos(this, left);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    }

    void aboutToTry() {
      woken = false;
    }

    @Override
    public void close() {
      waiters.computeIfPresent(name, (key, all) -> {
        all.remove(this);
        return all.isEmpty() ? null : all;
      });
    }
  }

  Waiter join(String name) {
    Waiter waiter = new Waiter(name);
    waiters.compute(name, (key, all) -> {
      Set<Waiter> now = all == null ? ConcurrentHashMap.newKeySet() : all;
      now.add(waiter);
      return now;
    });
    return waiter;
  }

  void onMessage(byte[] message) {
    released(new String(message, StandardCharsets.UTF_8));
  }

  /** Wakes all of a name: no order among them is promised, and Redis decides. */
  void released(String name) {
    waiters.getOrDefault(name, Set.of()).forEach(Releases::wake);
  }

  /** Wakes everybody: messages may have been missed, or there is nothing to wait for any more. */
  void wakeAll() {
    waiters.values().forEach(all -> all.forEach(Releases::wake));
  }

  private static void wake(Waiter waiter) {
    waiter.woken = true;
    LockSupport.unpark(waiter.thread);
  }
}
