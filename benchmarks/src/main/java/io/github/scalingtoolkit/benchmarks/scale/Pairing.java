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
  private final Promise promise;
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

  Pairing(Promise promise, Side above, Side below) {
    this.promise = promise;
    this.above = above;
    this.below = below;
  }

  /** Loads both for {@code warm} each, in turn, so that neither is warmer. */
  void warm(Duration warm, int connections) throws IOException, InterruptedException {
    Duration step = warm.dividedBy(3);
    for (int i = 0; i < 3; i++) {
      slice(above, step, connections);
      slice(below, step, connections);
    }
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
          Math.round(ofBelow.result().perSecond())));
    }
    return pairs;
  }

  private static double micros(Measured measured) throws IOException {
    double micros = measured.cpuMicros().orElseThrow(() -> new IOException("no /proc to read"));
    if (micros == 0) {
      throw new IOException("a slice used no CPU at all: it is too short");
    }
    return Math.round(micros * 1000) / 1000.0;
  }

  private static Measured slice(Side side, Duration time, int connections)
      throws IOException, InterruptedException {
    Load load = Load.on(side.target().url(), side.call(), new Model.Closed(connections), time);
    Measured measured = Measured.run(load, side.pids());
    if (measured.result().errors() > 0 || measured.result().answered() == 0) {
      throw new IOException(Validity.refusal(measured, Figure.CPU).orElse("nothing was answered"));
    }
    return measured;
  }
}
