package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Finds the runs that take longer than they may. */
final class TimeLimit {
  private static final long NEVER = Duration.ofDays(36_500).toNanos();
  private static final long SHORTEST = Duration.ofMillis(1).toNanos();

  private final Supplier<List<Claim>> held;
  private final BiConsumer<Claim, Claim.Limit> onOver;
  private final Clock clock;

  /** When it looks again. */
  private volatile long nextLook;

  TimeLimit(Supplier<List<Claim>> held, BiConsumer<Claim, Claim.Limit> onOver, Clock clock) {
    this.held = held;
    this.onOver = onOver;
    this.clock = clock;
    nextLook = clock.nanoTime() + NEVER;
  }

  /** Returns whether a run that starts now may be over before the next look. */
  boolean comesLate(Claim.Limit limit) {
    return clock.nanoTime() + limit.nanos() - nextLook < 0;
  }

  /** A {@link Loop.Step}. A run that begins after a look is not over before the next one, unless {@link #comesLate}. */
  Duration turn() {
    long now = clock.nanoTime();
    long next = Duration.ofDays(1).toNanos();
    // Before the look: a claim that comes meanwhile must not wait for this.
    nextLook = now + next;
    for (Claim claim : held.get()) {
      Claim.Limit limit = claim.limit();
      if (limit != null && !claim.isSettled()) {
        long left = claim.isStarted() ? claim.startedAt() + limit.nanos() - now : limit.nanos();
        if (left <= 0 && claim.isStarted()) {
          onOver.accept(claim, limit);
        } else {
          next = Math.min(next, Math.max(SHORTEST, left));
        }
      }
    }
    nextLook = now + next;
    return Duration.ofNanos(next);
  }
}
