package io.github.scalingtoolkit.queue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

/**
 * In which order a claim serves the priorities: always the first one first, or at random by weight, so that the last ones
 * are served too while there is work for the first.
 */
final class Priorities {
  static final int COUNT = 10;
  private static final String STRICT = "0123456789";

  private final int[] weights;

  private Priorities(int[] weights) {
    this.weights = weights;
  }

  static Priorities strict() {
    return new Priorities(new int[0]);
  }

  /** As many weights as there are priorities. */
  static Priorities weighted(int... weights) {
    if (weights.length != COUNT) {
      throw new IllegalArgumentException("there must be " + COUNT
          + " weights, one for each priority, but there were " + weights.length);
    }
    for (int weight : weights) {
      if (weight < 1 || weight > 1000) {
        throw new IllegalArgumentException("a weight must be 1 to 1000 but was " + weight);
      }
    }
    return new Priorities(weights.clone());
  }

  /** Returns the digits of all priorities in the order for one claim. */
  String order() {
    return weights.length == 0 ? STRICT : order(ThreadLocalRandom.current());
  }

  /** Each next one is drawn from those that are left, by weight. */
  String order(Random random) {
    int[] left = weights.clone();
    int sum = 0;
    for (int weight : left) {
      sum += weight;
    }
    StringBuilder order = new StringBuilder(COUNT);
    while (order.length() < COUNT) {
      int drawn = random.nextInt(sum);
      int priority = 0;
      while (drawn >= left[priority]) {
        drawn -= left[priority++];
      }
      order.append(priority);
      sum -= left[priority];
      left[priority] = 0;
    }
    return order.toString();
  }

  /** Returns {@code types} in any order. */
  List<String> shuffled(List<String> types) {
    if (types.size() < 2) {
      return types;
    }
    List<String> shuffled = new ArrayList<>(types);
    Collections.shuffle(shuffled, ThreadLocalRandom.current());
    return shuffled;
  }
}
