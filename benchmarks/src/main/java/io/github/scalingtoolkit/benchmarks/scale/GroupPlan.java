package io.github.scalingtoolkit.benchmarks.scale;

import io.github.scalingtoolkit.benchmarks.report.Group;
import io.github.scalingtoolkit.benchmarks.report.Quota;
import io.github.scalingtoolkit.benchmarks.report.Scenario;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows that run at the same time and are loaded in turn.
 *
 * @param name also that of its file
 * @param topic where the page shows it
 * @param title in a few words
 * @param contenders the rows, the reference first; ten at most, so that memory and warming stay bounded
 * @param scenarios what they are asked, in this order
 * @param quotas whether each process has a quota
 * @param waits whether lists are also asked for at half of the rate
 * @param legacy whether the tutorial's command is run, too
 * @param timing how long things take
 */
record GroupPlan(
    String name,
    Group.Topic topic,
    String title,
    List<Contender> contenders,
    List<Scenario> scenarios,
    boolean quotas,
    boolean waits,
    boolean legacy,
    Timing timing) {
  /** A tenth of a core: then the largest group, its stores and the generator stay below 1.5 cores. */
  static final double CORES = 0.1;

  static final int PERIOD_MILLIS = 20;

  /** What the tutorial's command takes on a row with a quota, about. */
  static final double LEGACY_SECONDS = 15;

  private static final int MOST = 10;
  private static final int MIB_A_PROCESS = 200;
  private static final int MIB_BESIDES = 900;
  private static final int SECONDS_TO_START = 3;
  private static final double SECONDS_BETWEEN = 0.15;

  /**
   * How long things take.
   *
   * @param rounds fresh starts of all processes
   * @param rotations through all rows, in each round
   * @param slice one load
   * @param warm load of each process before it is measured, for each scenario
   * @param mostWarm how many times that at most, as long as it still compiles
   * @param connections of the generator
   */
  record Timing(
      int rounds, int rotations, Duration slice, Duration warm, int mostWarm, int connections) {}

  GroupPlan {
    if (contenders.isEmpty() || contenders.size() > MOST) {
      throw new IllegalArgumentException(
          name + ": rows must be 1 to " + MOST + " but were " + contenders.size());
    }
  }

  /** Returns the quota of each process; the supervisor's is as large as those of four processes together. */
  @Nullable
  Quota quota(String how) {
    return quotas ? new Quota(CORES, 4 * CORES, PERIOD_MILLIS, how) : null;
  }

  /** Returns the same without quotas. */
  GroupPlan withoutQuotas() {
    return new GroupPlan(name, topic, title, contenders, scenarios, false, waits, legacy, timing);
  }

  /** Returns the memory that it is expected to need, with stores and generator. */
  long needMiB() {
    return MIB_BESIDES
        + (long) MIB_A_PROCESS * contenders.stream().mapToInt(Contender::starts).sum();
  }

  /** Returns for how long a row is warmed for the scenario at {@code index}: the first also warms what all share. */
  Duration warm(Contender contender, int index) {
    Duration whole = timing.warm().multipliedBy(contender.warms());
    return index == 0 ? whole : whole.dividedBy(2);
  }

  /** Returns how long it is expected to take. */
  double seconds() {
    double seconds = contenders.stream().mapToInt(Contender::starts).sum() * SECONDS_TO_START;
    for (int i = 0; i < scenarios.size(); i++) {
      for (Contender contender : contenders) {
        if (contender.scenarios().contains(scenarios.get(i))) {
          seconds += warm(contender, i).toMillis() / 1e3;
          int paces = waits && scenarios.get(i) == Scenario.LIST ? 2 : 1;
          seconds += paces * timing.rotations() * secondsOfSlice();
        }
      }
    }
    return timing.rounds() * seconds + (legacy ? LEGACY_SECONDS * contenders.size() : 0);
  }

  /** Returns how long a slice takes with what is between two. */
  double secondsOfSlice() {
    return timing.slice().toMillis() / 1e3 + SECONDS_BETWEEN;
  }

  /**
   * Returns the order of {@code rows} in a rotation: the first, which is the reference, in the middle, and every second
   * rotation backwards. So a machine that gets slower makes a ratio larger in one rotation and smaller in the next.
   */
  static <T> List<T> order(List<T> rows, int rotation) {
    List<T> order = new ArrayList<>(rows.subList(1, rows.size()));
    order.add(order.size() / 2, rows.get(0));
    if (rotation % 2 == 0) {
      Collections.reverse(order);
    }
    return order;
  }
}
