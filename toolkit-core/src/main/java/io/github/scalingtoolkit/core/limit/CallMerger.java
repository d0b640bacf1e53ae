package io.github.scalingtoolkit.core.limit;

import io.github.scalingtoolkit.core.time.Deadline;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Merges concurrent calls for one key, cost and limit into one call of Redis, without threads of its own.
 *
 * <p><b>Protocol.</b> The first caller of a key leads: it asks for itself at once, so a lone caller does not wait.
 * Callers that arrive while it asks wait in the key's line. When it has its answer the leader takes all of them out of the line and makes
 * the first of them the leader of all, which asks for as many calls as there are callers; granted permits go to those that
 * arrived first. A line without a leader is not in the map.
 *
 * <p><b>States of a waiter</b>, each entered by one compare-and-set from waiting: <i>waiting</i>; <i>leading</i>, given
 * a batch; <i>served</i>, given its share; <i>gone</i>, its patience is over: it removes itself from the line. A caller that leaves
 * after its batch was sent leaves its permit unused: fewer are admitted then, never more.
 *
 * <p><b>Failure.</b> When a leader's call fails, so do the calls in line: they would only wait in turn for the same failure.
 * A leader that is interrupted, or whose own deadline passes, before it asks or while it does, does not decide for the
 * others: the rest of its batch gets another leader. Whatever a leader throws, the line moves on.
 */
final class CallMerger {
  /** Asks Redis for a number of calls. */
  interface Asker {
    Grant ask(String key, int cost, int calls, Terms terms);
  }

  /**
   * One caller's result.
   *
   * @param grant the answer that it shares, or null if the call failed
   * @param place how many callers are before it in that batch
   */
  record Share(@Nullable Grant grant, int place) {
    private static final Share FAILED = new Share(null, 0);
  }

  private record Line(String key, int cost, Terms terms) {}

  private record Batch(List<Waiter> members) {}

  private static final Object GONE = new Object();

  private final ConcurrentHashMap<Line, Waiting> lines = new ConcurrentHashMap<>();
  private final Asker asker;
  private final long patienceNanos;

  CallMerger(Asker asker, long patienceNanos) {
    this.asker = asker;
    this.patienceNanos = patienceNanos;
  }

  /** Asks, alone or with others. */
  Share acquire(String key, int cost, Terms terms) {
    Line line = new Line(key, cost, terms);
    Waiter me = new Waiter();
    Waiting joined =
        lines.compute(line, (id, busy) -> busy == null ? new Waiting(me) : busy.with(me));
    if (joined.founder == me) {
      return lead(line, List.of(me));
    }
    Object outcome = me.await(patienceNanos);
    if (outcome == GONE) {
      lines.computeIfPresent(line, (id, busy) -> busy.without(me));
      return Share.FAILED;
    }
    if (outcome instanceof Batch batch) {
      return lead(line, batch.members());
    }
    return outcome instanceof Share share ? share : Share.FAILED;
  }

  /** Returns how many keys are asked for right now. */
  int busy() {
    return lines.size();
  }

  /** Returns how many wait for a key's next question. */
  int inLine() {
    return lines.values().stream().mapToInt(waiting -> waiting.waiters.size()).sum();
  }

  private Share lead(Line line, List<Waiter> batch) {
    Grant grant = null;
    boolean mineAlone = false;
    try {
      grant = asker.ask(line.key(), line.cost(), batch.size(), line.terms());
    } catch (RuntimeException failed) {
      // Redis' guard has counted it; the callers get a share without a grant.
      mineAlone = callerIsGone();
    } finally {
      if (!mineAlone || !promote(batch.subList(1, batch.size()))) {
        for (int i = 1; i < batch.size(); i++) {
          batch.get(i).become(grant == null ? Share.FAILED : new Share(grant, i));
        }
        handOver(line, grant != null || mineAlone);
      }
    }
    return grant == null ? Share.FAILED : new Share(grant, 0);
  }

  /** Tells whether this thread has no time left or is interrupted: a failure of its call says nothing about Redis. */
  static boolean callerIsGone() {
    return Deadline.currentIsExpired() || Thread.currentThread().isInterrupted();
  }

  private void handOver(Line line, boolean well) {
    List<Waiter> next = new ArrayList<>();
    do {
      next.clear();
      lines.computeIfPresent(line, (id, busy) -> busy.moveTo(next) ? busy : null);
      if (!well) {
        next.forEach(waiter -> waiter.become(Share.FAILED));
      }
      // No caller is left to lead: check again, until the line is empty and removed.
    } while (!next.isEmpty() && !(well && promote(next)));
  }

  /** Makes the first of {@code waiters} that still waits their leader; false if none waits. */
  private static boolean promote(List<Waiter> waiters) {
    List<Waiter> members = new ArrayList<>(waiters);
    members.removeIf(waiter -> waiter.get() == GONE);
    while (!members.isEmpty()) {
      if (members.get(0).become(new Batch(members))) {
        return true;
      }
      members = new ArrayList<>(members.subList(1, members.size()));
    }
    return false;
  }

  /** The callers in line for a key; changed only inside the map's lock for that key. */
  private static final class Waiting {
    private final Waiter founder;
    private final Set<Waiter> waiters = new LinkedHashSet<>();

    Waiting(Waiter founder) {
      this.founder = founder;
    }

    Waiting with(Waiter waiter) {
      waiters.add(waiter);
      return this;
    }

    Waiting without(Waiter waiter) {
      waiters.remove(waiter);
      return this;
    }

    boolean moveTo(List<Waiter> target) {
      target.addAll(waiters);
      waiters.clear();
      return !target.isEmpty();
    }
  }

  /** One caller: null while it waits. */
  private static final class Waiter extends AtomicReference<@Nullable Object> {
    private static final long serialVersionUID = 1L;

    private final transient Thread thread = Thread.currentThread();

    boolean become(Object outcome) {
      boolean changed = compareAndSet(null, outcome);
      if (changed) {
        LockSupport.unpark(thread);
      }
      return changed;
    }

    /** Waits, also through interrupts, which are kept for the caller; a permit must not be lost by one. */
    Object await(long patienceNanos) {
      long started = System.nanoTime();
      boolean interrupted = false;
      Object outcome = get();
      while (outcome == null) {
        long left = patienceNanos - (System.nanoTime() - started);
        if (left <= 0) {
          compareAndSet(null, GONE);
        } else {
          LockSupport.parkNanos(this, left);
          interrupted |= Thread.interrupted();
        }
        outcome = get();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return outcome;
    }
  }
}
