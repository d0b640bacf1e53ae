package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * Replays the journal while the breaker is closed: a single lost call does not open it, and then nothing else would replay. While it
 * is open each try is refused at once, and the recovery step does the work. Its thread starts with the first need.
 */
final class ReplayLoop implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final BooleanSupplier idle;
  private final IntSupplier replay;
  private final Loop loop;

  ReplayLoop(String cache, BooleanSupplier idle, IntSupplier replay) {
    this.idle = idle;
    this.replay = replay;
    loop = new Loop("cache-replay-" + cache, this::step);
  }

  /** Wakes the loop: there is something to replay. */
  void wake() {
    loop.start();
    loop.wake();
  }

  /** Tries once and returns how many keys were replayed: 0 while Redis is out of reach. */
  int doWork() {
    try {
      return replay.getAsInt();
    } catch (RuntimeException unreachable) {
      return 0;
    }
  }

  private Duration step() {
    if (idle.getAsBoolean()) {
      return Loop.UNTIL_WOKEN;
    }
    return doWork() == 0 ? PAUSE : Duration.ZERO;
  }

  @Override
  public void close() {
    loop.close();
  }
}
