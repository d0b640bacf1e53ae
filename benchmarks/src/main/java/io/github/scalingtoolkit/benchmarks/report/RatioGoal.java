package io.github.scalingtoolkit.benchmarks.report;

/** A ratio that the service is to reach: of two cells that were loaded in turn. */
public enum RatioGoal {
  HEALTH(
      "health: CPU an answer, raw Undertow beside ours",
      floor(Scenario.HEALTH),
      ours(Scenario.HEALTH),
      Quantity.CPU,
      0.9,
      true),
  LIST_EXPRESS(
      "cached list with JWT: CPU an answer, Express beside ours",
      express(Scenario.LIST),
      ours(Scenario.LIST),
      Quantity.CPU,
      50,
      true),
  LIST_FLOOR(
      "cached list with JWT: CPU an answer, ours beside raw Undertow with the same bytes",
      ours(Scenario.LIST),
      floor(Scenario.LIST),
      Quantity.CPU,
      1.3,
      false),
  CREATE(
      "create and enqueue, its job included: CPU an answer, Express + Bull beside ours",
      express(Scenario.CREATE),
      ours(Scenario.CREATE),
      Quantity.CPU,
      10,
      true),
  BALANCER(
      "balancer (cached list): CPU an answer, nginx beside the one of cluster",
      new Cell(Row.NGINX, Cache.L1_L2, Scenario.LIST),
      new Cell(Row.CLUSTER, Cache.L1_L2, Scenario.LIST),
      Quantity.FRONT_CPU,
      0.5,
      true),
  LIST_MEMORY(
      "cached list with JWT: resident memory, ours beside Express",
      ours(Scenario.LIST),
      express(Scenario.LIST),
      Quantity.MEMORY,
      1,
      false),
  CREATE_MEMORY(
      "create and enqueue: resident memory, ours beside Express",
      ours(Scenario.CREATE),
      express(Scenario.CREATE),
      Quantity.MEMORY,
      1,
      false);

  private final String what;
  private final Cell above;
  private final Cell below;
  private final Quantity quantity;
  private final double bound;
  private final boolean atLeast;

  RatioGoal(String what, Cell above, Cell below, Quantity quantity, double bound, boolean atLeast) {
    this.what = what;
    this.above = above;
    this.below = below;
    this.quantity = quantity;
    this.bound = bound;
    this.atLeast = atLeast;
  }

  /** Returns which two are set beside each other: the first over the second. */
  public String what() {
    return what;
  }

  /** Returns the cell that is divided. */
  public Cell above() {
    return above;
  }

  /** Returns the cell that it is divided by. */
  public Cell below() {
    return below;
  }

  /** Returns what of the two is compared. */
  public Quantity quantity() {
    return quantity;
  }

  /** Returns the bound in words. */
  public String wanted() {
    return (atLeast ? "at least " : "at most ") + Text.number(bound) + " x";
  }

  /** Tells whether {@code ratio} reaches it. */
  public boolean reachedBy(double ratio) {
    return atLeast ? ratio >= bound : ratio <= bound;
  }

  /** Returns what can be said if the true ratio is in {@code interval}. */
  public String verdict(MedianInterval interval) {
    boolean low = reachedBy(interval.low());
    boolean high = reachedBy(interval.high());
    if (low && high) {
      return "reached";
    }
    return low || high ? "undecided: the bound is within the interval" : "**not reached**";
  }

  private static Cell ours(Scenario scenario) {
    return new Cell(Row.SINGLE, Cache.L1_L2, scenario);
  }

  private static Cell floor(Scenario scenario) {
    return new Cell(Row.FLOOR, Cache.NONE, scenario);
  }

  private static Cell express(Scenario scenario) {
    return new Cell(new Row("express"), Cache.OWN, scenario);
  }
}
