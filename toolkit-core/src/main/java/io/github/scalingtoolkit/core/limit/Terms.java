package io.github.scalingtoolkit.core.limit;

import static io.github.scalingtoolkit.core.limit.LimitKeys.bytes;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The limits that apply to one call, one per policy. Equal if the limits are equal. Safe for use by several threads. */
final class Terms {
  private final String limiter;
  private final List<RateLimit> limits;
  private final int mostCost;
  private final int hash;
  private volatile @Nullable List<byte[]> arguments;

  Terms(String limiter, List<RateLimit> limits) {
    this.limiter = limiter;
    this.limits = List.copyOf(limits);
    mostCost = limits.stream().mapToInt(RateLimit::permits).min().orElse(0);
    hash = this.limits.hashCode();
  }

  List<RateLimit> limits() {
    return limits;
  }

  RateLimit limit(int policy) {
    return limits.get(policy);
  }

  /** Refuses a cost that could never be admitted. */
  void check(String what, int permits) {
    if (permits < 1 || permits > mostCost) {
      throw new IllegalArgumentException(what + " must be 1 to " + mostCost
          + ", the permits of the smallest policy of limiter '" + limiter + "', but was "
          + permits);
    }
  }

  /** Returns burst and worth of a permit for each policy, as the scripts take them. */
  List<byte[]> arguments() {
    List<byte[]> known = arguments;
    if (known == null) {
      List<byte[]> made = new ArrayList<>(2 * limits.size());
      for (RateLimit limit : limits) {
        made.add(bytes(Integer.toString(limit.permits())));
        made.add(bytes(Double.toString(limit.permitMicros())));
      }
      known = made;
      arguments = known;
    }
    return known;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other || other instanceof Terms terms && limits.equals(terms.limits);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
