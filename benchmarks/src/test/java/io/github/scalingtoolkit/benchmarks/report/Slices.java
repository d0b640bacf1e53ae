package io.github.scalingtoolkit.benchmarks.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Slices as a session would have measured them. */
final class Slices {
  static final Cell SINGLE = new Cell(Row.SINGLE, Cache.L1_L2, Scenario.LIST);
  static final Cell CLUSTER = new Cell(Row.CLUSTER, Cache.L1_L2, Scenario.LIST);
  static final Cell EXPRESS = new Cell(new Row("express"), Cache.OWN, Scenario.LIST);

  private static final Environment ENVIRONMENT = new Environment(
      "2026-11-23T08:00:00Z",
      "0123456",
      "quick",
      "Linux",
      "a CPU",
      2,
      4096,
      "a JVM",
      "v20",
      "a store",
      "6.2.11",
      "slim jar",
      0.5);

  private Slices() {}

  static Group group() {
    return group("set-ups", Group.Topic.SET_UPS, SINGLE.row());
  }

  static Group group(String name, Group.Topic topic, Row reference) {
    return new Group(
        name,
        topic,
        "a group",
        ENVIRONMENT,
        new Quota(0.1, 0.4, 20, "control groups, version 1"),
        reference,
        Cache.L1_L2,
        1,
        10,
        2,
        32,
        1500,
        false,
        List.of(),
        List.of(),
        List.of(),
        List.of());
  }

  static Slice slice(Cell cell, int rotation, double perSecond) {
    return slice(cell, 1, rotation, perSecond);
  }

  static Slice slice(Cell cell, int round, int rotation, double perSecond) {
    return slice(cell, round, rotation, perSecond, 20, 0, 0.3, null, null);
  }

  static Slice cpu(Cell cell, int rotation, double cpuMicros) {
    return slice(cell, 1, rotation, 1000, cpuMicros, 0, 0.3, null, null);
  }

  static Slice waits(Cell cell, int rotation, double perSecond, double p50, double p99) {
    return slice(cell, 1, rotation, perSecond, 20, 0, 0.3, p50, p99);
  }

  static Slice wrong(Cell cell, int rotation) {
    return slice(cell, 1, rotation, 9876, 9876, 3, 0.3, null, null);
  }

  static Slice clientBound(Cell cell, int rotation) {
    return slice(cell, 1, rotation, 100, 20, 0, 0.95, null, null);
  }

  private static Slice slice(
      Cell cell,
      int round,
      int rotation,
      double perSecond,
      double cpuMicros,
      long errors,
      double clientShare,
      @Nullable Double p50,
      @Nullable Double p99) {
    return new Slice(
        cell,
        p50 == null ? Pace.CAPACITY : Pace.HALF,
        round,
        rotation,
        2,
        Math.round(2 * perSecond),
        errors,
        errors == 0 ? "" : "status 500",
        perSecond,
        cpuMicros,
        cell.row().equals(Row.CLUSTER) ? 5 : 0,
        3,
        100,
        clientShare,
        0.9,
        0.3,
        0.95,
        p50,
        p99);
  }
}
