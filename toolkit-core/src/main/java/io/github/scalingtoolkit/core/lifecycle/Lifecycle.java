package io.github.scalingtoolkit.core.lifecycle;

import io.github.scalingtoolkit.core.internal.Check;
import io.github.scalingtoolkit.core.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts things in order and stops them in the reverse order, each stop with a deadline.
 *
 * <p>A stop that throws or overruns its deadline is reported and the next one runs: later stops (closing files,
 * returning work) must not suffer from one that hangs. If a start throws, the started phases are stopped, and the exception
 * passes on.
 *
 * <p>Safe for use by several threads. {@link #stop} runs once; a second call waits for that run.
 */
public final class Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

  private final List<Phase> phases;
  private final Clock clock;
  private final Deque<Phase> started = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Condition startEnded = lock.newCondition();
  private final AtomicBoolean begun = new AtomicBoolean();
  private boolean stopping;
  private boolean snapshotTaken;
  private @Nullable Phase starting;
  private volatile List<Stopped> report = List.of();

  private record Phase(String name, Runnable start, Duration stopWithin, Runnable stop) {}

  /** How the stop of a phase ended. */
  public enum Outcome {
    /** In time. */
    DONE,
    /** With an exception. */
    FAILED,
    /** Not by its deadline: it may still be running. */
    TIMED_OUT
  }

  /**
   * The stop of one phase.
   *
   * @param phase its name
   * @param outcome how it ended
   * @param took how long it took, or was waited for
   */
  public record Stopped(String phase, Outcome outcome, Duration took) {}

  private Lifecycle(List<Phase> phases, Clock clock) {
    this.phases = phases;
    this.clock = clock;
  }

  /** Starts to build a lifecycle. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts every phase in the order they were added.
   *
   * @throws RuntimeException what a start throws, after the started phases were stopped; an {@link Error} likewise
   * @throws IllegalStateException if it was started or stopped before, or is stopped meanwhile
   */
  public void start() {
    if (!begun.compareAndSet(false, true)) {
      throw new IllegalStateException("a lifecycle starts once: build another");
    }
    for (Phase phase : phases) {
      if (!beginStarting(phase)) {
        throw new IllegalStateException("stopped before " + phase.name + " was started");
      }
      boolean done = false;
      boolean late;
      try {
        phase.start.run();
        done = true;
      } finally {
        late = endStarting(phase, done);
        if (!done) {
          stop();
        }
      }
      if (late) {
        stopUninterrupted(phase);
      }
      if (late || (isStopping() && phase == phases.get(phases.size() - 1))) {
        throw new IllegalStateException("stopped while " + phase.name + " was starting");
      }
    }
  }

  /**
   * Stops the started phases, last first, and returns how each stop ended. A phase that is just starting is waited for, as
   * long as its stop may take, and stopped first. If that was too short it is reported as timed out, and stopped by
   * {@link #start} once its start ends.
   */
  public List<Stopped> stop() {
    lock.lock();
    boolean first;
    try {
      first = !stopping;
      stopping = true;
    } finally {
      lock.unlock();
    }
    if (!first) {
      awaitStop();
      return report;
    }
    List<Stopped> outcomes = new ArrayList<>();
    boolean interrupted = Thread.interrupted();
    try {
      awaitStarting();
      interrupted |= Thread.interrupted();
      for (Phase phase : snapshot(outcomes)) {
        outcomes.add(stop(phase));
        interrupted |= Thread.interrupted();
      }
    } finally {
      report = List.copyOf(outcomes);
      stopped.countDown();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return report;
  }

  private void stopUninterrupted(Phase phase) {
    boolean interrupted = Thread.interrupted();
    stop(phase);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isStopping() {
    lock.lock();
    try {
      return stopping;
    } finally {
      lock.unlock();
    }
  }

  private boolean beginStarting(Phase phase) {
    lock.lock();
    try {
      if (!stopping) {
        starting = phase;
      }
      return !stopping;
    } finally {
      lock.unlock();
    }
  }

  /** Tells whether it is too late for a stop to find the phase: then the caller must stop it. */
  private boolean endStarting(Phase phase, boolean done) {
    lock.lock();
    try {
      starting = null;
      if (done && !snapshotTaken) {
        started.push(phase);
      }
      startEnded.signalAll();
      return snapshotTaken;
    } finally {
      lock.unlock();
    }
  }

  private void awaitStarting() {
    lock.lock();
    try {
      Phase waitedFor = starting;
      long left = waitedFor == null ? 0 : waitedFor.stopWithin.toNanos();
      while (starting != null && starting == waitedFor && left > 0) {
        left = startEnded.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the phases to stop, and notes the one left to {@link #start} because its start goes on. */
  private List<Phase> snapshot(List<Stopped> outcomes) {
    lock.lock();
    try {
      if (starting != null) {
        outcomes.add(new Stopped(starting.name, Outcome.TIMED_OUT, starting.stopWithin));
        log.warn("lifecycle phase={} start=goes-on action=stop-it-when-it-ends", starting.name);
      }
      snapshotTaken = true;
      return List.copyOf(started);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns how long {@link #stop} takes at most once everything has started: the sum of all deadlines. Before killing the
   * process, wait for longer.
   */
  public Duration stopWithin() {
    return phases.stream().map(Phase::stopWithin).reduce(Duration.ZERO, Duration::plus);
  }

  /** Waits until a stop is complete. */
  public void awaitStop() {
    boolean interrupted = false;
    while (true) {
      try {
        stopped.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Stopped stop(Phase phase) {
    long began = clock.nanoTime();
    FutureTask<Boolean> task = new FutureTask<>(phase.stop, true);
    BlockingThreads.platformFactory("stop-" + phase.name + "-").newThread(task).start();
    Outcome outcome;
    try {
      task.get(phase.stopWithin.toNanos(), TimeUnit.NANOSECONDS);
      outcome = Outcome.DONE;
    } catch (TimeoutException late) {
      task.cancel(true);
      outcome = Outcome.TIMED_OUT;
      log.warn(
          "lifecycle phase={} stop=timed-out after={}ms action=go-on",
          phase.name,
          phase.stopWithin.toMillis());
    } catch (ExecutionException failed) {
      outcome = Outcome.FAILED;
      log.warn(
          "lifecycle phase={} stop=failed cause={}",
          phase.name,
          String.valueOf(failed.getCause()).split("[:\\n]", 2)[0]);
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      outcome = Outcome.TIMED_OUT;
    }
    return new Stopped(phase.name, outcome, Duration.ofNanos(clock.nanoTime() - began));
  }

  /** Collects the phases of a {@link Lifecycle}. Not safe for use by several threads. */
  public static final class Builder {
    private final List<Phase> phases = new ArrayList<>();
    private Clock clock = Clock.system();

    private Builder() {}

    /**
     * Adds a phase, to be started after and stopped before those added earlier.
     *
     * @param name its name in logs and reports
     * @param start starts it; an exception ends the whole start
     * @param stopWithin how long its stop may take, above zero and at most a day
     * @param stop stops it; interrupted at its deadline
     */
    public Builder phase(String name, Runnable start, Duration stopWithin, Runnable stop) {
      Check.positive("stopWithin of " + name, stopWithin, Duration.ofDays(1));
      phases.add(
          new Phase(name, Objects.requireNonNull(start), stopWithin, Objects.requireNonNull(stop)));
      return this;
    }

    /** Takes time from {@code clock}. Default: {@link Clock#system()}. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock);
      return this;
    }

    /** Builds it; nothing has started yet. */
    public Lifecycle build() {
      return new Lifecycle(List.copyOf(phases), clock);
    }
  }
}
