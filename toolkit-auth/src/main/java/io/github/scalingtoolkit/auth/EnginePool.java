package io.github.scalingtoolkit.auth;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lends crypto engines (MACs, digests), which hold state and serve one thread at a time.
 *
 * <p>A fixed number of slots rather than a thread-local: with a virtual thread a request, a thread-local would make and
 * throw away an engine a request. A borrower tries a few slots from one of its own onwards; if all are empty it gets a new
 * engine, so nobody ever waits. What finds no empty slot on return is dropped. Whoever meets an exception while using an
 * engine does not return it.
 */
final class EnginePool<T> {
  private static final int PROBES = 4;

  private final AtomicReferenceArray<@Nullable T> slots;
  private final Supplier<T> maker;

  EnginePool(Supplier<T> maker) {
    this.maker = maker;
    int wanted = Math.min(64, 2 * Runtime.getRuntime().availableProcessors());
    this.slots = new AtomicReferenceArray<>(Integer.highestOneBit(Math.max(PROBES, wanted)));
  }

  T borrow() {
    int start = ownSlot();
    for (int i = 0; i < PROBES; i++) {
      int slot = start + i & slots.length() - 1;
      if (slots.getPlain(slot) != null) {
        T engine = slots.getAndSet(slot, null);
        if (engine != null) {
          return engine;
        }
      }
    }
    return maker.get();
  }

  void giveBack(T engine) {
    int start = ownSlot();
    for (int i = 0; i < PROBES; i++) {
      int slot = start + i & slots.length() - 1;
      if (slots.getPlain(slot) == null && slots.compareAndSet(slot, null, engine)) {
        return;
      }
    }
  }

  private static int ownSlot() {
    long id = Thread.currentThread().getId();
    return (int) (id ^ id >>> 16);
  }
}
