package io.github.scalingtoolkit.auth;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lends crypto engines (MACs, digests), which are stateful and serve one thread at a time.
 *
 * <p>A fixed number of slots rather than a thread-local: with one virtual thread per request, a thread-local would make and
 * throw away one engine per request. A borrower tries a few slots from its own onwards; if all are empty it gets a new
 * engine, so no borrower waits. An engine that finds no empty slot on return is dropped. A borrower that gets an exception from an
 * engine does not return it.
 */
final class EnginePool<T> {
  private static final int PROBES = 4;

  /** Slots are a cache line apart: otherwise threads that borrow at the same time would share a line. */
  private static final int STRIDE = 16;

  private final AtomicReferenceArray<@Nullable T> slots;
  private final Supplier<T> maker;
  private final int count;

  EnginePool(Supplier<T> maker) {
    this.maker = maker;
    int wanted = Math.min(64, 2 * Runtime.getRuntime().availableProcessors());
    this.count = Integer.highestOneBit(Math.max(PROBES, wanted));
    this.slots = new AtomicReferenceArray<>(count * STRIDE);
  }

  T borrow() {
    int start = ownSlot();
    for (int i = 0; i < PROBES; i++) {
      int slot = (start + i & count - 1) * STRIDE;
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
      int slot = (start + i & count - 1) * STRIDE;
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
