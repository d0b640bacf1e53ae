package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.time.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Pauses that only take the clock's time; moving the clock runs the timers. For one thread. */
final class ManualPauses implements Pauses {
  private record Timer(long atNanos, Runnable task) {}

  private final ManualClock clock;
  private final List<Timer> timers = new ArrayList<>();
  final List<Long> slept = new ArrayList<>();

  ManualPauses(ManualClock clock) {
    this.clock = clock;
  }

  @Override
  public void sleep(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    slept.add(nanos);
    clock.advance(Duration.ofNanos(nanos));
  }

  @Override
  public Runnable later(long nanos, Runnable task) {
    Timer timer = new Timer(clock.nanoTime() + nanos, task);
    timers.add(timer);
    return () -> timers.remove(timer);
  }

  /** Moves the clock and runs what has become due. */
  void advance(Duration step) {
    clock.advance(step);
    for (Timer timer : List.copyOf(timers)) {
      if (timer.atNanos - clock.nanoTime() <= 0 && timers.remove(timer)) {
        timer.task.run();
      }
    }
  }

  int pending() {
    return timers.size();
  }
}
