package io.github.scalingtoolkit.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/** The ends that wait to be sent to Redis, oldest first. Filled by many threads, emptied by one. */
final class Ends {
  private static final int MOST_AT_ONCE = 500;

  private final ConcurrentLinkedDeque<End> waiting = new ConcurrentLinkedDeque<>();

  void add(End end) {
    waiting.add(end);
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  List<End> take() {
    List<End> taken = new ArrayList<>();
    while (taken.size() < MOST_AT_ONCE) {
      End end = waiting.poll();
      if (end == null) {
        break;
      }
      taken.add(end);
    }
    return taken;
  }

  /** Puts back, in order, the ends that could not be sent: an end is never dropped. */
  void putBack(List<End> taken) {
    for (int i = taken.size() - 1; i >= 0; i--) {
      waiting.addFirst(taken.get(i));
    }
  }
}
