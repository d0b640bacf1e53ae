package io.github.scalingtoolkit.core.guard;

import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bulkhead that finds its bound by measuring: as many attempts as the dependency works on at a time, half as many
 * again, and a few to find more by.
 *
 * <p>By Little's law the dependency works on {@code answers a second x seconds an answer takes without a queue} at a
 * time; further calls wait there. The first factor is counted in windows of a second. The second is the
 * lowest mean of a window; as a dependency may have become slower for good, it is measured again now and then with the bound
 * halved, and follows the mean while fewer than half of the places are taken. (The idea of TCP Vegas, and of Netflix'
 * concurrency-limits; the measuring of the base is that of BBR.)
 *
 * <p><b>Invariants.</b> The bound is from {@code least} to {@code most}. Windows that were not full to at least a half
 * do not change it, nor do those with fewer than {@value #FEWEST} answers, which go on; windows in which a tenth failed
 * lower it by a tenth. Failures say nothing about how long an answer takes: an immediate failure would look like a fast answer.
 *
 * <p>One thread closes a window; the others never wait for it. Calls that end meanwhile count for the next window.
 */
final class AdaptiveBulkhead implements Bulkhead {
  static final Duration WINDOW = Duration.ofSeconds(1);
  static final int WINDOWS_TO_PROBE = 30;

  private static final int FEWEST = 10;
  private static final double QUEUED = 1.5;
  private static final double FAILURES = 0.1;
  private static final int START = 20;

  private final int least;
  private final int most;
  private final Clock clock;
  private final AtomicInteger entered = new AtomicInteger();
  private final LongAdder answers = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder answerNanos = new LongAdder();
  private final ReentrantLock closing = new ReentrantLock();

  /** The result of a window is written under the lock; the bound is read without it. */
  private volatile int limit;

  private volatile long windowBegan;
  private double found;
  private double baseNanos = Double.MAX_VALUE;
  private int windowsSinceBase;
  private boolean probing;

  AdaptiveBulkhead(int least, int most, Clock clock) {
    this.least = least;
    this.most = most;
    this.clock = clock;
    limit = Math.min(most, Math.max(least, START));
    found = limit;
    windowBegan = clock.nanoTime();
  }

  @Override
  public boolean tryEnter() {
    int now = entered.get();
    while (now < limit) {
      if (entered.compareAndSet(now, now + 1)) {
        return true;
      }
      now = entered.get();
    }
    return false;
  }

  /** Does not wait: waiting callers would hide from the measurement that the bound is reached. */
  @Override
  public boolean tryEnter(long nanos) {
    return tryEnter();
  }

  @Override
  public void leave(Outcome outcome, long nanos) {
    entered.decrementAndGet();
    switch (outcome) {
      case SUCCESSFUL -> {
        answers.increment();
        answerNanos.add(nanos);
      }
      case FAILED -> failures.increment();
      case IGNORED -> {
        return;
      }
    }
    if (clock.nanoTime() - windowBegan >= WINDOW.toNanos() && closing.tryLock()) {
      try {
        closeWindow();
      } finally {
        closing.unlock();
      }
    }
  }

  @Override
  public GuardCounts.Bulkhead counts() {
    int bound = limit;
    return new GuardCounts.Bulkhead(bound, Math.max(0, bound - entered.get()), 0);
  }

  private void closeWindow() {
    long now = clock.nanoTime();
    double lasted = now - windowBegan;
    if (lasted < WINDOW.toNanos() || answers.sum() + failures.sum() < FEWEST) {
      return;
    }
    double answered = answers.sumThenReset();
    double failed = failures.sumThenReset();
    double busyNanos = answerNanos.sumThenReset();
    windowBegan = now;
    boolean full = entered.get() + busyNanos / lasted >= limit / 2.0;
    if (failed >= FAILURES * (answered + failed)) {
      found = Math.max(least, found * 0.9);
    } else if (answered > 0) {
      double mean = busyNanos / answered;
      learnBase(mean, full);
      if (full && !probing) {
        double atWork = answered * baseNanos / lasted;
        double target = QUEUED * atWork + Math.max(2, Math.sqrt(atWork));
        found = Math.min(most, Math.max(least, (found + target) / 2));
      }
    }
    limit = Math.max(least, (int) Math.round(probing ? found / 2 : found));
  }

  /** Keeps the mean time of an answer without a queue; decides whether the next window measures it. */
  private void learnBase(double mean, boolean full) {
    if (probing) {
      // The first window still sees what queued before it; the second measures.
      windowsSinceBase++;
      if (windowsSinceBase > WINDOWS_TO_PROBE + 2) {
        probing = false;
        windowsSinceBase = 0;
        baseNanos = mean;
      }
      return;
    }
    if (!full) {
      baseNanos = baseNanos == Double.MAX_VALUE ? mean : 0.9 * baseNanos + 0.1 * mean;
      windowsSinceBase = 0;
      return;
    }
    baseNanos = Math.min(baseNanos, mean);
    windowsSinceBase++;
    probing = windowsSinceBase > WINDOWS_TO_PROBE;
  }
}
