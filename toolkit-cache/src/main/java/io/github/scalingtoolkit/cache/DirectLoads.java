package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loads past the cache, so that many readers of one key cost the database about one load at a time.
 *
 * <p>Without Redis it is unknown whether a load in progress has read the database before or after a write that another
 * process has since completed. So no caller joins a load that has begun: callers that arrive while one is running wait for the next,
 * together with all others that arrive until that begins. The next begins when the running one ends, or when its leader
 * has waited {@code patience}, so that a hung load does not block others for long. A caller whose {@link Deadline} is over
 * waits no more, and loads by itself.
 */
final class DirectLoads<V> {
  private static final Duration LONGEST_WAIT = Duration.ofDays(3650);

  private final ConcurrentHashMap<String, Lane<V>> lanes = new ConcurrentHashMap<>();
  private final long patienceNanos;

  DirectLoads(long patienceNanos) {
    this.patienceNanos = patienceNanos;
  }

  /** The load that is running for a key, and the one after it. */
  private record Lane<V>(Flight<V> running, @Nullable Flight<V> next) {}

  @Nullable
  V load(String id, Supplier<? extends @Nullable V> loader) {
    while (true) {
      Flight<V> mine = new Flight<>();
      Lane<V> lane = enter(id, mine);
      if (lane.running() == mine) {
        return run(id, mine, loader);
      }
      if (lane.running().mine()) {
        return loader.get();
      }
      if (lane.next() == mine) {
        awaitRunning(lane.running());
        lanes.computeIfPresent(id, (key, now) -> now.next() == mine ? new Lane<>(mine, null) : now);
        return run(id, mine, loader);
      }
      Flight<V> next = Objects.requireNonNull(lane.next());
      try {
        if (!next.await(Deadline.within(LONGEST_WAIT).toNanos())) {
          return loader.get();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return loader.get();
      }
      if (!next.aborted()) {
        return next.result();
      }
    }
  }

  private Lane<V> enter(String id, Flight<V> mine) {
    return Objects.requireNonNull(lanes.compute(id, (key, lane) -> {
      if (lane == null) {
        return new Lane<>(mine, null);
      }
      return lane.next() == null && !lane.running().mine()
          ? new Lane<>(lane.running(), mine)
          : lane;
    }));
  }

  private void awaitRunning(Flight<V> running) {
    try {
      running.await(Deadline.within(Duration.ofNanos(patienceNanos)).toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable V run(String id, Flight<V> mine, Supplier<? extends @Nullable V> loader) {
    try {
      V value = loader.get();
      mine.succeed(value);
      return value;
    } catch (Throwable failure) {
      mine.fail(failure);
      throw failure;
    } finally {
      // If the lane has a next load, its leader moves it up.
      lanes.computeIfPresent(
          id, (key, lane) -> lane.running() == mine && lane.next() == null ? null : lane);
    }
  }
}
