package io.github.scalingtoolkit.cache;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Backoff;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * Replays the journal while the breaker is closed: a single lost call does not open it, and then nothing else would replay. While it
 * is open each try is refused at once, and the recovery step does the work. What keeps being refused is tried less and
 * less often, down to once a second. Its thread starts with the first need.
 */
final class ReplayLoop implements AutoCloseable {
  private static final Backoff PAUSES =
      Backoff.doubling(Duration.ofMillis(50), Duration.ofSeconds(1));

  private final BooleanSupplier idle;
  private final IntSupplier replay;
  private final Supplier<Duration> settle;
  private final Loop loop;
  private volatile int inVain;

  /** @param settle does what else is to be done now and then, and returns how long there is nothing */
  ReplayLoop(String cache, BooleanSupplier idle, IntSupplier replay, Supplier<Duration> settle) {
    this.idle = idle;
    this.replay = replay;
    this.settle = settle;
    loop = new Loop("cache-replay-" + cache, this::step);
  }

  /** Starts the loop, or wakes it: there is something to replay, or to settle. */
  void wake() {
    loop.start();
    if (inVain == 0) {
      loop.wake();
    }
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
    Duration quiet = settle.get();
    if (idle.getAsBoolean()) {
      inVain = 0;
      return quiet;
    }
    inVain = doWork() == 0 && !idle.getAsBoolean() ? inVain + 1 : 0;
    return inVain == 0 ? Duration.ZERO : PAUSES.after(inVain);
  }

  boolean isClosed() {
    return loop.isClosed();
  }

  @Override
  public void close() {
    loop.close();
  }
}
