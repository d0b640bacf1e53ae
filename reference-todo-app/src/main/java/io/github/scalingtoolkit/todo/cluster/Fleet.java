package io.github.scalingtoolkit.todo.cluster;

import io.github.scalingtoolkit.core.lifecycle.Loop;
import io.github.scalingtoolkit.core.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers of a cluster, each in a slot that is checked five times a second.
 *
 * <p>A replacement takes a slot only once it is ready, and the worker that it replaces ends only once it has no request of
 * the balancer in progress: so replacing all of them, one by one, fails no request. If a replacement does not get
 * ready, the old one stays and the rest are not replaced.
 *
 * <p>Safe for use by several threads: one lock over the slots, which is never held during a wait.
 */
final class Fleet {
  private static final Logger log = LoggerFactory.getLogger(Fleet.class);
  private static final Duration TURN = Duration.ofMillis(200);
  private static final int MOST_FAILED_STARTS = 5;
  /** More at a time would only slow each other down, until each seems to hang. */
  private static final int MOST_STARTING = Math.max(2, Runtime.getRuntime().availableProcessors());

  private final WorkerLauncher launcher;
  private final Balancer balancer;
  private final Duration drain;
  private final Clock clock;
  private final Prober prober;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Slot> slots = new ArrayList<>();
  /** On its way into a slot. */
  private @Nullable WorkerProcess replacement;

  /** On its way out of one. */
  private @Nullable WorkerProcess outgoing;

  private final Loop loop;
  /** How often a replacement of all was asked for since none was under way. */
  private final AtomicInteger askedToReplace = new AtomicInteger();

  private volatile boolean stopping;

  /** Will run {@code size} workers, each of which gets {@code drain} to end in order. */
  Fleet(
      int size,
      WorkerLauncher launcher,
      Balancer balancer,
      RestartPolicy policy,
      Duration drain,
      Clock clock) {
    this.launcher = launcher;
    this.balancer = balancer;
    this.drain = drain;
    this.clock = clock;
    prober = new Prober(clock);
    for (int number = 1; number <= size; number++) {
      slots.add(new Slot(number, launcher, balancer, policy, clock.nanoTime()));
    }
    loop = new Loop("fleet", () -> {
      turn();
      return TURN;
    });
  }

  /**
   * Starts all workers and waits until each has served once.
   *
   * @throws ClusterException if one of them ended repeatedly before that
   */
  void start() {
    loop.start();
    while (!stopping && !locked(() -> slots.stream().allMatch(Slot::everServed))) {
      locked(() -> slots.stream()
              .filter(slot -> !slot.everServed() && slot.endsInARow() >= MOST_FAILED_STARTS)
              .findFirst())
          .ifPresent(slot -> {
            throw new ClusterException("worker " + slot.number() + " ended " + MOST_FAILED_STARTS
                + " times before it served, last with exit code " + slot.lastExitCode()
                + ": see its output above. The cluster was not started.");
          });
      LockSupport.parkNanos(TURN.toNanos());
    }
  }

  /**
   * Waits until each has answered that it is ready, for {@code longest} at most: the worker that announced its port last has
   * not been probed yet when {@link #start} returns.
   */
  void awaitFirstAnswers(Duration longest) {
    long deadline = clock.nanoTime() + longest.toNanos();
    while (ready() < slots.size() && !stopping && clock.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  /** Makes waits for a start return at once, before all workers have started: for a stop during the start. */
  void giveUpStarting() {
    stopping = true;
    loop.close();
  }

  /** Probes every worker, and checks each slot. */
  void turn() {
    prober.probe(workers());
    lock.lock();
    try {
      for (Slot slot : slots) {
        if (!stopping) {
          slot.turn(clock.nanoTime(), starting() < MOST_STARTING);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private long starting() {
    return slots.stream().filter(Slot::isStarting).count();
  }

  /**
   * Replaces every worker by a new one, one after the other. During a replacement it returns at once, and all are
   * replaced once more afterwards: some of the new ones may have started before the change that the caller made.
   */
  void replaceAll() {
    int asked = askedToReplace.incrementAndGet();
    if (asked > 1) {
      log.info("replacing=under-way action=\"once more afterwards\"");
      return;
    }
    do {
      asked = askedToReplace.get();
      try {
        replaceEach();
      } catch (RuntimeException fault) {
        // The next request must not be ignored for ever.
        log.error("replacing=failed", fault);
      }
    } while (!askedToReplace.compareAndSet(asked, 0));
  }

  private void replaceEach() {
    log.info("replacing=started workers={}", slots.size());
    for (Slot slot : slots) {
      if (stopping || !replace(slot)) {
        log.warn("replacing=given-up worker={} stopping={}", slot.number(), stopping);
        return;
      }
    }
    log.info("replacing=done workers={}", slots.size());
  }

  private boolean replace(Slot slot) {
    WorkerProcess next;
    try {
      next = locked(() -> {
        if (stopping) {
          throw new IOException("stopping");
        }
        WorkerProcess started = launcher.start(slot.number());
        replacement = started;
        return started;
      });
    } catch (IOException noProcess) {
      log.warn("worker={} replacement=failed cause=\"{}\"", slot.number(), noProcess.getMessage());
      return false;
    }
    if (!awaitReady(next)) {
      if (!stopping) {
        log.warn(
            "worker={} replacement=failed cause=\"{}\"",
            slot.number(),
            next.isAlive()
                ? "not ready within " + Slot.LONGEST_START
                : "ended with exit " + next.exitCode());
      }
      next.terminate();
      next.awaitEnd(drain);
      lock.lock();
      replacement = null;
      lock.unlock();
      return false;
    }
    lock.lock();
    Optional<WorkerProcess> old;
    Optional<Backend> leaving;
    try {
      replacement = null;
      old = slot.worker();
      outgoing = old.orElse(null);
      leaving = slot.replaceBy(next, clock.nanoTime());
    } finally {
      lock.unlock();
    }
    old.ifPresent(worker -> end(worker, leaving));
    lock.lock();
    outgoing = null;
    lock.unlock();
    return true;
  }

  private boolean awaitReady(WorkerProcess next) {
    long deadline = clock.nanoTime() + Slot.LONGEST_START.toNanos();
    while (!next.isReady() && next.isAlive() && !stopping && clock.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(TURN.toNanos());
    }
    return next.isReady() && !stopping;
  }

  private void end(WorkerProcess old, Optional<Backend> leaving) {
    long deadline = clock.nanoTime() + drain.toNanos();
    while (leaving.isPresent() && leaving.get().inFlight() > 0 && clock.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
    old.terminate();
    old.awaitEnd(drain.plusSeconds(10));
    log.info("worker={} pid={} replaced=true", old.number(), old.pid());
  }

  /** Starts no more workers, and stops all of them at once, each in order. The balancer should have drained by now. */
  void stop() {
    stopping = true;
    loop.close();
    List<WorkerProcess> all = workers();
    all.forEach(WorkerProcess::terminate);
    all.forEach(worker -> worker.awaitEnd(drain.plusSeconds(10)));
  }

  /** Returns all workers, including those on their way into a slot or out of one. */
  List<WorkerProcess> workers() {
    return locked(() -> {
      List<WorkerProcess> workers = inSlots();
      if (replacement != null) {
        workers.add(replacement);
      }
      if (outgoing != null) {
        workers.add(outgoing);
      }
      return workers;
    });
  }

  int size() {
    return slots.size();
  }

  /** Returns how many of {@link #workers} were ready at the last probe. */
  long ready() {
    return workers().stream().filter(WorkerProcess::isReady).count();
  }

  private List<WorkerProcess> inSlots() {
    List<WorkerProcess> workers = new ArrayList<>();
    slots.forEach(slot -> slot.worker().ifPresent(workers::add));
    return workers;
  }

  /** Returns the metrics of every worker in a slot, each sample with its instance. */
  String metrics(String own) {
    MetricsMerge merge = new MetricsMerge();
    merge.add("supervisor", own);
    for (WorkerProcess worker : locked(this::inSlots)) {
      prober.metrics(worker).ifPresent(text -> merge.add(Integer.toString(worker.number()), text));
    }
    return merge.text();
  }

  /** Returns what {@code /info} tells of each worker: its slot, and what it tells itself. */
  List<Map<String, Object>> describe() {
    List<Map<String, Object>> workers = new ArrayList<>();
    for (Slot slot : slots) {
      Map<String, Object> described = new TreeMap<>();
      Optional<WorkerProcess> worker = locked(() -> {
        described.putAll(slot.describe());
        return slot.worker();
      });
      worker.flatMap(prober::info).ifPresent(info -> described.put("info", info));
      workers.add(described);
    }
    return workers;
  }

  private interface Action<T, E extends Exception> {
    T run() throws E;
  }

  private <T, E extends Exception> T locked(Action<T, E> action) throws E {
    lock.lock();
    try {
      return action.run();
    } finally {
      lock.unlock();
    }
  }
}
