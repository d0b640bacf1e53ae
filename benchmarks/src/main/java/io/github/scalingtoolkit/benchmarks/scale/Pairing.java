package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.load.Call;
import io.github.scalingtoolkit.benchmarks.load.Figure;
import io.github.scalingtoolkit.benchmarks.load.Load;
import io.github.scalingtoolkit.benchmarks.load.Measured;
import io.github.scalingtoolkit.benchmarks.load.Model;
import io.github.scalingtoolkit.benchmarks.load.Validity;
import io.github.scalingtoolkit.benchmarks.report.PairedResults.Pair;
import io.github.scalingtoolkit.benchmarks.report.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Two services that run at the same time and are loaded in turn, in short slices in the order ABBA: whatever makes the
 * machine faster or slower meets both. A machine that others use changes what a slice costs by tens of percent from one
 * minute to the next, and hardly changes the ratio of two slices that follow each other.
 */
final class Pairing {
  private static final int STEPS = 3;

  private final Promise promise;
  private final Stores stores;
  private final Side above;
  private final Side below;

  /**
   * One of the two.
   *
   * @param target what runs
   * @param call what is asked of it
   * @param pids whose CPU counts
   */
  record Side(Target target, Call call, List<Long> pids) {}

  Pairing(Promise promise, Stores stores, Side above, Side below) {
    this.promise = promise;
    this.stores = stores;
    this.above = above;
    this.below = below;
  }

  /**
   * Loads both in turn until both have settled, for {@code least} each and {@code most} times that at most. Tells whether
   * they have.
   */
  boolean warm(Duration least, int most, int connections) throws IOException, InterruptedException {
    Duration step = least.dividedBy(STEPS);
    for (int i = 1; i <= STEPS * most; i++) {
      boolean settled = settles(above, step, connections) & settles(below, step, connections);
      if (settled && i >= STEPS) {
        return true;
      }
    }
    return false;
  }

  /** A cold process may answer nothing in a step; what it answers must be right. */
  private boolean settles(Side side, Duration step, int connections)
      throws IOException, InterruptedException {
    Accounts accounts = Accounts.open(side.pids(), stores);
    Measured measured = load(side, step, connections);
    if (measured.result().errors() > 0) {
      throw refused(side, measured);
    }
    return Session.settled(measured, accounts.close(measured.result()));
  }

  /** Measures {@code count} pairs. */
  List<Pair> measure(int round, int count, Duration slice, int connections)
      throws IOException, InterruptedException {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Measured first = slice(i % 2 == 0 ? above : below, slice, connections);
      Measured second = slice(i % 2 == 0 ? below : above, slice, connections);
      Measured ofAbove = i % 2 == 0 ? first : second;
      Measured ofBelow = i % 2 == 0 ? second : first;
      pairs.add(new Pair(
          promise,
          round,
          micros(ofAbove),
          micros(ofBelow),
          Math.round(ofAbove.result().perSecond()),
          Math.round(ofBelow.result().perSecond()),
          residentMiB(ofAbove),
          residentMiB(ofBelow)));
    }
    return pairs;
  }

  private static double residentMiB(Measured measured) throws IOException {
    double mib = measured.residentMiB().orElseThrow(() -> new IOException("no /proc to read"));
    return Math.round(mib * 10) / 10.0;
  }

  private static double micros(Measured measured) throws IOException {
    double micros = measured.cpuMicros().orElseThrow(() -> new IOException("no /proc to read"));
    if (micros == 0) {
      throw new IOException("a slice used no CPU at all: it is too short");
    }
    return Math.round(micros * 1000) / 1000.0;
  }

  private Measured slice(Side side, Duration time, int connections)
      throws IOException, InterruptedException {
    Measured measured = load(side, time, connections);
    // What refuses all of a run. Whether CPU counts is seen over the round: a slice is too short to
    // have halves.
    if (Validity.refusal(measured, Figure.MEMORY).isPresent()) {
      throw refused(side, measured);
    }
    return measured;
  }

  private Measured load(Side side, Duration time, int connections)
      throws IOException, InterruptedException {
    Load load = Load.on(side.target().url(), side.call(), new Model.Closed(connections), time);
    Measured measured = Measured.run(load, side.pids());
    if (promise != Promise.CREATE || measured.result().answered() == 0) {
      return measured;
    }
    // What a slice leaves undone would be done in the other side's, or never be counted.
    stores.awaitNoJobs(side.target().queue());
    return measured.untilNow(side.pids());
  }

  private IOException refused(Side side, Measured measured) {
    return new IOException((side == above ? "the first of the two: " : "the second: ")
        + Validity.refusal(measured, Figure.MEMORY).orElse("no reason"));
  }
}
