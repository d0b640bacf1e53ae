package io.github.scalingtoolkit.queue;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.function.Consumer;

/** Finds the runs that take longer than they may. */
final class TimeLimit {
  private final Claims claims;
  private final Duration most;
  private final Consumer<Claim> onOver;
  private final Clock clock;

  TimeLimit(Claims claims, Duration most, Consumer<Claim> onOver, Clock clock) {
    this.claims = claims;
    this.most = most;
    this.onOver = onOver;
    this.clock = clock;
  }

  /** A {@link Loop.Step}. A run that begins after a look is not over before the next one. */
  Duration turn() {
    long now = clock.nanoTime();
    long longestLeft = most.toNanos();
    for (Claim claim : claims.held()) {
      if (claim.isStarted() && !claim.isSettled()) {
        long left = claim.startedAt() + most.toNanos() - now;
        if (left <= 0) {
          onOver.accept(claim);
        } else {
          longestLeft = Math.min(longestLeft, left);
        }
      }
    }
    return Duration.ofNanos(longestLeft);
  }
}
