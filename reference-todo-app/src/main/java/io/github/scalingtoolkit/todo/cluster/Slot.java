package io.github.scalingtoolkit.todo.cluster;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One worker's place: its current worker, how often it was restarted, and when the next restart is due. Used by one thread. */
final class Slot {
  private static final Logger log = LoggerFactory.getLogger(Slot.class);
  /** A worker that does not answer for this long is killed; it is probed five times a second. */
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(20);
  /** A start takes a second or two, and on a crowded machine a minute, which killing it would only lengthen. */
  static final Duration LONGEST_START = Duration.ofMinutes(3);

  private final int number;
  private final WorkerLauncher launcher;
  private final Balancer balancer;
  private final RestartPolicy policy;
  private @Nullable WorkerProcess worker;
  private @Nullable Backend backend;
  private boolean killed;
  private boolean everServed;
  private int endsInARow;
  private int restarts;
  private int lastExitCode;
  private long startedAt;
  private long dueAt;

  Slot(int number, WorkerLauncher launcher, Balancer balancer, RestartPolicy policy, long now) {
    this.number = number;
    this.launcher = launcher;
    this.balancer = balancer;
    this.policy = policy;
    dueAt = now;
  }

  /**
   * Checks it once: starts the worker when that is due, and notes its port and its end.
   *
   * @param mayStart whether a worker may be started now, if a start is due
   */
  void turn(long now, boolean mayStart) {
    WorkerProcess current = worker;
    if (current == null) {
      if (mayStart && now - dueAt >= 0) {
        start(now);
      }
    } else if (!current.isAlive()) {
      ended(current, now);
    } else {
      lookAfter(current, now);
    }
  }

  private void start(long now) {
    try {
      startedAt = now;
      killed = false;
      worker = launcher.start(number);
    } catch (IOException noProcess) {
      lastExitCode = -1;
      failed(now, "cannot be started: " + noProcess.getMessage());
    }
  }

  private void lookAfter(WorkerProcess current, long now) {
    if (backend == null && current.address().isPresent()) {
      backend = balancer.add(current);
      everServed = true;
      log.info(
          "worker={} pid={} address={}",
          number,
          current.pid(),
          current.address().get());
    }
    if (current.isReady() && now - startedAt > RestartPolicy.STEADY.toNanos()) {
      endsInARow = 0;
    }
    boolean neverStarts = backend == null && now - startedAt > LONGEST_START.toNanos();
    if (!killed && (neverStarts || current.hangsAt(now, LONGEST_SILENCE))) {
      killed = true;
      log.warn("worker={} pid={} hangs=true action=\"it is killed\"", number, current.pid());
      current.kill();
    }
  }

  private void ended(WorkerProcess current, long now) {
    lastExitCode = current.exitCode();
    leaveBalancer();
    worker = null;
    failed(now, "pid=" + current.pid() + " exit=" + lastExitCode);
  }

  private void failed(long now, String how) {
    endsInARow++;
    restarts++;
    Duration delay = policy.delayAfter(endsInARow);
    dueAt = now + delay.toNanos();
    log.warn(
        "worker={} {} ends_in_a_row={} restart_in_ms={}",
        number,
        how,
        endsInARow,
        delay.toMillis());
  }

  private void leaveBalancer() {
    if (backend != null) {
      balancer.remove(backend);
      backend = null;
    }
  }

  /** Puts {@code next}, which already listens, in the place of the current worker, and returns the latter, if any. */
  Optional<Backend> replaceBy(WorkerProcess next, long now) {
    Backend added = balancer.add(next);
    Backend old = backend;
    leaveBalancer();
    worker = next;
    killed = false;
    backend = added;
    everServed = true;
    startedAt = now;
    endsInARow = 0;
    return Optional.ofNullable(old);
  }

  int number() {
    return number;
  }

  Optional<WorkerProcess> worker() {
    return Optional.ofNullable(worker);
  }

  /** Tells whether its process does not serve yet. */
  boolean isStarting() {
    return worker != null && backend == null;
  }

  /** Tells whether any of its workers has ever served. */
  boolean everServed() {
    return everServed;
  }

  int endsInARow() {
    return endsInARow;
  }

  int lastExitCode() {
    return lastExitCode;
  }

  Map<String, Object> describe() {
    WorkerProcess current = worker;
    Map<String, Object> described = new HashMap<>();
    described.put("number", number);
    described.put(
        "state",
        current == null
            ? "down"
            : current.isReady() ? "ready" : backend == null ? "starting" : "not ready");
    described.put("restarts", restarts);
    if (current != null) {
      described.put("pid", current.pid());
    }
    if (backend != null) {
      described.put("address", backend.pool().getUri().toString());
    }
    return described;
  }
}
