package io.github.scalingtoolkit.benchmarks.report;

import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** What is read off a slice. */
public enum Quantity {
  /** Answers a second. */
  RATE,
  /** CPU of the processes that answer, for an answer, in microseconds. */
  CPU,
  /** CPU of the supervisor or nginx, likewise. */
  FRONT_CPU,
  /** CPU of those processes and of what is before them. */
  WHOLE_CPU,
  /** CPU of the stores, likewise. */
  STORES_CPU,
  /** Resident memory of the row's processes, in MiB. */
  MEMORY,
  /** The wait of half of the requests at most, in milliseconds. */
  P50,
  /** The wait of 99 in 100, likewise. */
  P99;

  /** Returns at which pace it is read. */
  Pace pace() {
    return this == P50 || this == P99 ? Pace.HALF : Pace.CAPACITY;
  }

  /** Tells whether a generator at its limit makes it the generator's own. */
  boolean isSpoiltByClient() {
    return this == RATE || this == P50 || this == P99;
  }

  /** Reads it, or nothing where the slice has none. */
  OptionalDouble of(Slice slice) {
    boolean answered = slice.answered() > 0;
    return switch (this) {
      case RATE -> OptionalDouble.of(slice.perSecond());
      case CPU -> some(answered && slice.cpuMicros() > 0, slice.cpuMicros());
      case FRONT_CPU -> some(answered, slice.frontMicros());
      case WHOLE_CPU ->
        some(answered && slice.cpuMicros() > 0, slice.cpuMicros() + slice.frontMicros());
      case STORES_CPU -> some(answered, slice.storesMicros());
      case MEMORY -> some(slice.memoryMiB() > 0, slice.memoryMiB());
      case P50 -> some(answered, slice.p50Millis());
      case P99 -> some(answered, slice.p99Millis());
    };
  }

  private static OptionalDouble some(boolean present, @Nullable Double value) {
    return present && value != null ? OptionalDouble.of(value) : OptionalDouble.empty();
  }
}
