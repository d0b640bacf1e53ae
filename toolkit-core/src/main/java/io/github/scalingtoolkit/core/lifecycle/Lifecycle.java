package io.github.scalingtoolkit.core.lifecycle;

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
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts things in order and stops them in the reverse order, each stop with a deadline.
 *
 * <p>A stop that throws or overruns its deadline is reported and the next goes on: what comes later (closing files,
 * handing work back) must not suffer from what hangs. If a start throws, what has started is stopped, and the exception
 * passes on.
 *
 * <p>Safe for use by several threads. {@link #stop} runs once; who calls it again waits for that run.
 */
public final class Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

  private final List<Phase> phases;
  private final Clock clock;
  private final Deque<Phase> started = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private boolean stopping;
  private List<Stopped> report = List.of();

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
   * @throws RuntimeException what a start throws, after what had started was stopped
   * @throws IllegalStateException if it was stopped before
   */
  public void start() {
    for (Phase phase : phases) {
      if (isStopping()) {
        throw new IllegalStateException("stopped before " + phase.name + " was started");
      }
      try {
        phase.start.run();
      } catch (RuntimeException failure) {
        stop();
        throw failure;
      }
      if (!noteStarted(phase)) {
        stop(phase);
        throw new IllegalStateException("stopped while " + phase.name + " was starting");
      }
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

  private boolean noteStarted(Phase phase) {
    lock.lock();
    try {
      if (!stopping) {
        started.push(phase);
      }
      return !stopping;
    } finally {
      lock.unlock();
    }
  }

  /** Stops what has started, last first, and tells how each stop ended. */
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
    try {
      for (Phase phase : started) {
        outcomes.add(stop(phase));
      }
    } finally {
      report = List.copyOf(outcomes);
      stopped.countDown();
    }
    return report;
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
     * @param name what logs and reports call it
     * @param start sets it going; a throw ends the start of everything
     * @param stopWithin how long its stop may take, above zero
     * @param stop ends it; interrupted at its deadline
     */
    public Builder phase(String name, Runnable start, Duration stopWithin, Runnable stop) {
      if (stopWithin.isZero() || stopWithin.isNegative()) {
        throw new IllegalArgumentException(
            "stopWithin of " + name + " must be > 0 but was " + stopWithin);
      }
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
