package io.github.scalingtoolkit.core.redis;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.GuardState;
import io.github.scalingtoolkit.core.lifecycle.Loop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Probes failing nodes until they have recovered; sleeps while all are healthy and there is nothing to ask. Without it no
 * call would ever pass again.
 */
final class RecoveryLoop implements AutoCloseable {
  /** How often an open guard is asked whether its interval is over: it is cheap, and only then. */
  private static final Duration POLL = Duration.ofMillis(20);

  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final Map<Guard, Runnable> trials = new ConcurrentHashMap<>();
  private final BooleanSupplier asksWhenWell;
  private final Loop loop;

  /**
   * Makes a loop, to be started.
   *
   * @param asksWhenWell does what is to be done while all is well; returns false to be called again later
   */
  RecoveryLoop(String name, BooleanSupplier asksWhenWell) {
    this.asksWhenWell = asksWhenWell;
    loop = new Loop("recovery-" + name, this::step);
  }

  void start() {
    loop.start();
  }

  /** Tries {@code trial} whenever {@code guard} is open. */
  void add(Guard guard, Runnable trial) {
    trials.put(guard, trial);
    guard.onStateChange(state -> loop.wake());
    loop.wake();
  }

  /** Forgets a guard whose node is gone. */
  void remove(Guard guard) {
    trials.remove(guard);
  }

  /** Says that there is something new to ask. */
  void wake() {
    loop.wake();
  }

  private Duration step() {
    if (!allWell()) {
      return POLL;
    }
    return asksWhenWell.getAsBoolean() ? Loop.UNTIL_WOKEN : AGAIN;
  }

  /** Probes each guard that is not closed; tells whether all are. */
  private boolean allWell() {
    boolean all = true;
    for (Map.Entry<Guard, Runnable> each : trials.entrySet()) {
      all &= each.getKey().state() == GuardState.CLOSED || each.getKey().probe(each.getValue());
    }
    return all;
  }

  @Override
  public void close() {
    loop.close();
  }
}
