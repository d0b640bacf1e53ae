package io.github.scalingtoolkit.benchmarks.report;

/** A ratio that the service is to reach. */
public enum Promise {
  HEALTH("health: CPU an answer, raw Undertow beside ours", 0.9, true),
  LIST_EXPRESS("cached list with JWT: CPU an answer, Express beside ours", 25, true),
  LIST_FLOOR(
      "cached list with JWT: CPU an answer, ours beside raw Undertow with the same bytes",
      1.1,
      false),
  CREATE("create and enqueue: CPU an answer, Express + Bull beside ours", 10, true),
  BALANCER("balancer: CPU an answer (cached list), nginx beside the one of cluster", 0.5, true);

  /** Of the service's memory under load over that of the Express app. */
  static final double MOST_MEMORY = 1;

  private final String what;
  private final double bound;
  private final boolean atLeast;

  Promise(String what, double bound, boolean atLeast) {
    this.what = what;
    this.bound = bound;
    this.atLeast = atLeast;
  }

  /** Returns which two are set beside each other: the first over the second. */
  public String what() {
    return what;
  }

  /** Returns the bound in words. */
  public String wanted() {
    return (atLeast ? "at least " : "at most ") + Report.number(bound) + " x";
  }

  /** Tells whether the first of the two is the Express app, whose memory the service's is held against. */
  boolean besideExpress() {
    return this == LIST_EXPRESS || this == CREATE;
  }

  /** Tells whether {@code ratio} keeps it. */
  public boolean kept(double ratio) {
    return atLeast ? ratio >= bound : ratio <= bound;
  }
}
