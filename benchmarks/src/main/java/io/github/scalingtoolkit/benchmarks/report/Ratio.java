package io.github.scalingtoolkit.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/**
 * A ratio that the service is to reach, of two cells' medians in the same session.
 *
 * @param what the promise
 * @param wanted in words
 * @param measured the ratio as text, or why there is none
 * @param verdict reached, not reached or NOT RUN
 */
public record Ratio(String what, String wanted, String measured, String verdict) {
  private static final Cell OURS_HEALTH = new Cell("single", "L1+L2", "health");
  private static final Cell OURS_LIST = new Cell("single", "L1+L2", "list");
  private static final Cell OURS_CREATE = new Cell("single", "L1+L2", "create");
  private static final Cell FLOOR_HEALTH = new Cell("floor", "none", "health");
  private static final Cell FLOOR_LIST = new Cell("floor", "none", "list");
  private static final Cell EXPRESS_LIST = new Cell("express", "own", "list");
  private static final Cell CLUSTER_LIST = new Cell("cluster", "L1+L2", "list");
  private static final Cell NGINX_LIST = new Cell("nginx", "L1+L2", "list");
  private static final int ANSWERING = 2;
  private static final Cell EXPRESS_CREATE = new Cell("express", "own", "create");

  /** Returns those whose two cells are part of the session. */
  public static List<Ratio> of(Results results) {
    List<Ratio> ratios = new ArrayList<>();
    add(ratios, results, FLOOR_HEALTH, OURS_HEALTH, Promise.HEALTH, Ratio::cpu);
    add(ratios, results, EXPRESS_LIST, OURS_LIST, Promise.LIST_EXPRESS, Ratio::cpu);
    add(ratios, results, OURS_LIST, FLOOR_LIST, Promise.LIST_FLOOR, Ratio::cpu);
    add(ratios, results, EXPRESS_CREATE, OURS_CREATE, Promise.CREATE, Ratio::cpu);
    for (String scenario : List.of("health", "list", "create")) {
      Cell ours = new Cell("single", "L1+L2", scenario);
      Cell express = new Cell("express", "own", scenario);
      if (results.isPart(ours) && results.isPart(express)) {
        ratios.add(of(
            "resident memory under load (" + scenario + "), ours beside Express",
            Summary.memory(results, ours),
            Summary.memory(results, express),
            "at most 1 x",
            ratio -> ratio <= 1));
      }
    }
    add(ratios, results, NGINX_LIST, CLUSTER_LIST, Promise.BALANCER, Ratio::front);
    return ratios;
  }

  private static void add(
      List<Ratio> ratios,
      Results results,
      Cell above,
      Cell below,
      Promise promise,
      BiFunction<Results, Cell, Summary> figure) {
    if (results.isPart(above) && results.isPart(below)) {
      ratios.add(of(
          promise.what(),
          figure.apply(results, above),
          figure.apply(results, below),
          promise.wanted(),
          promise::kept));
    }
  }

  private static Summary cpu(Results results, Cell cell) {
    return Summary.cpu(results, cell);
  }

  private static Summary front(Results results, Cell cell) {
    return Summary.of(results, cell, Ratio::frontMicros, Run::refusedCpu);
  }

  /** CPU for an answer of whatever stands before the two processes that answer, which come last. */
  private static double frontMicros(Run run) {
    List<Double> shares = run.processShares();
    return run.cpuMicros()
        * shares.subList(0, Math.max(0, shares.size() - ANSWERING)).stream()
            .mapToDouble(Double::doubleValue)
            .sum();
  }

  private static Ratio of(
      String what,
      Summary above,
      Summary below,
      String wanted,
      java.util.function.DoublePredicate reached) {
    if (!above.counts() || !below.counts() || below.median() == 0) {
      String reason = (above.counts() ? below : above).reason();
      return new Ratio(
          what, wanted, reason.isEmpty() ? "NOT RUN" : "refused: " + reason, "NOT RUN");
    }
    double ratio = above.median() / below.median();
    BiFunction<Double, Double, String> range = (low, high) -> String.format(
        Locale.ROOT, "%.2f x (of the rounds' extremes: %.2f to %.2f)", ratio, low, high);
    return new Ratio(
        what,
        wanted,
        range.apply(above.low() / below.high(), above.high() / below.low()),
        reached.test(ratio) ? "reached" : "**not reached**");
  }
}
